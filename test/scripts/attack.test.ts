/** Somebody has copied everything that outlives the keep days. What they learn, and that the attack is worth its name. */
import { createDecipheriv, createHash, createHmac, hkdfSync } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { attack } from '../../scripts/attack.ts';
import type { Learned } from '../../scripts/attack.ts';
import { day } from '../../src/domain/calendar.ts';
import { openConnection } from '../../src/ledger/sqlite-driver.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import { lookUp } from '../../src/pipeline/person-lookup.ts';
import { backUp } from '../support/backups.ts';
import { createWorld, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { choiceCells } from '../support/intake-folder.ts';
import { resident, residents, serviceUserId, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

const nights = ['2026-11-22', '2026-11-23', '2026-11-24', '2027-01-05'];
const national = [3, 8, 13].map(testNumber);
const optedOut = testNumber(5);
const restricted = testNumber(6);
/** Alone in a home of their own: the only number in a file. */
const alone = testNumber(30);
const staff = testNumber(99);

/** Several nights of 25 residents, one of them alone in a home; long past, papers and drops gone, two people looked up. */
async function longPast(): Promise<World> {
  const world = await createWorld({ optedOut: national, settings: { DROP_LAYOUT: 'per-location' } });
  const optOut = choiceCells({
    service_user_id: serviceUserId(5),
    requested_at: '2026-11-22T20:00:00Z',
    recorded_at: '2026-11-22T20:00:00Z',
  });
  for (const [at, date] of nights.entries()) {
    world.toNight(date);
    const roster = [
      ...residents(24).map((row, n) => (n === 6 ? { ...row, restricted: 'yes' } : row)),
      resident(30, { location_id: '1-1099000777' }),
    ];
    world.intake({ choices: at === 0 ? [] : [optOut], roster }, {}, date);
    expect((await world.run(date)).run.state).toBe('sealed');
  }
  world.pass(20 * day);
  await keepHouse(world.pipeline);
  for (const number of [alone, national[0] ?? ''])
    await lookUp(world.pipeline, { number: Number(number), reason: 'case 3', thorough: false });
  return world;
}

let world: World;
let copy: string;
beforeEach(async () => {
  world = await longPast();
  copy = fs.mkdtempSync(path.join(os.tmpdir(), 'copied-'));
  // Copied while the ledger is in use, with its write-ahead log.
  fs.cpSync(world.config.dataDir, copy, { recursive: true });
});
afterEach(() => {
  fs.rmSync(copy, { recursive: true });
});

const attackCopy = (yearKeys: Record<string, Uint8Array> = {}): Promise<Learned> =>
  attack({ folder: copy, numbers: testNumbers(400), suspects: [...testNumbers(31), staff], yearKeys });

/** The key itself, as somebody has it who had the key-encryption key for a moment: found by what it does. */
async function yearKey(year: string): Promise<Uint8Array> {
  const key = await world.ledger.read((tx) => tx.keyOf('year-pseudonyms', year));
  const { keyring } = world.pipeline;
  const master = Buffer.from(
    fs.readFileSync(path.join(world.config.dataDir, 'keys', 'master-key'), 'utf8'),
    'base64',
  );
  const wrapping = Buffer.from(hkdfSync('sha256', master, Buffer.alloc(0), 'export-gate/wrapping', 32));
  const wrapped = Buffer.from(key!.wrapped);
  const decipher = createDecipheriv('aes-256-gcm', wrapping, wrapped.subarray(0, 12));
  decipher.setAAD(Buffer.from(`${key!.purpose}|${key!.scope}|${key!.keyId}`));
  decipher.setAuthTag(wrapped.subarray(12, 28));
  const plain = Buffer.concat([decipher.update(wrapped.subarray(28)), decipher.final()]);
  const token = createHmac('sha256', plain).update(`person-index:${alone}`).digest().subarray(0, 16);
  expect(Buffer.compare(token, keyring.personTokens(key!)(alone))).toBe(0);
  return plain;
}

describe('everything that outlives the keep days', () => {
  it('tells nobody’s number and nobody’s national opt-out', async () => {
    expect(fs.readdirSync(world.config.outboundDir)).toEqual([]);
    const learned = await attackCopy();
    expect(learned).toMatchObject({
      numbers: [],
      optOuts: [],
      opened: [],
      withYearKeys: { sent: [], heldBack: [] },
    });
    // Said plainly rather than denied: how many, and so among whom, for whoever knows the roster.
    expect(learned.inferable).toHaveLength(nights.length);
  });

  it('tells no more from a backup that was made while a night was under way', async () => {
    world.toNight('2027-01-06');
    world.intake({ choices: [], roster: residents(24) }, {}, '2027-01-06');
    let backup = '';
    world.meanwhile(async () => {
      backup = await backUp(world);
    });
    expect((await world.run('2027-01-06')).run.state).toBe('sealed');
    const suspects = [...testNumbers(31), staff];
    const learned = await attack({ folder: backup, numbers: testNumbers(400), suspects });
    expect(learned).toMatchObject({ numbers: [], optOuts: [], opened: [] });
  });

  it('tells with the key of a year who was sent and who was held back here that year, and no more', async () => {
    const { withYearKeys, optOuts, numbers } = await attackCopy({ '2026': await yearKey('2026') });
    const asked = [...testNumbers(24), alone].filter((number) => number !== restricted);
    expect(withYearKeys.sent).toEqual(asked.filter((number) => !national.includes(number)).sort());
    expect(withYearKeys.heldBack).toEqual([optedOut, restricted].sort());
    expect([optOuts, numbers]).toEqual([[], []]);
  });
});

describe('a broken world, in which', () => {
  const inLedger = async (...statements: readonly string[]): Promise<void> => {
    const connection = await openConnection(path.join(copy, 'ledger.sqlite'));
    for (const statement of statements) connection.exec(statement);
    connection.close();
  };
  const blob = (bytes: Buffer): string => `x'${bytes.toString('hex')}'`;
  const found = ({ numbers }: Learned): string[] => [...new Set(numbers.map(({ number }) => number))].sort();
  const people = [alone, optedOut].sort();

  it.each<[string, (number: string) => Buffer]>([
    ['pseudonyms are plain SHA-256', (number) => createHash('sha256').update(number).digest()],
    ['they are cut to 16 bytes', (number) => createHash('sha256').update(number).digest().subarray(0, 16)],
    [
      'they are salted with the run',
      (number) => createHash('sha256').update(`2026-11-22/r1:${number}`).digest(),
    ],
    [
      'the digest of a file with one number is kept',
      (number) => createHash('sha256').update(`nhs_number\n${number}\n`).digest(),
    ],
  ])('%s, is seen through', async (_, pseudonym) => {
    const rows = people.map((number) => `INSERT INTO bad VALUES (${blob(pseudonym(number))})`);
    await inLedger('CREATE TABLE bad (pseudonym BLOB)', ...rows);
    expect(found(await attackCopy())).toEqual(people);
  });

  it('digests lie in hex in an exported file, is seen through', async () => {
    const digests = people.map((number) => createHash('sha256').update(number).digest('hex'));
    fs.writeFileSync(path.join(copy, 'pack.json'), JSON.stringify({ digests }));
    expect(found(await attackCopy())).toEqual(people);
  });

  it('the key of pseudonyms lies beside them, is seen through', async () => {
    const key = createHash('sha256').update('a key').digest();
    const pseudonym = (number: string): Buffer =>
      createHmac('sha256', '2026-11-22/r1')
        .update(createHmac('sha256', key).update(number).digest())
        .digest();
    const rows = people.map(
      (number) => `INSERT INTO bad VALUES (${blob(pseudonym(number).subarray(0, 16))})`,
    );
    await inLedger(
      'CREATE TABLE bad (pseudonym BLOB)',
      ...rows,
      `INSERT INTO settings VALUES ('key', '${key.toString('base64')}')`,
    );
    expect(found(await attackCopy())).toEqual(people);
  });

  it('papers are kept in clear, tells who has a national opt-out', async () => {
    const asked = testNumbers(20);
    const returned = asked.filter((number) => !national.includes(number));
    const list = (numbers: readonly string[]): string => numbers.map((number) => `${number},\n`).join('');
    const doubles = (numbers: readonly string[]): Buffer =>
      Buffer.from(Float64Array.from(numbers.map(Number)).buffer);
    for (const kept of [(of: readonly string[]) => Buffer.from(list(of)), doubles]) {
      await inLedger(
        'DROP TABLE IF EXISTS bad',
        'CREATE TABLE bad (paper BLOB)',
        ...[asked, returned].map((paper) => `INSERT INTO bad VALUES (${blob(kept(paper))})`),
      );
      const learned = await attackCopy();
      expect(found(learned)).toEqual(expect.arrayContaining(asked));
      expect(learned.optOuts.map(({ who }) => who)).toEqual(expect.arrayContaining(national));
    }
  });

  it('those asked about stand in a list too, tells how many did not come back, and under which pseudonyms', async () => {
    const released = `SELECT id FROM evidence_lists WHERE business_date = '2026-11-22' AND list = 'held-back'`;
    await inLedger(
      `INSERT INTO evidence_lists SELECT 900, business_date, revision, 'asked', 1 FROM evidence_lists WHERE id = (${released})`,
      `INSERT INTO evidence_pieces
       SELECT 900, 900, '', bytes FROM evidence_pieces
       WHERE list_id = (SELECT id FROM evidence_lists WHERE business_date = '2026-11-22' AND list = 'released')`,
    );
    const before = (await attackCopy()).optOuts;
    // As long as asked and released are the same people there is nothing to tell.
    expect(before).toEqual([]);
    await inLedger(
      'DROP TRIGGER evidence_pieces_only_erased',
      `UPDATE evidence_pieces SET bytes = ${blob(await withoutOne('2026-11-22'))}
       WHERE list_id = (SELECT id FROM evidence_lists WHERE business_date = '2026-11-22' AND list = 'released')`,
    );
    expect((await attackCopy()).optOuts).toHaveLength(1);
  });

  it('the key-encryption key lies beside the ledger, is open', async () => {
    fs.copyFileSync(path.join(copy, 'keys', 'master-key'), path.join(copy, 'note-to-self.txt'));
    const { opened, withYearKeys } = await attackCopy();
    expect(opened).toEqual(expect.arrayContaining(['year-pseudonyms 2026', 'year-pseudonyms 2027']));
    expect(withYearKeys.sent).toContain(alone);
    expect(withYearKeys.sent).not.toContain(national[0]);
  });

  /** The list of those released on a night, without one of them. */
  async function withoutOne(businessDate: string): Promise<Buffer> {
    const run = { businessDate, revision: 1 };
    const bytes = await world.ledger.read((tx) => tx.personList(run, 'released'));
    const year = await world.ledger.read((tx) => tx.keyOf('year-pseudonyms', '2026'));
    const pseudonym = world.pipeline.keyring.runPseudonyms(year!, run)(testNumber(0));
    return Buffer.from(world.pipeline.lists.erase(bytes!, pseudonym)!.bytes);
  }
});
