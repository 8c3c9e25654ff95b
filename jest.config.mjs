/** TypeScript goes through swc to CommonJS; the few ES-module-only packages that msw pulls in go the same way. */
export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: [],
  transform: {
    '^.+\\.(m?js|ts)$': [
      '@swc/jest',
      {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  transformIgnorePatterns: [
    '/node_modules/(?!(rettime|until-async|headers-polyfill|@open-draft/deferred-promise|outvariant|strict-event-emitter)/)',
  ],
  testTimeout: 180000,
  maxWorkers: 2,
  // A worker grows with each suite it loads; one that has grown beyond this is replaced.
  workerIdleMemoryLimit: '512MB',
};
