/** The house rules fire: each is broken once, in a small house of its own or in a text that claims to stand in ours. */
import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = path.join(import.meta.dirname, '..', '..');
const patience = 240_000;

/** Rule, the file that breaks it, what it imports. */
const broken: readonly (readonly [string, string, string])[] = [
  ['no-circles', 'src/mesh/about.ts', './round.ts'],
  ['imports-point-down:domain', 'src/domain/up.ts', '../ports.ts'],
  ['imports-point-down:domain', 'src/logger.ts', './ports.ts'],
  ['imports-point-down:ports', 'src/config.ts', './mesh/mailbox.ts'],
  ['imports-point-down:wings', 'src/pipeline/up.ts', '../wiring.ts'],
  ['imports-point-down:floors', 'src/stray.ts', './domain/run.ts'],
  ['imports-point-down:floors', 'src/attic/stray.ts', '../domain/run.ts'],
  ['wings-have-no-doors', 'src/drop/door.ts', '../mesh/mailbox.ts'],
  ['domain-knows-nothing', 'src/domain/reads.ts', 'node:fs'],
  ['domain-knows-nothing', 'src/domain/checks.ts', 'zod'],
  ['one-home-per-package:csv-parse', 'src/drop/parses.ts', 'csv-parse'],
  ['one-home-per-package:csv-stringify', 'src/intake/prints.ts', 'csv-stringify/sync'],
  ['one-home-per-package:database', 'src/pipeline/queries.ts', 'kysely'],
  ['one-home-per-package:database', 'src/audit/opens.ts', '@photostructure/sqlite'],
  ['one-home-per-package:database', 'src/keys/opens.ts', 'node:sqlite'],
  ['one-home-per-package:config', 'src/pipeline/checks.ts', 'zod'],
  ['only-mesh-and-anchor-call-out', 'src/pipeline/calls.ts', 'node:https'],
  ['only-mesh-and-anchor-call-out', 'src/ledger/calls.ts', 'node:net'],
  ['nobody-imports-jobs-or-test', 'jobs/twice.ts', './cli.ts'],
  ['nobody-imports-jobs-or-test', 'scripts/fakes.ts', '../test/fake.ts'],
  ['nobody-imports-jobs-or-test:commands', 'scripts/words.ts', '../jobs/words/ends.ts'],
  ['nobody-imports-jobs-or-test:scripts', 'jobs/demo.ts', '../scripts/demo.ts'],
  ['no-index-files', 'src/keys/through.ts', './index.ts'],
  ['no-index-files:unused', 'src/audit/index.ts', '../domain/run.ts'],
  ['not-to-dev', 'src/keys/draws.ts', 'fast-check'],
];
const ends = [
  ...['src/ports.ts', 'src/wiring.ts', 'src/domain/run.ts', 'src/mesh/mailbox.ts', 'src/keys/index.ts'],
  ...['jobs/cli.ts', 'jobs/words/ends.ts', 'scripts/demo.ts', 'test/fake.ts'],
];

interface Cruised {
  readonly summary: {
    readonly violations: readonly { readonly from: string; readonly rule: { readonly name: string } }[];
  };
}

describe('the rules on imports', () => {
  let house: string;
  let refused: readonly string[];

  beforeAll(() => {
    house = mkdtempSync(path.join(tmpdir(), 'export-gate-house-'));
    const write = (file: string, text: string): void => {
      mkdirSync(path.dirname(path.join(house, file)), { recursive: true });
      writeFileSync(path.join(house, file), text);
    };
    for (const file of ends) write(file, 'export const end = 1;\n');
    for (const [, file, to] of broken) write(file, `import ${JSON.stringify(to)};\n`);
    write('src/mesh/round.ts', `import './about.ts';\n`);
    write('src/mesh/alone.ts', 'export const alone = 1;\n');
    for (const file of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json'])
      copyFileSync(path.join(root, file), path.join(house, file));
    symlinkSync(path.join(root, 'node_modules'), path.join(house, 'node_modules'));
    const cruise = path.join(root, 'node_modules', '.bin', 'depcruise');
    const flags = ['--config', '.dependency-cruiser.mjs', '--output-type', 'json'];
    const { stdout } = spawnSync(cruise, [...flags, 'src', 'jobs', 'scripts', 'test'], {
      cwd: house,
      encoding: 'utf8',
      maxBuffer: 1e8,
    });
    const { violations } = (JSON.parse(stdout) as Cruised).summary;
    refused = violations.map(({ rule, from }) => `${rule.name} ${from}`);
  }, patience);
  afterAll(() => {
    rmSync(house, { recursive: true });
  });

  it.each([...broken, ['no-orphans', 'src/mesh/alone.ts', 'nothing'] as const])(
    '%s refuses %s, which imports %s',
    (rule, file) => {
      expect(refused).toContain(`${rule} ${file}`);
    },
  );
});

const syntax = 'no-restricted-syntax';
const leaves = [
  [syntax, 'process.exit(1);'],
  [syntax, 'process.exitCode = 1;'],
  [syntax, `process['exit'](1);`],
];
const environment = [
  [syntax, `export const a = process.env['A'];`],
  [syntax, `export const b = process['env'];`],
  [syntax, 'export const { env } = process;'],
];
const anywhere = [
  [syntax, 'try { JSON.parse(""); } catch { /* it is said, and nothing is done */ }'],
  ['@typescript-eslint/no-floating-promises', 'Promise.resolve(1);'],
  ['no-console', 'console.log("words");'],
];
const chanceAndTime = [
  [syntax, 'export const now = Date.now();'],
  [syntax, 'export const today = new Date();'],
  [syntax, 'export const soon = performance.now();'],
  [syntax, 'export const dice = Math.random();'],
  [syntax, 'export const bytes = randomBytes(4);'],
  [syntax, 'setTimeout(() => undefined, 1);'],
  [syntax, 'setInterval(() => undefined, 1);'],
];
const callsOut = [['no-restricted-globals', 'void fetch("https://example.org");']];

/** A file of ours, and lines that the linter must refuse there: rule and text. */
const badLines: readonly (readonly [string, string[][]])[] = [
  ['src/domain/run.ts', [...anywhere, ...leaves, ...environment, ...callsOut, ...chanceAndTime]],
  ['src/pipeline/gate.ts', [...anywhere, ...leaves, ...environment, ...callsOut, ...chanceAndTime]],
  ['src/drop/disk.ts', [...anywhere, ...leaves, ...environment, ...callsOut]],
  ['src/config.ts', [...leaves, ...callsOut]],
  ['jobs/commands/run.ts', environment],
  ['test/support/released.ts', [[syntax, `jest.mock('node:fs');`]]],
];

describe('the rules on what a line may say', () => {
  let messages: Map<string, readonly string[]>;

  beforeAll(() => {
    const files = badLines.map(([file, lines]) => [file, lines.map(([, text]) => text).join('\n')]);
    const lint = `
      import { ESLint } from 'eslint';
      const linter = new ESLint();
      const told = [];
      for (const [filePath, text] of ${JSON.stringify(files)}) {
        const [{ messages }] = await linter.lintText(text, { filePath });
        told.push([filePath, messages.map(({ ruleId, line }) => ruleId + ' ' + line)]);
      }
      console.log(JSON.stringify(told));`;
    const told = execFileSync(process.execPath, ['--input-type=module', '--eval', lint], {
      cwd: root,
      encoding: 'utf8',
    });
    messages = new Map(JSON.parse(told) as [string, string[]][]);
  }, patience);

  it.each(badLines)('are kept in %s', (file, lines) => {
    const wanted = lines.map(([rule], index) => `${rule ?? ''} ${index + 1}`);
    expect(wanted.filter((message) => !messages.get(file)?.includes(message))).toEqual([]);
  });
});
