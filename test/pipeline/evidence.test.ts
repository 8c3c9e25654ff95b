/** The evidence of a night: complete, in order, balanced, provable, and silent about people. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { openCheckpoint } from '../../src/audit/checkpoint.ts';
import { decodeEvidenceList } from '../../src/audit/evidence-encoding.ts';
import { findInList, verifyEvidenceList } from '../../src/audit/evidence-list.ts';
import { leafHash, rootOfLeaves } from '../../src/audit/merkle-tree.ts';
import { parseVerifierKey } from '../../src/audit/signed-note.ts';
import { heldBackReasons } from '../../src/domain/eligibility.ts';
import type { FileDigest, RunTotals } from '../../src/domain/evidence.ts';
import { approve } from '../support/approvals.ts';
import { createWorld, mailboxId, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { Told, World } from '../support/gate-world.ts';
import { choiceCells, providerCells } from '../support/intake-folder.ts';
import { leaksIn, wantedOf } from '../support/leak-scan.ts';
import { resident, residents, serviceUserId, testNumber, testNumbers } from '../support/residents.ts';
import type { PersonListName } from '../../src/ports.ts';

worldsEndWell();

const run1 = { businessDate: tonight, revision: 1 };
const ofRun = (told: readonly Told[]): Told[] => told.filter(({ run }) => run === `${tonight}/r1`);
const one = (told: readonly Told[], what: string): Told => {
  const found = told.filter((entry) => entry.what === what);
  expect([what, found.length]).toEqual([what, 1]);
  return found[0]!;
};
const sumOf = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** A night with something of everything: 60 people of two providers; whom the check refuses, removes, and answers about twice. */
async function eventfulNight(nationally: readonly string[]): Promise<World> {
  const world = await createWorld({
    optedOut: nationally,
    settings: { CHECK_MAX_NUMBERS: '50' },
    simulator: { isRefused: (number) => number === testNumber(55) },
  });
  const providers = [providerCells(), providerCells({ provider_id: 'PR-02' })];
  const roster = [
    ...residents(30),
    ...residents(30, { provider_id: 'PR-02' }, 30),
    resident(3, { provider_id: 'PR-02', location_id: '1-1099000102' }),
    resident(200, { in_service_choice: 'opted_out' }),
    resident(201, { restricted: 'yes' }),
    resident(202, { provider_id: 'PR-02', informed_on: '' }),
    resident(203, { nhs_number: '' }),
    resident(204, { person_type: 'staff' }),
  ];
  world.intake({ choices: [], roster, providers });
  world.simulator.fault('duplicate');
  world.meanwhile(() => {
    const names = {
      workflowId: world.config.check.workflowId,
      localId: testNumber(5),
      subject: testNumber(6),
    };
    const body = Buffer.from(testNumbers(9).join(',\n'));
    world.simulator.deliver({ from: 'X26STRANGER', to: mailboxId, ...names }, body);
    const late = ['7', '31'].map((n) =>
      choiceCells({ choice_id: n, service_user_id: serviceUserId(Number(n)) }),
    );
    world.intake({ choices: late, roster, providers });
  }, 2);
  expect((await world.run()).run.state).toBe('sealed');
  return world;
}

/** National opt-outs, two of each provider. */
const nationally = [2, 20, 40, 41].map(testNumber);

async function listOf(world: World, name: PersonListName) {
  const bytes = await world.ledger.read((tx) => tx.personList(run1, name));
  return decodeEvidenceList(Buffer.from(bytes ?? ''));
}

/** Where a person's pseudonym stands in a list: provider and code. */
async function places(world: World, name: PersonListName, n: number): Promise<[string, number][]> {
  const year = await world.ledger.read((tx) => tx.keyOf('year-pseudonyms', '2026'));
  const pseudonym = world.pipeline.keyring.runPseudonyms(year!, run1)(testNumber(n));
  return findInList(await listOf(world, name), pseudonym).map(({ providerId, code }) => [providerId, code]);
}

describe('the entries of a night', () => {
  it('tell every step, in its order', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    await world.run();
    const receipt = ['message-kept', 'message-acknowledged', 'message-understood'];
    expect((await world.entries()).map(({ what }) => what)).toEqual([
      'configuration-in-force',
      'run-opened',
      'run-gated',
      'request-intended',
      'request-sent',
      'run-asked',
      ...receipt,
      ...receipt,
      'run-answered',
      'run-decided',
      'run-released',
      'run-attested',
      'run-sealed',
    ]);
    const told = await world.entries();
    expect(told.every(({ at, by }) => typeof at === 'string' && by === 'operator:test')).toBe(true);
    expect(told.map(({ at }) => at)).toEqual(told.map(({ at }) => at).toSorted());
  });

  it('tell of a hold, and of who let the run go on', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(150) });
    await world.run();
    await approve(world);
    await world.run();
    const told = ofRun(await world.entries()).map(({ what }) => what);
    expect(told.slice(told.indexOf('run-answered'))).toEqual([
      'run-answered',
      'run-held',
      'hold-approved',
      'run-decided',
      'run-released',
      'run-attested',
      'run-sealed',
    ]);
  });

  it('balance, and are under the checkpoint of the manifest up to the decision', async () => {
    const world = await eventfulNight(nationally);
    const told = ofRun(await world.entries());
    const gated = one(told, 'run-gated');
    expect(sumOf(gated['rows'] as Record<string, number>)).toBe(66);
    expect(gated).toMatchObject({ asked: 60, requests: 2, notAskedAgain: 0, objectedLate: 0 });
    const decided = one(told, 'run-decided');
    const totals = decided['totals'] as RunTotals;
    expect(totals).toEqual(one(told, 'run-sealed')['totals']);
    expect(totals).toMatchObject({ asked: 60, rows: gated['rows'] });
    expect(totals.outcomes).toEqual({
      released: 53,
      'not-cleared': 4,
      'refused-by-check': 1,
      'not-answered': 0,
      'objected-late': 2,
    });
    const released = one(told, 'run-released');
    const manifestBytes = fs.readFileSync(path.join(world.dropFolder(), 'manifest.json'));
    expect(released['manifest']).toBe(createHash('sha256').update(manifestBytes).digest('hex'));
    const { files } = JSON.parse(manifestBytes.toString()) as { files: FileDigest[] };
    expect(released['files']).toEqual(files.map(({ name, rows }) => ({ name, rows })));
    const [file] = files;
    const bytes = fs.readFileSync(path.join(world.dropFolder(), file?.name ?? ''));
    expect(file).toMatchObject({ rows: 53, sha256: createHash('sha256').update(bytes).digest('hex') });
    expect(world.released()).toHaveLength(53);
    // Every message that came was kept, acknowledged and understood, once.
    const all = await world.entries();
    const ids = (what: string): unknown[] =>
      all.filter((entry) => entry.what === what).map(({ messageId }) => messageId);
    expect(ids('message-understood').sort()).toEqual(ids('message-kept').sort());
    expect(ids('message-acknowledged').sort()).toEqual(ids('message-kept').sort());
    expect(ids('message-kept').sort()).toEqual([...world.simulator.acknowledged()].sort());

    const manifest = JSON.parse(fs.readFileSync(path.join(world.dropFolder(), 'manifest.json'), 'utf8')) as {
      checkpoint: { origin: string; verifierKey: string; note: string };
    };
    const { origin, verifierKey, note } = manifest.checkpoint;
    expect(verifierKey).toBe(world.pipeline.audit.verifierKey);
    const checkpoint = openCheckpoint(Buffer.from(note), origin, [parseVerifierKey(verifierKey)]);
    const lines: Uint8Array[] = [];
    await world.ledger.read(async (tx) => {
      for await (const { line } of tx.entries(0, checkpoint.size)) lines.push(line);
    });
    expect(lines).toHaveLength(checkpoint.size);
    expect(Buffer.from(rootOfLeaves(lines.map(leafHash)))).toEqual(Buffer.from(checkpoint.root));
    expect(Buffer.from(lines.at(-1) ?? '').toString()).toContain('"what":"run-decided"');
    // The file outside the ledger shows the newest, which covers the seal.
    const shown = fs.readFileSync(path.join(world.config.dataDir, 'checkpoint'));
    const last = openCheckpoint(shown, origin, [parseVerifierKey(verifierKey)]);
    expect(last.size).toBe((await world.entries()).length);
  });
});

describe('the lists of a night', () => {
  it('are those that the entries speak of, and name those released and those held back here, nobody else', async () => {
    const world = await eventfulNight(nationally);
    const told = ofRun(await world.entries());
    const digests: [PersonListName, unknown][] = [
      ['released', one(told, 'run-decided')['releasedList']],
      ['held-back', one(told, 'run-gated')['heldBackList']],
      ['held-back-late', one(told, 'run-decided')['heldBackLateList']],
    ];
    for (const [name, digest] of digests) {
      const list = await listOf(world, name);
      expect(verifyEvidenceList(list)).toBeUndefined();
      const { root, rows, providers } = list;
      expect({ root, rows, providers: providers.length }).toEqual(digest);
    }

    const code = (reason: (typeof heldBackReasons)[number]): number => heldBackReasons.indexOf(reason);
    expect(await places(world, 'released', 0)).toEqual([['PR-01', 0]]);
    expect(await places(world, 'released', 50)).toEqual([['PR-02', 0]]);
    expect(await places(world, 'held-back', 200)).toEqual([['PR-01', code('opted-out-in-service')]]);
    expect(await places(world, 'held-back', 201)).toEqual([['PR-01', code('restricted')]]);
    expect(await places(world, 'held-back', 202)).toEqual([['PR-02', code('not-informed')]]);
    expect(await places(world, 'held-back-late', 7)).toEqual([['PR-01', code('objected-late')]]);
    expect(await places(world, 'held-back-late', 31)).toEqual([['PR-02', code('objected-late')]]);
    // Whom the check removed, and whom it refused, stand nowhere; nor do those asked about stand with those held back.
    for (const n of [2, 20, 40, 41, 55])
      for (const name of ['released', 'held-back', 'held-back-late'] as const)
        expect([n, name, await places(world, name, n)]).toEqual([n, name, []]);
    // One of the 53 stands under both of their providers.
    expect(await places(world, 'released', 3)).toEqual([
      ['PR-01', 0],
      ['PR-02', 0],
    ]);
    expect((await listOf(world, 'released')).rows).toBe(54);
    expect((await listOf(world, 'held-back')).rows).toBe(4);
    expect((await listOf(world, 'held-back-late')).rows).toBe(2);
  });
});

describe('nothing that is kept', () => {
  it('tells who has a national opt-out: it is the same for other people, if they are as many', async () => {
    const others = [11, 12, 13, 44].map(testNumber);
    const traces = [await eventfulNight(nationally), await eventfulNight(others)].map(async (world) => {
      const told = (await world.entries()).map((entry) => JSON.stringify(entry));
      const lists = await Promise.all(
        (['held-back', 'held-back-late'] as const).map(async (name) => (await listOf(world, name)).rows),
      );
      return [...told.map(withoutChance), ...lists];
    });
    const [first, second] = await Promise.all(traces);
    expect(second).toEqual(first);
  });

  it('tells how many of one request came back', async () => {
    // One list of a hundred loses four people in one world and none in the other, where the other list loses them.
    const split = async (opted: readonly string[]): Promise<string[]> => {
      const world = await createWorld({ optedOut: opted, settings: { CHECK_MAX_NUMBERS: '20' } });
      world.intake({ choices: [], roster: residents(40) });
      await world.run();
      return (await world.entries()).map((entry) => withoutChance(JSON.stringify(entry)));
    };
    expect(await split(testNumbers(4))).toEqual(await split(testNumbers(4, 30)));
  });

  it('holds a number in any form, and the search for them finds each form (fault 36)', () => {
    const number = testNumber(77);
    const bytes = Buffer.from(number);
    const hidden: Record<string, string | Buffer> = {
      plain: number,
      'spaced or dashed': `${number.slice(0, 3)} ${number.slice(3, 6)} ${number.slice(6)}`,
      dashed: `${number.slice(0, 3)}-${number.slice(3, 6)}-${number.slice(6)}`,
      base64: `x${Buffer.from(`a${number}bc`).toString('base64')}`,
      hex: bytes.toString('hex').toUpperCase(),
      'percent-encoded': [...bytes].map((byte) => `%${byte.toString(16)}`).join(''),
      'JSON-escaped': [...bytes].map((byte) => `\\u00${byte.toString(16)}`).join(''),
      'SHA-256': createHash('sha256').update(number).digest(),
      'SHA-256 in hex': createHash('sha256').update(number).digest('hex'),
      'SHA-256 in base64': createHash('sha256').update(number).digest('base64'),
      'a double': Buffer.from(Float64Array.of(Number(number)).buffer),
      'an integer': Buffer.from(Number(number).toString(16).padStart(12, '0'), 'hex'),
    };
    const wanted = wantedOf([number]);
    for (const [form, written] of Object.entries(hidden)) {
      const around = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(written), Buffer.from('"}')]);
      expect([form, leaksIn(around, wanted).length > 0]).toEqual([form, true]);
    }
    expect(leaksIn(Buffer.from(`${testNumber(78)} ${Date.now()}`), wanted)).toEqual([]);
  });
});

/** An entry without what is drawn at random, and without the digests of folders, drops and lists of another world. */
const withoutChance = (line: string): string =>
  line
    .replaceAll(/[0-9a-f]{64}/g, '<digest>')
    .replaceAll(/"blind":"[^"]{22}"/g, '"blind":"<chance>"')
    .replaceAll(/-[0-9a-f]{16}"/g, '-<chance>"')
    .replaceAll(/\d{20}_[0-9A-F]{6}/g, '<message>');
