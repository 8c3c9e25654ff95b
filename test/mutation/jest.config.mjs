/** The tests of the domain alone, for a mutant of a rule has to fall to one of them within seconds. */
import base from '../../jest.config.mjs';

export default {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/test/domain'],
  // Ten years of clocks take half a minute, for every mutant of a table: schedule.ts is not tried here.
  testPathIgnorePatterns: ['/schedule\\.test\\.ts$'],
  setupFilesAfterEnv: ['<rootDir>/test/mutation/no-shrinking.ts'],
};
