/** The stand-alone verifier, from its functions and as a stranger starts it. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { checkLog, parseKey, run } from '../../scripts/verify-audit.mjs';
import { proveConsistency, proveEntry } from '../../src/audit/proofs.ts';
import type { Entry, Step } from '../../src/domain/evidence.ts';
import { checkpointName, receiptName } from '../../src/domain/log-format.ts';
import { diceOf } from '../support/chance.ts';
import { keyOf, nameOf, origin } from '../support/sample-keys.ts';
import { cosigned, cosignedTime, stampOver, witnessKey } from '../support/sample-receipts.ts';
import { sampleLog, writeLog } from '../support/sample-log.ts';
import type { SampleLog, Told } from '../support/sample-log.ts';
import { tamper } from '../support/tamper-campaign.ts';
import { resigned } from '../support/tampering.ts';

const script = path.join(import.meta.dirname, '..', '..', 'scripts', 'verify-audit.mjs');
const sha256 = (bytes: string | Buffer): string => createHash('sha256').update(bytes).digest('hex');

let log: SampleLog;
let folder: string;
beforeAll(async () => {
  log = await sampleLog(diceOf(11), 80, 2);
  folder = mkdtempSync(path.join(tmpdir(), 'export-gate-verify-'));
  lay(log, 'log');
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const at = (...names: string[]): string => path.join(folder, ...names);
function lay({ files }: Pick<SampleLog, 'files'>, name: string): string {
  for (const [file, bytes] of files) {
    mkdirSync(path.dirname(at(name, file)), { recursive: true });
    writeFileSync(at(name, file), bytes);
  }
  return at(name);
}
const put = (name: string, content: string | Buffer): string => {
  writeFileSync(at(name), content);
  return at(name);
};
/** A log of exactly these steps, each signed or not. */
const logOf = (...steps: (readonly [Step, boolean, Partial<Entry>?])[]): Promise<SampleLog> => {
  const key = keyOf('a');
  const opened: Step = { what: 'log-opened', origin, verifierKey: nameOf(key) };
  const told = [[opened, false] as const, ...steps].map(([step, signed, more], n): Told => ({
    signed,
    entry: {
      at: `2026-03-0${1 + (n % 9)}T02:30:00.000Z`,
      run: '2026-03-01/r1',
      by: 'x',
      ...step,
      ...more,
    } as Entry,
  }));
  return writeLog(told, [key]);
};
const heartbeat: Step = { what: 'heartbeat', lastRun: '' };
const decided = (released: number): Step =>
  ({ what: 'run-decided', totals: { outcomes: { released } } }) as never;
const releasedAs = (drop: string, files: unknown = [], manifest = ''): Step =>
  ({ what: 'run-released', drop, files, manifest }) as never;

describe('a sound log', () => {
  it('is told as sound, with whose it is, what was exported, and how far somebody else can vouch', () => {
    const held = [{ name: 'kept', note: log.files.get(checkpointName(log.sizes[4]!))! }];
    const report = checkLog(log.files, { key: log.key, held });
    expect(report).toMatchObject({
      sound: true,
      fault: null,
      origin,
      size: log.sizes.at(-1),
      anchored: log.sizes[4],
      trusted: true,
      checkpoints: log.sizes.length,
    });
    const exports = log.script.filter(({ entry }) => entry.what === 'run-released');
    expect(report.nights.map(({ run: name }) => name)).toEqual(exports.map(({ entry }) => entry.run));
    const numbers = log.script.flatMap(({ entry }) =>
      entry.what === 'run-decided' ? [entry.totals.outcomes.released] : [],
    );
    expect(report.nights.map((night) => night.numbers)).toEqual(numbers);
    expect(report.keys.map(({ verifierKey }) => verifierKey)).toEqual(log.signingKeys.map(nameOf));
  });

  it('trusts any of its keys, for each is linked with the next', () => {
    for (const key of log.signingKeys.map(nameOf)) expect(checkLog(log.files, { key }).sound).toBe(true);
    const stranger = checkLog(log.files, { key: nameOf(keyOf('stranger')) });
    expect(stranger.fault).toMatchObject({ position: 0 });
  });

  it('names the days without an entry', async () => {
    const days = ['2026-03-27', '2026-03-28', '2026-03-30', '2026-04-02'];
    const quiet = await logOf(
      ...days.map((date) => [heartbeat, true, { at: `${date}T00:30:00.000Z` }] as const).slice(0, 4),
    );
    const first = { ...quiet.script[0]!.entry, at: '2026-03-26T23:30:00.000Z' };
    const again = await writeLog(
      [{ ...quiet.script[0]!, entry: first }, ...quiet.script.slice(1)],
      quiet.signingKeys,
    );
    expect(checkLog(again.files).silentDays).toEqual(['2026-03-29', '2026-03-31', '2026-04-01']);
  });

  it('does not read out a thousand years, where a time says so', async () => {
    const ahead = await logOf([heartbeat, true, { at: '9026-03-02T02:30:00.000Z' }]);
    expect(checkLog(ahead.files).silentDays).toHaveLength(10_000);
    const { words } = run([lay(ahead, 'ahead')]);
    expect(words.length).toBeLessThan(2_000);
    expect(words).toMatch(/and 9969 or more/);
  });
});

describe('a receipt of an anchor', () => {
  const witnesses = [parseKey(witnessKey, 4)!];
  /** The log with this receipt beside it. */
  const withReceipt = (anchor: string, size: number, bytes: Buffer): Map<string, Buffer> =>
    new Map(log.files).set(receiptName(anchor, size), bytes);
  const note = (size: number): Buffer => log.files.get(checkpointName(size))!;
  const [older, newer] = [4, 5] as const;

  it('of a witness counts where the key of the witness was brought, and else is only told', () => {
    const size = log.sizes[older]!;
    const files = withReceipt('witness', size, cosigned(log, size));
    const at = new Date(cosignedTime).toISOString();
    expect(checkLog(files, { witnesses })).toMatchObject({
      sound: true,
      anchored: size,
      receipts: [{ anchor: 'witness', size, checked: true, at }],
    });
    expect(checkLog(files)).toMatchObject({
      sound: true,
      anchored: 0,
      receipts: [{ anchor: 'witness', size, checked: false, at: null }],
    });
  });

  it('of a witness that does not hold, or is about another checkpoint or more than there is, is a fault', () => {
    const [size, other] = [log.sizes[older]!, log.sizes[newer]!];
    const whole = cosigned(log, size).toString();
    const start = whole.lastIndexOf(' ') + 20;
    const turned = Buffer.from(
      whole.slice(0, start) + (whole[start] === 'A' ? 'B' : 'A') + whole.slice(start + 1),
    );
    const verdict = (bytes: Buffer, named = size): unknown =>
      checkLog(withReceipt('witness', named, bytes), { witnesses }).fault?.position;
    expect(verdict(turned)).toBe(size - 1);
    expect(verdict(cosigned(log, other))).toBeNull();
    expect(verdict(Buffer.from('no note'))).toBeNull();
    const size2 = log.sizes[1]!;
    const cut = new Map([...log.files].filter(([name]) => !/^(entries|leaves)/.test(name)));
    const lines = log.memory.entries.slice(0, size2).map(({ line }) => line);
    cut.set('entries/000000000000.jsonl', Buffer.concat(lines)).set('checkpoint', note(size2));
    for (const later of log.sizes.slice(2)) cut.delete(checkpointName(later));
    cut.set(receiptName('witness', size), cosigned(log, size));
    expect(checkLog(cut, { witnesses }).faults).toContainEqual(
      expect.objectContaining({ position: size2, what: expect.stringContaining('anchors/witness') }),
    );
  });

  it('of a time-stamp authority must be about the checkpoint; it is never more than told', async () => {
    const [size, other] = [log.sizes[older]!, log.sizes[newer]!];
    const stamp = await stampOver(note(size));
    expect(checkLog(withReceipt('timestamp', size, stamp))).toMatchObject({
      sound: true,
      anchored: 0,
      receipts: [{ anchor: 'timestamp', size, checked: false, at: '2026-11-22T03:00:00Z' }],
    });
    expect(checkLog(withReceipt('timestamp', other, stamp)).fault).toMatchObject({ position: other - 1 });
    // What we cannot read may still be one that others can.
    const unread = checkLog(withReceipt('timestamp', size, Buffer.from('no stamp')));
    expect(unread).toMatchObject({ sound: true, receipts: [{ at: null }] });
  });

  it('of a second folder is a copy, which must be the checkpoint', () => {
    const size = log.sizes[older]!;
    const report = checkLog(withReceipt('folder', size, note(size)));
    expect(report).toMatchObject({ sound: true, anchored: 0, receipts: [{ anchor: 'folder', size }] });
    expect(checkLog(withReceipt('folder', size, resigned(log, size, 'a thief'))).sound).toBe(false);
  });

  it('that the log tells of must be one that it tells of', async () => {
    const told = (receipt: string): readonly [Step, boolean] => [
      { what: 'checkpoint-anchored', anchor: 'folder', size: 2, receipt },
      false,
    ];
    const first = await logOf([heartbeat, true]);
    const receipt = first.files.get(checkpointName(2))!;
    const verdict = async (...digests: string[]): Promise<unknown> => {
      const { files } = await logOf([heartbeat, true], ...digests.map(told), [heartbeat, true]);
      return checkLog(new Map(files).set(receiptName('folder', 2), receipt)).fault?.position;
    };
    expect(await verdict(sha256(receipt))).toBeUndefined();
    expect(await verdict(sha256('an earlier one'), sha256(receipt))).toBeUndefined();
    expect(await verdict(sha256('another'))).toBe(2);
  });
});

describe('a log is not sound', () => {
  it.each([
    [
      'with a release that nobody decided',
      [
        [releasedAs('d'), false],
        [heartbeat, true],
      ],
      1,
    ],
    [
      'with a release of what was withdrawn',
      [
        [decided(3), true],
        [{ what: 'decision-withdrawn', unlinked: [] }, false],
        [releasedAs('d'), false],
        [heartbeat, true],
      ],
      3,
    ],
    [
      'with a second release of one decision',
      [
        [decided(3), true],
        [releasedAs('d'), false],
        [releasedAs('d'), false],
        [heartbeat, true],
      ],
      3,
    ],
    [
      'with a decision signed only after the release',
      [
        [decided(3), false],
        [releasedAs('d'), false],
        [heartbeat, true],
      ],
      1,
    ],
  ] as const)('%s', async (_, steps, position) => {
    const bad = await logOf(...(steps as unknown as Parameters<typeof logOf>));
    expect(checkLog(bad.files).fault).toMatchObject({ position });
  });

  it('where nothing, or only part of it, is there', () => {
    expect(checkLog(new Map()).sound).toBe(false);
    for (const name of ['checkpoint', 'verifier-keys', 'entries/000000000000.jsonl']) {
      const files = new Map(log.files);
      files.delete(name);
      expect([name, checkLog(files).sound]).toEqual([name, false]);
    }
    expect(checkLog(new Map([...log.files].filter(([name]) => !name.startsWith('leaves/')))).sound).toBe(
      true,
    );
    expect(checkLog(new Map([...log.files, ['entries/notes.txt', Buffer.alloc(0)]])).sound).toBe(false);
  });

  it('however it is altered: found at the right entry (fault 30)', async () => {
    const missed: string[] = [];
    const tallies = await tamper(1_000, 42, (kind, nth) => missed.push(`${kind} ${nth}`));
    expect(missed).toEqual([]);
    expect(tallies.length).toBeGreaterThanOrEqual(12);
    for (const { kind, count, found } of tallies) expect([kind, count]).toEqual([kind, found]);
  });
});

describe('the command', () => {
  const node = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };

  it('says what it found and what rests on what: 0', () => {
    const older = put('older', log.files.get(checkpointName(log.sizes[3]!))!);
    const { status, stdout, stderr } = node(at('log'), '--key', log.key, '--older', older);
    expect([status, stderr]).toEqual([0, '']);
    const [size, anchored] = [log.sizes.at(-1)!, log.sizes[3]!];
    expect(stdout).toContain(
      `Verified up to ${size}, anchored up to ${anchored}; entries ${anchored}..${size - 1} rest on the log's key alone.`,
    );
    expect(stdout).toMatch(/^SOUND\.$/m);
    expect(stdout).not.toContain('WARNING');
  });

  it('says of each receipt whether it was checked, and how to check what it cannot', async () => {
    const size = log.sizes[4]!;
    const note = log.files.get(checkpointName(size))!;
    lay({ files: new Map(log.files) }, 'anchored');
    lay({ files: new Map([[receiptName('witness', size), cosigned(log, size)]]) }, 'anchored');
    lay({ files: new Map([[receiptName('timestamp', size), await stampOver(note)]]) }, 'anchored');
    const bare = node(at('anchored'), '--key', log.key);
    expect([bare.status, bare.stdout.includes('anchored up to 0;')]).toEqual([0, true]);
    expect(bare.stdout).toContain(`openssl ts -verify -in ${at('anchored', receiptName('timestamp', size))}`);
    const { status, stdout } = node(at('anchored'), '--key', log.key, '--witness', witnessKey);
    expect([status, stdout.includes(`anchored up to ${size};`)]).toEqual([0, true]);
    expect(stdout).toContain(`The witness cosigned the log up to ${size} at `);
  });

  it('says loudly when nobody told it whose log it is', () => {
    const { status, stdout } = node(at('log'));
    expect([status, stdout.includes('WARNING: no --key')]).toEqual([0, true]);
  });

  it('names the first bad entry: 5', () => {
    lay(log, 'broken');
    const file = at('broken', 'entries', '000000000000.jsonl');
    const lines = readFileSync(file, 'utf8').split('\n');
    lines[17] = lines[17]!.replace('operator', 'operatoR');
    writeFileSync(file, lines.join('\n'));
    const { status, stdout } = node(at('broken'), '--key', log.key);
    expect([status, /^NOT SOUND at entry 17: /m.test(stdout)]).toEqual([5, true]);
    const { fault } = JSON.parse(node(at('broken'), '--json').stdout) as { fault: object };
    expect(fault).toMatchObject({ position: 17, until: 17 });
  });

  it('checks proofs with and without the log', async () => {
    const { ledger } = log.memory;
    const entry = put('entry.tlog-proof', (await proveEntry(ledger, 3)).text);
    const old = put('older', log.files.get(checkpointName(log.sizes[3]!))!);
    const growth = put('growth', await proveConsistency(ledger, log.sizes[3]!, log.sizes.at(-1)!));
    expect(node(at('log'), '--proof', entry, '--proof', growth, '--older', old).status).toBe(0);
    const newest = nameOf(log.signingKeys.at(-1)!);
    expect(node('--proof', entry, '--key', newest).status).toBe(0);
    expect(node('--proof', growth, '--key', newest, '--checkpoint', old).status).toBe(0);
    expect(node('--proof', growth, '--key', newest).status).toBe(5);
    expect(node('--proof', entry, '--key', nameOf(keyOf('stranger'))).status).toBe(5);
  });

  it.each([
    ['nothing', []],
    ['a folder that is not there', ['/nowhere/at/all']],
    ['two folders', ['a', 'b']],
    ['an unknown flag', ['--force']],
    ['a key that is none', ['x', '--key', 'abc']],
    ['a witness’s key that is a log’s', ['x', '--witness', 'abc']],
    ['a proof without a key', ['--proof', script]],
  ])('refuses %s: 2', (_, args) => {
    expect(run(args)).toMatchObject({ code: 2, words: expect.stringContaining('Usage') });
  });

  it('holds drops against their releases', async () => {
    const csv = 'nhs_number\n9990000018\n';
    const files = [{ name: 'nhs-numbers.csv', rows: 1 }];
    const manifest = JSON.stringify({ files: [{ ...files[0], sha256: sha256(csv) }] });
    const told = await logOf(
      [decided(1), true],
      [releasedAs('2026-03-01/r1', files, sha256(manifest)), false],
      [decided(1), true, { run: '2026-02-01/r1' }],
      [releasedAs('2026-02-01/r1', files, sha256(manifest)), false, { run: '2026-02-01/r1' }],
      [{ what: 'drop-removed', businessDate: '2026-02-01', name: '2026-02-01' }, false],
      [heartbeat, true],
    );
    const place = lay(told, 'with-drops');
    mkdirSync(at('outbound', '2026-03-01', 'r1'), { recursive: true });
    const lay2 = (): void => {
      put('outbound/2026-03-01/r1/nhs-numbers.csv', csv);
      put('outbound/2026-03-01/r1/manifest.json', manifest);
    };
    const verdict = (): unknown => {
      const { code, words } = run([place, '--drops', at('outbound'), '--json']);
      expect(words).not.toContain('9990000018');
      return [code, (JSON.parse(words) as { fault: { position: number } | null }).fault?.position];
    };
    lay2();
    expect(verdict()).toEqual([0, undefined]);
    put('outbound/2026-03-01/r1/nhs-numbers.csv', csv.replace('18', '26'));
    expect(verdict()).toEqual([5, 2]);
    lay2();
    put('outbound/2026-03-01/r1/manifest.json', '{}');
    expect(verdict()).toEqual([5, 2]);
    lay2();
    put('outbound/2026-03-01/r1/more.csv', csv);
    expect(verdict()).toEqual([5, 2]);
    rmSync(at('outbound', '2026-03-01'), { recursive: true });
    expect(verdict()).toEqual([5, 2]);
    mkdirSync(at('outbound', '2026-03-01', 'r1'), { recursive: true });
    lay2();
    mkdirSync(at('outbound', '2026-03-02', 'r1'), { recursive: true });
    expect(verdict()).toEqual([5, null]);
  });
});

describe('the script', () => {
  const text = readFileSync(script, 'utf8');
  it('imports nothing but Node, and calls nobody', () => {
    const imported = [...text.matchAll(/^import .* from '([^']+)';$/gm)].map(([, name]) => name);
    expect(imported.every((name) => name!.startsWith('node:'))).toBe(true);
    expect(text).not.toMatch(
      /\bimport\(|require\(|fetch\(|node:(https?|net|tls|dgram|dns|http2|child_process|worker_threads)/,
    );
  });
});
