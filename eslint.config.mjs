import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const noClockNoChance = [
  {
    selector: "MemberExpression[object.name='Date'][property.name='now']",
    message: 'Time comes in as a value.',
  },
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time comes in as a value.' },
  {
    selector: "MemberExpression[object.name='Math'][property.name='random']",
    message: 'Chance comes in as a port.',
  },
  {
    selector: 'CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate)$/]',
    message: 'Waiting is a port: clock.sleep().',
  },
  {
    selector: "MemberExpression[object.name='performance'][property.name='now']",
    message: 'Time comes in as a value.',
  },
  {
    selector: 'CallExpression[callee.name=/^random(Bytes|Int|UUID)$/]',
    message: 'Chance comes in as a port.',
  },
];

const process = (names) => [
  `MemberExpression[object.name='process'][property.name=/^(${names})$/]`,
  `MemberExpression[object.name='process'][property.value=/^(${names})$/]`,
  `VariableDeclarator[init.name='process'] > ObjectPattern > Property[key.name=/^(${names})$/]`,
  `ImportDeclaration[source.value=/^(node:)?process$/]`,
];
const refuse = (message, selectors) => selectors.map((selector) => ({ selector, message }));

const onlyJobsExit = refuse(
  'only-jobs-exit: throw a Failure; the entry point decides.',
  process('exit|exitCode|abort|reallyExit'),
);
const onlyConfigReadsEnvironment = refuse('only-config-reads-env: read it in src/config.ts.', process('env'));
const noEmptyCatch = refuse('no-empty-catch: say what it means, or let it fly.', [
  'CatchClause > BlockStatement[body.length=0]',
]);
/** What Node offers as a global needs no import, so the house rules on imports do not see it. */
const onlyMeshAndAnchorCallOut = ['fetch', 'WebSocket', 'EventSource', 'XMLHttpRequest'].map((name) => ({
  name,
  message: 'only-mesh-and-anchor-call-out: nobody else opens a connection.',
}));

export default tseslint.config(
  { ignores: ['node_modules', 'dist', 'var', 'coverage'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { allowDefaultCaseForExhaustiveSwitch: false, requireDefaultForNonUnion: false },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unnecessary-condition': [
        'error',
        { allowConstantLoopConditions: 'only-allowed-literals' },
      ],
      'no-empty': ['error', { allowEmptyCatch: false }],
      'no-console': 'error',
      eqeqeq: 'error',
      'max-params': ['error', 5],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config.ts'],
    rules: {
      'no-restricted-syntax': ['error', ...onlyJobsExit, ...onlyConfigReadsEnvironment, ...noEmptyCatch],
    },
  },
  {
    files: ['src/config.ts'],
    rules: { 'no-restricted-syntax': ['error', ...onlyJobsExit, ...noEmptyCatch] },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/mesh/**', 'src/anchor/**'],
    rules: { 'no-restricted-globals': ['error', ...onlyMeshAndAnchorCallOut] },
  },
  {
    files: ['src/domain/**/*.ts', 'src/pipeline/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...onlyJobsExit,
        ...onlyConfigReadsEnvironment,
        ...noEmptyCatch,
        ...noClockNoChance,
      ],
    },
  },
  {
    files: ['jobs/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...onlyConfigReadsEnvironment, ...noEmptyCatch] },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-restricted-syntax': [
        'error',
        {
          selector: "MemberExpression[object.name='jest'][property.name='mock']",
          message: 'Fakes stand at the ports.',
        },
      ],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: { process: 'readonly', console: 'readonly', Buffer: 'readonly', URL: 'readonly' },
    },
  },
  { files: ['jobs/**/*.ts', 'scripts/**/*.ts'], rules: { 'no-console': 'off' } },
);
