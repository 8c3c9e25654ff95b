/** The house rules. Each has a name and a reason; design: floors, wings, one home a package. */
const wings = [
  'pipeline',
  'intake',
  'mesh',
  'drop',
  'ledger',
  'audit',
  'anchor',
  'keys',
  'queue',
  'metrics',
  'simulator',
  'console',
];

const home = (name, packages, folders, reason) => ({
  name: `one-home-per-package:${name}`,
  comment: reason,
  severity: 'error',
  from: { pathNot: folders },
  to: { path: packages, pathNot: folders },
});

export default {
  forbidden: [
    {
      name: 'no-circles',
      comment: 'What goes in a circle cannot be read from one end to the other.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'imports-point-down:domain',
      comment: 'The ground floor stands on nothing of ours.',
      severity: 'error',
      from: { path: '^src/(domain/|logger)' },
      to: { path: '^(src|jobs|scripts|test)/', pathNot: '^src/domain/' },
    },
    {
      name: 'imports-point-down:ports',
      comment: 'Ports and configuration see the domain only.',
      severity: 'error',
      from: { path: '^src/(ports|config|config-faults|config-settings)\\.ts$' },
      to: {
        path: '^(src|jobs|scripts|test)/',
        pathNot: '^src/(domain/|ports\\.ts|config-(faults|settings)\\.ts|logger)',
      },
    },
    {
      name: 'imports-point-down:wings',
      comment: 'The wings see ports, configuration types and the domain; wiring and jobs are above them.',
      severity: 'error',
      from: { path: `^src/(${wings.join('|')})/` },
      to: { path: '^(src/wiring|jobs/|scripts/|test/)' },
    },
    {
      name: 'imports-point-down:floors',
      comment: 'A file of src that stands on no floor would be above and below all of them.',
      severity: 'error',
      from: {
        path: '^src/',
        pathNot: `^src/((domain|${wings.join('|')})/|(ports|config|config-faults|config-settings|logger|wiring|wiring-anchors|wiring-backup|wiring-health|wiring-keys|wiring-nights|wiring-queue|wiring-restore)\\.ts$)`,
      },
      to: {},
    },
    {
      name: 'wings-have-no-doors',
      comment: 'Folders of one floor meet through ports.ts, never directly.',
      severity: 'error',
      from: { path: `^src/(${wings.join('|')})/` },
      to: { path: `^src/(${wings.join('|')})/`, pathNot: '^src/$1/' },
    },
    {
      name: 'domain-knows-nothing',
      comment: 'What is true needs no I/O: no packages, no node: modules in the domain.',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { dependencyTypes: ['npm', 'core', 'npm-dev', 'npm-optional'] },
    },
    home('csv-parse', 'node_modules/csv-parse/', '^(src/intake|test|scripts)/', 'One reader of CSV.'),
    home(
      'csv-stringify',
      'node_modules/csv-stringify/',
      '^(src/drop|test|scripts)/',
      'One writer of the drop.',
    ),
    home(
      'database',
      'node_modules/(@photostructure/sqlite|pg|kysely)/|^(node:)?sqlite$',
      '^(src/ledger|test)/',
      'One home for state.',
    ),
    home(
      'time-stamps',
      'node_modules/(pkijs|asn1js)/',
      '^(src/anchor|test|scripts)/',
      'One reader of certificates and tokens that come from outside.',
    ),
    home('log lines', 'node_modules/pino/', '^(src/logger\\.ts|test/)', 'The last look at what is logged.'),
    home('metrics', 'node_modules/prom-client/', '^(src/metrics|test/)', 'One page of numbers.'),
    home('queue', 'node_modules/(bullmq|ioredis)/', '^(src/queue|test)/', 'The queue only rings the bell.'),
    home(
      'config',
      'node_modules/zod/',
      '^(src/config\\.ts|src/(intake|mesh|drop|keys)|test)',
      'Schemas stand where bytes come in.',
    ),
    {
      name: 'only-mesh-and-anchor-call-out',
      comment:
        'Nobody else opens a connection of its own; the ledger and the queue leave that to their packages.',
      severity: 'error',
      from: { path: '^src/', pathNot: '^src/(mesh|anchor)/' },
      to: { dependencyTypes: ['core'], path: '^(node:)?(https?|net|tls|dgram|http2)$' },
    },
    {
      name: 'nobody-imports-jobs-or-test',
      comment:
        'Entry points and tests are ends of the line; the rooms of the command line open to jobs only.',
      severity: 'error',
      from: { path: '^(src|scripts|jobs)/' },
      to: { path: '^(jobs/[^/]+\\.ts$|test/)' },
    },
    {
      name: 'nobody-imports-jobs-or-test:commands',
      comment: 'Commands and their words are floor 5.',
      severity: 'error',
      from: { path: '^(src|scripts)/' },
      to: { path: '^jobs/' },
    },
    {
      name: 'nobody-imports-jobs-or-test:scripts',
      comment: 'Scripts serve those who build and try the program; nothing of it stands on them.',
      severity: 'error',
      from: { path: '^(src|jobs)/' },
      to: { path: '^scripts/' },
    },
    {
      name: 'no-index-files',
      comment: 'A door that hides the rooms. Import the file you mean.',
      severity: 'error',
      from: {},
      to: { path: '/index\\.ts$', pathNot: 'node_modules' },
    },
    {
      name: 'no-index-files:unused',
      comment: 'Nor one that nobody goes through yet.',
      severity: 'error',
      from: { path: '/index\\.ts$', pathNot: 'node_modules' },
      to: {},
    },
    {
      name: 'no-orphans',
      comment: 'A file that nobody imports is either an entry point or dead.',
      severity: 'error',
      from: { orphan: true, path: '^src/' },
      to: {},
    },
    {
      name: 'not-to-dev',
      comment: 'What runs at night must be in dependencies.',
      severity: 'error',
      from: { path: '^(src|jobs)/' },
      to: { dependencyTypes: ['npm-dev'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
