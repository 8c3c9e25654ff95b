/** What is answered about a person after some nights, and what never is. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { day } from '../../src/domain/calendar.ts';
import { lookUp, placesOf } from '../../src/pipeline/person-lookup.ts';
import type { PersonAnswer } from '../../src/pipeline/person-lookup.ts';
import {
  erasePerson,
  eraseYear,
  legalHold,
  liftLegalHold,
  setLegalHold,
} from '../../src/pipeline/person-erasure.ts';
import { compactIfDue } from '../../src/pipeline/housekeeping.ts';
import { createWorld, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { choiceCells, providerCells } from '../support/intake-folder.ts';
import { resident, residents, serviceUserId, testNumber } from '../support/residents.ts';
import { failing } from '../support/contracts/ledger-desk.ts';

worldsEndWell();

const nights = ['2026-11-22', '2026-11-23', '2026-12-31', '2027-01-01'];
const settings = {
  LEGAL_BASIS_REF: 'CAG 23/0001',
  LEGAL_BASIS_EXPIRES_ON: '2028-01-01',
  RECIPIENT_AGREEMENT_REF: 'DSA-7',
  RECIPIENT_AGREEMENT_EXPIRES_ON: '2028-01-01',
  PURPOSE: 'VIVALDI Social Care',
};
const people = {
  sent: 0,
  twoHomes: 1,
  optedOutLater: 2,
  national: 3,
  restricted: 4,
  lateObjector: 5,
  stranger: 99,
};

/** Four nights over a new year: 16 people of two providers, and something of everything. */
async function someNights(): Promise<World> {
  const world = await createWorld({ optedOut: [testNumber(people.national)], settings });
  const providers = [
    providerCells({ agreement_expires_on: '2028-01-01' }),
    providerCells({ provider_id: 'PR-02', agreement_expires_on: '2028-01-01' }),
  ];
  const roster = [
    ...residents(12),
    resident(people.twoHomes, { provider_id: 'PR-02', location_id: '1-1099000102' }),
    ...residents(4, { provider_id: 'PR-02', location_id: '1-1099000102' }, 12),
  ].map((row) =>
    row.service_user_id === serviceUserId(people.restricted) ? { ...row, restricted: 'yes' } : row,
  );
  const optOut = choiceCells({
    choice_id: 'CH-1',
    service_user_id: serviceUserId(people.optedOutLater),
    requested_at: '2026-11-22T20:00:00Z',
    recorded_at: '2026-11-22T20:00:00Z',
  });
  for (const [at, date] of nights.entries()) {
    world.toNight(date);
    const choices = at === 0 ? [] : [optOut];
    world.intake({ choices, roster, providers }, {}, date);
    if (at === 1)
      world.meanwhile(() => {
        const late = { ...optOut, choice_id: 'CH-2', service_user_id: serviceUserId(people.lateObjector) };
        world.intake({ choices: [optOut, late], roster, providers }, {}, date);
      }, 2);
    expect((await world.run(date)).run.state).toBe('sealed');
  }
  return world;
}

const ask = (world: World, n: number, thorough = false): Promise<PersonAnswer> =>
  lookUp(world.pipeline, { number: Number(testNumber(n)), reason: 'case 17', thorough });
const sentOn = ({ sent }: PersonAnswer): string[] => sent.map(({ run }) => run);
const heldBackOn = ({ heldBack }: PersonAnswer): string[] =>
  heldBack.map(({ run, provider, reason }) => `${run} ${provider} ${reason}`);

describe('a look-up', () => {
  it('tells every night on which somebody was sent, to whom and on what ground, newest first', async () => {
    const world = await someNights();
    const answer = await ask(world, people.sent);
    expect(sentOn(answer)).toEqual(nights.toReversed().map((date) => `${date}/r1`));
    const released = (await world.entries()).filter(({ what }) => what === 'run-released');
    expect(answer.sent[0]).toEqual({
      run: '2027-01-01/r1',
      businessDate: '2027-01-01',
      sentAt: released.at(-1)?.['at'],
      providers: ['PR-01'],
      recipientAgreement: 'DSA-7',
      legalBasis: 'CAG 23/0001',
      purpose: 'VIVALDI Social Care',
      drop: '2027-01-01/r1',
      manifest: released.at(-1)?.['manifest'],
    });
    expect([answer.heldBack, answer.erasedYears]).toEqual([[], []]);
    expect((await ask(world, people.twoHomes)).sent[0]?.providers).toEqual(['PR-01', 'PR-02']);
  });

  it('tells why this service held somebody back', async () => {
    const world = await someNights();
    const optedOut = await ask(world, people.optedOutLater);
    expect(sentOn(optedOut)).toEqual(['2026-11-22/r1']);
    expect(heldBackOn(optedOut)).toEqual(
      nights
        .slice(1)
        .toReversed()
        .map((date) => `${date}/r1 PR-01 opted-out-in-service`),
    );
    expect(heldBackOn(await ask(world, people.restricted))).toEqual(
      nights.toReversed().map((date) => `${date}/r1 PR-01 restricted`),
    );
    const late = await ask(world, people.lateObjector);
    expect(heldBackOn(late)).toContain('2026-11-23/r1 PR-01 objected-late');
  });

  it('says of somebody with a national opt-out what it says of a stranger, word for word', async () => {
    const world = await someNights();
    const [national, stranger] = [await ask(world, people.national), await ask(world, people.stranger)];
    expect({ ...national, entry: null }).toEqual({ ...stranger, entry: null });
    expect({ ...national, entry: null }).toEqual({ sent: [], heldBack: [], erasedYears: [], entry: null });
  });

  it('is an entry that says why and, blinded, about whom, and the same length whatever was found', async () => {
    const world = await someNights();
    const answers = [
      await ask(world, people.sent),
      await ask(world, people.national),
      await ask(world, people.stranger),
    ];
    const told = (await world.entries()).filter(({ what }) => what === 'person-looked-up');
    expect(told.map(({ commitment }) => commitment)).toEqual(answers.map(({ entry }) => entry.commitment));
    expect(new Set(told.map((entry) => Object.keys(entry).join())).size).toBe(1);
    expect(new Set(told.map((entry) => JSON.stringify(entry).length)).size).toBe(1);
    expect(told[0]).toMatchObject({ reason: 'case 17', by: 'operator:test' });
  });

  it('from the index is what reading every list whole finds', async () => {
    const world = await someNights();
    const { ledger } = world;
    await ledger.read(async (tx) => {
      const lists = await tx.personLists();
      await world.pipeline.lists.demandSound(tx, lists);
      await fc.assert(
        fc.asyncProperty(fc.integer({ min: 0, max: 20 }), async (n) => {
          const search = { digits: testNumber(n), lists };
          const quick = await placesOf(world.pipeline, tx, { ...search, thorough: false });
          const whole = await placesOf(world.pipeline, tx, { ...search, thorough: true });
          const inOrder = (found: typeof quick.found): string[] =>
            found.map((place) => JSON.stringify(place)).sort();
          expect(inOrder(quick.found)).toEqual(inOrder(whole.found));
          expect(whole.found.length > 0).toBe(n < 16 && n !== people.national);
        }),
      );
    });
    expect(await ask(world, people.twoHomes, true)).toMatchObject({
      sent: (await ask(world, people.twoHomes)).sent,
    });
  });
});

describe('the evidence of a year', () => {
  it('is kept eight years, then dies with its key: every look-up says so, and the log still verifies (fault 34)', async () => {
    const world = await someNights();
    await expect(eraseYear(world.pipeline, '2026', 'time is over')).rejects.toEqual(failing('evidence-kept'));
    world.pass(8 * 366 * day);
    await setLegalHold(world.pipeline, 'court order 5');
    expect(await world.ledger.read(legalHold)).toBe('court order 5');
    await expect(eraseYear(world.pipeline, '2026', 'time is over')).rejects.toEqual(failing('evidence-kept'));
    await liftLegalHold(world.pipeline, 'case closed');
    await eraseYear(world.pipeline, '2026', 'time is over');
    await expect(eraseYear(world.pipeline, '2026', 'again')).rejects.toEqual(failing('evidence-destroyed'));
    for (const n of [people.sent, people.stranger]) {
      const answer = await ask(world, n);
      expect(answer.erasedYears).toEqual(['2026']);
      expect(sentOn(answer)).toEqual(n === people.sent ? ['2027-01-01/r1'] : []);
    }
    const erased = (await world.entries()).find(({ what }) => what === 'year-erased');
    expect(erased).toMatchObject({ year: '2026', reason: 'time is over', by: 'operator:test' });
  });
});

describe('a person erased', () => {
  it('is found no more, and nobody else is lost; the entry names nobody', async () => {
    const world = await someNights();
    const others = [people.sent, people.optedOutLater, people.restricted, 13];
    const before = await Promise.all(others.map((n) => ask(world, n)));
    await setLegalHold(world.pipeline, 'court order 5');
    const erase = (): Promise<number> =>
      erasePerson(world.pipeline, Number(testNumber(people.twoHomes)), 'case 18');
    await expect(erase()).rejects.toEqual(failing('evidence-kept'));
    await liftLegalHold(world.pipeline, 'case closed');
    expect(await erase()).toBe(8);
    await compactIfDue(world.pipeline);
    for (const thorough of [false, true])
      expect(await ask(world, people.twoHomes, thorough)).toMatchObject({
        sent: [],
        heldBack: [],
        erasedYears: [],
      });
    for (const [at, n] of others.entries())
      for (const thorough of [false, true])
        expect({ ...(await ask(world, n, thorough)), entry: null }).toEqual({ ...before[at], entry: null });
    expect(await erase()).toBe(0);
    const told = (await world.entries()).filter(({ what }) => what === 'person-erased');
    expect(told.map(({ blocks }) => (blocks as unknown[]).length)).toEqual([6, 2, 0]);
    expect(Object.keys(told[0] ?? {})).toEqual(['at', 'run', 'by', 'what', 'reason', 'blocks', 'blind']);
  });
});
