/** Auditor packs of nights that really were: what stands in them, what does not, and what becomes of one that was touched. */
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { makePack } from '../../jobs/commands/pack.ts';
import type { PackOptions } from '../../jobs/commands/pack.ts';
import { checkPack } from '../../src/audit/pack-check.ts';
import { createPersonLists } from '../../src/audit/person-lists.ts';
import { asFailure } from '../../src/domain/failure.ts';
import type { PackFacts } from '../../src/domain/provider-pack.ts';
import { createWorld, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { choiceCells, providerCells } from '../support/intake-folder.ts';
import { runAccepting } from '../support/approvals.ts';
import { changeKey, nameKey } from '../support/key-changes.ts';
import { resident, residents, serviceUserId, testNumbers } from '../support/residents.ts';
import { systemChance } from '../../src/wiring.ts';

worldsEndWell();

const verifier = path.join(import.meta.dirname, '..', '..', 'scripts', 'verify-pack.mjs');
const other = { provider_id: 'PR-SECRETLY-ANOTHER', name: 'Birchwood Manor', location_id: '1-1099000777' };

/** Five nights of two providers: one in which nothing may be sent, one missing, one small. PR-01 has 60 people, 14 of whom are not informed. */
async function fewNights(): Promise<World> {
  const world = await createWorld({
    optedOut: testNumbers(3, 20),
    settings: { PURPOSE: 'VIVALDI', LEGAL_BASIS_REF: '24/CAG/0001' },
  });
  const providers = [providerCells(), providerCells({ provider_id: other.provider_id, name: other.name })];
  const roster = [
    ...residents(46),
    ...residents(14, { informed_on: '' }, 50),
    ...residents(12, { in_service_choice: 'opted_out' }, 70),
    ...residents(2, { restricted: 'yes' }, 90),
    ...residents(37, { provider_id: other.provider_id, location_id: other.location_id }, 100),
    ...residents(
      11,
      { provider_id: other.provider_id, location_id: other.location_id, restricted: 'yes' },
      150,
    ),
  ];
  const choices = [choiceCells({ service_user_id: serviceUserId(0), requested_at: '2026-11-01T10:00:00Z' })];
  const nights: readonly (readonly [string, typeof roster])[] = [
    ['2026-11-22', roster],
    ['2026-11-23', roster.slice(2)],
    ['2026-11-25', roster.map((row) => ({ ...row, restricted: 'yes' }))],
    ['2026-11-26', [...roster.slice(0, 5), resident(300, { provider_id: other.provider_id })]],
  ];
  for (const [date, rows] of nights) {
    world.toNight(date);
    world.intake({ choices, providers, roster: rows }, {}, date);
    await runAccepting(world, date);
  }
  return world;
}

const options = (world: World, name: string, over: Partial<PackOptions> = {}): PackOptions => ({
  ...{ provider: 'PR-01', from: '2026-11-22', to: '2026-11-26', out: path.join(world.folder, name) },
  ...over,
});

const export_ = (world: World, name: string, over: Partial<PackOptions> = {}): Promise<string> =>
  makePack(world.pipeline, options(world, name, over));

const filesOf = (folder: string): string[] =>
  fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => fs.statSync(path.join(folder, name)).isFile())
    .sort();

const contentOf = (folder: string): [string, string][] =>
  filesOf(folder).map((name) => [name, fs.readFileSync(path.join(folder, name)).toString('base64')]);

const factsIn = (folder: string): PackFacts =>
  JSON.parse(fs.readFileSync(path.join(folder, 'pack.json'), 'utf8')) as PackFacts;

/** The checker that is shipped, in a process of its own: it imports nothing of the program. */
const verified = (folder: string, ...keys: readonly string[]): { code: number | null; said: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [verifier, folder, ...keys], {
    encoding: 'utf8',
  });
  return { code: status, said: `${stdout}${stderr}` };
};

describe('an auditor pack', () => {
  it('says what happened on each night, proves the totals it shows, and is checked by two that did not make it', async () => {
    const world = await fewNights();
    const digest = await export_(world, 'pack');
    const folder = path.join(world.folder, 'pack');
    const { verifierKey } = world.pipeline.audit;
    const checked = await checkPack(folder, [verifierKey]);
    expect(checked).toMatchObject({ provider: 'PR-01', digest, totals: 2 });
    expect(verified(folder, verifierKey)).toMatchObject({ code: 0 });

    const { nights } = factsIn(folder);
    const told = nights.map(({ businessDate, runs }) => [
      businessDate,
      runs.map(({ outcome, people }) => [outcome, people?.released ?? null, people?.heldBack ?? null]),
    ]);
    expect(told).toEqual([
      // 46 may be asked about but one who opted out; three of them have a national opt-out. One small reason hides another and the total.
      ['2026-11-22', [['sent', 42, null]]],
      ['2026-11-23', [['sent', 41, null]]],
      ['2026-11-24', []],
      ['2026-11-25', [['nothing-sent', null, null]]],
      ['2026-11-26', [['sent', null, null]]],
    ]);
    expect(nights[0]?.runs[0]).toMatchObject({
      rules: 'rules-1',
      purpose: 'VIVALDI',
      legalBasis: '24/CAG/0001',
      proved: ['released'],
    });
    expect(nights[0]?.runs[0]?.people?.reasons).toMatchObject({
      'not-informed': 14,
      'opted-out-in-service': null,
      restricted: null,
    });
    const last = (await world.entries()).at(-1);
    expect(last).toMatchObject({
      what: 'pack-exported',
      provider: 'PR-01',
      from: '2026-11-22',
      to: '2026-11-26',
      digest,
    });
  });

  it('is the same, byte for byte, whenever it is asked for', async () => {
    const world = await fewNights();
    await export_(world, 'first');
    world.toNight('2026-12-24');
    world.intake({ choices: [], roster: residents(20) }, {}, '2026-12-24');
    await world.run('2026-12-24');
    await export_(world, 'second');
    expect(contentOf(path.join(world.folder, 'second'))).toEqual(contentOf(path.join(world.folder, 'first')));
  });

  it('holds nothing of another provider, of a person, of what was asked, or of what the check answered', async () => {
    const world = await fewNights();
    await export_(world, 'pack');
    const folder = path.join(world.folder, 'pack');
    const everything = filesOf(folder)
      .filter((name) => !name.endsWith('.mjs') && name !== 'index.html')
      .map((name) => fs.readFileSync(path.join(folder, name)));
    const opened = everything
      .flatMap((bytes) => [bytes, ...base64In(bytes.toString())])
      .map((bytes) => bytes.toString('latin1'));
    for (const secret of [
      other.provider_id,
      other.name,
      other.location_id,
      'not-cleared',
      '"asked"',
      '"totals"',
      'nhs-numbers.csv',
    ])
      expect([secret, opened.filter((text) => text.includes(secret)).length]).toEqual([secret, 0]);
    // Counts of the other provider, of both together, and of those asked about, wherever a number may stand.
    const numbers = [
      JSON.stringify(factsIn(folder).nights),
      fs.readFileSync(path.join(folder, 'nights.csv'), 'utf8'),
    ].join();
    for (const count of [37, 11, 45, 79, 82, 40])
      expect(numbers).not.toMatch(new RegExp(`[":,]${count}[",}\\]]`));
    // No pseudonym of anybody: the lists stand behind roots.
    const lists = createPersonLists(systemChance);
    const bytes = await world.ledger.read((tx) =>
      tx.personList({ businessDate: '2026-11-22', revision: 1 }, 'released'),
    );
    expect(lists.digestOf(bytes!).rows).toBe(42 + 37);
    const rows = bytes!.subarray(bytes!.length - 17 * 10);
    for (let at = 0; at < rows.length; at += 17)
      expect(
        opened.some((text) => text.includes(Buffer.from(rows.subarray(at + 1, at + 17)).toString('latin1'))),
      ).toBe(false);
  });

  it('that was touched anywhere is refused by both checkers, naming what was touched', async () => {
    const world = await fewNights();
    await export_(world, 'pack');
    const folder = path.join(world.folder, 'pack');
    const { verifierKey } = world.pipeline.audit;
    for (const name of filesOf(folder)) {
      const file = path.join(folder, name);
      const whole = fs.readFileSync(file);
      const bytes = Buffer.from(whole);
      bytes[Math.floor(bytes.length / 2)]! ^= 0x01;
      fs.writeFileSync(file, bytes);
      const refusal = await checkPack(folder, [verifierKey]).then(
        () => 'accepted',
        (thrown: unknown) => asFailure(thrown).code,
      );
      expect([name, refusal]).toEqual([name, 'audit-invalid']);
      fs.writeFileSync(file, whole);
    }
    for (const name of ['index.html', 'entries.jsonl', 'log/checkpoint', 'manifest.note', 'manifest.json']) {
      const file = path.join(folder, name);
      const whole = fs.readFileSync(file);
      fs.writeFileSync(
        file,
        Buffer.concat([whole.subarray(0, 3), Buffer.from([whole[3]! ^ 1]), whole.subarray(4)]),
      );
      expect([name, verified(folder, verifierKey).code]).toEqual([name, 5]);
      fs.writeFileSync(file, whole);
    }
    fs.writeFileSync(path.join(folder, 'lists', 'one-more.json'), '{}');
    await expect(checkPack(folder, [verifierKey])).rejects.toMatchObject({ code: 'audit-invalid' });
    fs.rmSync(path.join(folder, 'lists', 'one-more.json'));
    fs.rmSync(path.join(folder, 'nights.csv'));
    await expect(checkPack(folder, [verifierKey])).rejects.toMatchObject({ code: 'audit-invalid' });
    expect(verified(folder, verifierKey).said).toContain('nights.csv');
  });

  it('made after a change of the signing key names every key that signed, and is checked under all of them', async () => {
    const world = await createWorld();
    await nameKey(world);
    const night = async (date: string): Promise<string> => {
      world.toNight(date);
      world.intake({ choices: [], roster: residents(12) }, {}, date);
      await world.run(date);
      return world.pipeline.audit.verifierKey;
    };
    const first = await night('2026-11-22');
    await changeKey(world);
    const second = await night('2026-11-23');
    for (const [to, named] of [
      ['2026-11-22', [first]],
      ['2026-11-23', [first, second]],
    ] as const) {
      await export_(world, to, { to });
      const folder = path.join(world.folder, to);
      const keys = fs
        .readFileSync(path.join(folder, 'log', 'verifier-keys'), 'utf8')
        .trimEnd()
        .split('\n');
      expect(keys.map((line) => line.split(' ')[1])).toEqual(named);
      await checkPack(folder, [second, first]);
      expect(verified(folder, second, first)).toMatchObject({ code: 0 });
      for (const alone of [first, second]) {
        await expect(checkPack(folder, [alone])).rejects.toMatchObject({ code: 'audit-invalid' });
        expect(verified(folder, alone)).toMatchObject({ code: 5 });
      }
    }
  });

  it('is signed under a name of its own: its note is no checkpoint, and a checkpoint is no pack', async () => {
    const world = await fewNights();
    await export_(world, 'pack');
    const note = fs.readFileSync(path.join(world.folder, 'pack', 'manifest.note'), 'utf8');
    const [first, second] = note.split('\n');
    expect(first).toBe('export-gate/audit/pack');
    expect(second).toMatch(/^manifest sha256 [0-9a-f]{64}$/);
    expect(note).toContain('— export-gate/audit/pack ');
  });

  it('is refused for a provider nobody knows, a period without a run, and a place that is taken', async () => {
    const world = await fewNights();
    const refused = { code: 'usage' };
    await expect(export_(world, 'a', { provider: 'PR-99' })).rejects.toMatchObject(refused);
    await expect(export_(world, 'b', { from: '2026-11-24', to: '2026-11-24' })).rejects.toMatchObject(
      refused,
    );
    await expect(export_(world, 'c', { from: '2026-13-01' })).rejects.toMatchObject(refused);
    fs.mkdirSync(path.join(world.folder, 'taken'));
    await expect(export_(world, 'taken')).rejects.toMatchObject(refused);
    expect((await world.entries()).filter(({ what }) => what === 'pack-exported')).toEqual([]);
    expect(fs.readdirSync(world.folder).sort()).toEqual([
      'approvers.json',
      'intake',
      'outbound',
      'taken',
      'var',
    ]);
  });

  it('stays text whatever a provider is called (fault 37)', async () => {
    const world = await fewNights();
    await export_(world, 'pack', { providerName: `"><script>alert('x')</script>\u202E=HYPERLINK("x")` });
    const page = fs.readFileSync(path.join(world.folder, 'pack', 'index.html'), 'utf8');
    expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|https?:\/\//i);
    expect(page).toContain('&lt;script&gt;');
    expect(page).toMatch(/^<!doctype html>\n<html lang="en-GB">/);
    for (const needed of [
      '<main>',
      '<header>',
      '<footer>',
      '<caption',
      'scope="col"',
      'scope="row"',
      '<title>',
      'role="img"',
    ])
      expect(page).toContain(needed);
  });
});

/** Everything in a text that may be base64, decoded. */
const base64In = (text: string): Buffer[] =>
  (text.match(/[A-Za-z0-9+/]{40,}={0,2}/g) ?? []).map((word) => Buffer.from(word, 'base64'));
