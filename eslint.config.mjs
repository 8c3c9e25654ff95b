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
];

const onlyJobsExit = {
  selector: "MemberExpression[object.name='process'][property.name=/^(exit|exitCode|abort)$/]",
  message: 'only-jobs-exit: throw a Failure; the entry point decides.',
};
const onlyConfigReadsEnvironment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'only-config-reads-env: read it in src/config.ts.',
};

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
    rules: { 'no-restricted-syntax': ['error', onlyJobsExit, onlyConfigReadsEnvironment] },
  },
  {
    files: ['src/domain/**/*.ts', 'src/pipeline/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', onlyJobsExit, onlyConfigReadsEnvironment, ...noClockNoChance],
    },
  },
  {
    files: ['jobs/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', onlyConfigReadsEnvironment] },
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
