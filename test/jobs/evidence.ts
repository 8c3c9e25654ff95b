/** What a night left behind, looked at from outside the code under test: the drop, what MESH took, and the log. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { expect } from 'expect';

import { leaksBelow, leaksIn } from '../support/leak-scan.ts';
import { spoken } from '../support/processes.ts';
import { everybody, released, secrets } from './night.ts';
import { readLog } from './night-log.ts';
import type { Entry } from './night-log.ts';
import type { Night } from './night.ts';

export { readLog };

interface Manifest {
  readonly files: readonly { readonly name: string; readonly rows: number; readonly sha256: string }[];
  readonly checkpoint: { readonly note: string };
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** What the recipient may read: nothing without a manifest, and with one exactly the numbers that may leave. */
export function demandDropOrNone({ drop, outbound, date }: Night): Manifest | null {
  const places = existsSync(outbound) ? readdirSync(outbound).filter((name) => !name.startsWith('.')) : [];
  expect([[], [date]]).toContainEqual(places);
  if (!existsSync(path.join(drop, 'manifest.json'))) return null;
  const manifest = JSON.parse(readFileSync(path.join(drop, 'manifest.json'), 'utf8')) as Manifest;
  const numbers = readFileSync(path.join(drop, 'nhs-numbers.csv'));
  expect(numbers.toString()).toBe(['nhs_number', ...released, ''].join('\n'));
  expect(manifest.files).toEqual([
    { name: 'nhs-numbers.csv', rows: released.length, sha256: sha256(numbers) },
  ]);
  expect(readdirSync(path.dirname(drop))).toEqual(['r1']);
  return manifest;
}

/** No message reached MESH twice under one local id, and none under one that was given up. */
export async function demandOneMessageEach(night: Night, entries: readonly Entry[]): Promise<void> {
  const taken = (await night.farSide.sent()).map(({ localId }) => localId);
  expect(new Set(taken).size).toBe(taken.length);
  const named = (what: string): unknown[] =>
    entries.filter((entry) => entry.what === what).map(({ localId }) => localId);
  expect(named('request-sent').sort()).toEqual([...taken].sort());
  expect(new Set(named('request-intended'))).toEqual(
    new Set([...named('request-sent'), ...named('request-voided')]),
  );
}

/**
 * The night ended as it should, whatever happened on the way: the whole drop and nothing beside it, `messages` messages at MESH, and a
 * log that tells each step once and is signed to its end.
 */
export async function demandWholeNight(night: Night, messages: number): Promise<void> {
  const manifest = demandDropOrNone(night);
  expect(manifest).not.toBeNull();
  expect(readdirSync(night.outbound)).toEqual([night.date]);
  expect(readdirSync(night.drop).sort()).toEqual(['manifest.json', 'nhs-numbers.csv']);

  const { entries, signed, note } = await readLog(night);
  const told = (what: string): Entry[] => entries.filter((entry) => entry.what === what);
  for (const once of [...onceANight]) expect([once, told(once).length]).toEqual([once, 1]);
  // Two machines have a folder each, and so each tells of its own settings when its turn comes; none tells twice of the same.
  const settings = told('configuration-in-force').map(({ digest }) => digest);
  expect(settings.filter((digest, at) => digest !== settings[at - 1])).toEqual(settings);
  expect(settings).not.toEqual([]);
  expect(told('run-decided')).toHaveLength(1 + told('decision-withdrawn').length);
  expect(told('request-sent')).toHaveLength(messages);
  await demandOneMessageEach(night, entries);
  const kept = told('message-kept').map(({ messageId }) => messageId);
  expect(kept).toHaveLength(2 * messages);
  for (const once of ['message-acknowledged', 'message-understood'])
    expect(
      told(once)
        .map(({ messageId }) => messageId)
        .sort(),
    ).toEqual([...kept].sort());

  expect(told('run-released')[0]).toMatchObject({
    files: manifest!.files.map(({ name, rows }) => ({ name, rows })),
    manifest: sha256(readFileSync(path.join(night.drop, 'manifest.json'))),
  });
  const decided = entries.findLastIndex(({ what }) => what === 'run-decided');
  expect(sizeOf(manifest!.checkpoint.note)).toBeGreaterThan(decided);
  expect(signed).toBeGreaterThan(entries.findIndex(({ what }) => what === 'run-sealed'));
  expect(readFileSync(path.join(night.dataDir, 'checkpoint'), 'utf8')).toBe(note);
  expect(leaksBelow(night.dataDir, everybody, () => false)).toEqual([]);
}

/** The ordinary command line, after whatever happened, ends the night as if nothing had. */
export async function endsWhole(night: Night, messages: number): Promise<void> {
  const { code, stdout } = await night.run();
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ state: 'sealed', released: released.length, exitCode: 0 });
  await demandWholeNight(night, messages);
}

/** No process has ever said a number, in whatever form, or a secret of its configuration. */
export function demandSilence(): void {
  const said = spoken.join('\n');
  expect(leaksIn(Buffer.from(said), everybody)).toEqual([]);
  expect(Object.values(secrets).filter((secret) => said.includes(secret))).toEqual([]);
}

const onceANight = ['log-opened', 'run-opened', 'run-gated', 'run-asked', 'run-answered'].concat([
  'run-released',
  'run-sealed',
]);

/** The second line of a checkpoint says how many entries it covers. */
const sizeOf = (note: string): number => Number(note.split('\n')[1]);

/** Every file under the outbound folder with its bytes and when it was last touched. */
export const footprint = (outbound: string): readonly unknown[] =>
  readdirSync(outbound, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((name) => {
      const file = path.join(outbound, name);
      const { mtimeMs, ino, mode } = statSync(file);
      return { name, mtimeMs, ino, mode, bytes: statSync(file).isFile() ? sha256(readFileSync(file)) : null };
    });
