/** `npm run mutate [-- --mutate src/domain/run.ts]`: changes the rules one token at a time and asks whether a test falls. */
export default {
  mutate: ['src/domain/**/*.ts', '!src/domain/schedule.ts'],
  testRunner: 'jest',
  jest: { configFile: 'test/mutation/jest.config.mjs', enableFindRelatedTests: false },
  coverageAnalysis: 'perTest',
  // Stryker goes on from what it found before: a file that is the same is not tried again.
  incremental: true,
  incrementalFile: 'var/mutation/incremental.json',
  tempDirName: 'var/mutation/sandbox',
  ignorePatterns: ['var', 'fixtures', 'grafana', 'model'],
  reporters: ['clear-text', 'json'],
  jsonReporter: { fileName: 'var/mutation/report.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  warnings: { slow: false },
  concurrency: 2,
  timeoutMS: 10_000,
  thresholds: { high: 100, low: 98, break: 98 },
};
