/** The quick tests of the domain alone: what a mutant of a rule must fall to, without the properties that take minutes. */
import base from '../../jest.config.mjs';

export default {
  ...base,
  rootDir: '../..',
  roots: ['<rootDir>/test/domain'],
  // Ten years of clocks take half a minute, for every mutant of a table: schedule.ts is not tried here.
  testPathIgnorePatterns: ['/schedule\\.test\\.ts$'],
  setupFilesAfterEnv: ['<rootDir>/test/mutation/no-shrinking.ts'],
};
