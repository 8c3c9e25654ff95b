/** Opt-outs carried over three nights, against the second reading of the policy: whoever we would ask about, it would too. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { readInstant } from '../../src/domain/calendar.ts';
import { foldId } from '../../src/domain/service-user.ts';
import { loadCarried, OptOutsSeen } from '../../src/pipeline/carried.ts';
import type { CarriedObjection, Keyring, LedgerReader } from '../../src/ports.ts';
import { referenceGate } from '../support/reference-gate.ts';
import type { GateQuestion, ReferenceOutcome } from '../support/reference-gate.ts';
import { cohort, readAt } from './cohort-cells.ts';
import type { RawRow } from './cohort-cells.ts';
import { outcomesOf, rosterUnder, understand } from './cohort-decision.ts';

const keyring = { carriedName: (kind: string, text: string) => `${kind}:${text}` } as unknown as Keyring;

/** What the ledger promises of objections carried again: they can only grow. */
function grown(a: CarriedObjection, b: CarriedObjection | undefined): CarriedObjection {
  if (b === undefined) return a;
  const seenIn = Math.max(a.columnSeenIn ?? -1, b.columnSeenIn ?? -1);
  return {
    ...a,
    since: Math.max(a.since, b.since),
    columnSeenIn: seenIn < 0 ? null : seenIn,
    known: a.known || b.known,
    numbers: [...a.numbers, ...b.numbers],
  };
}

/** What the last of several nights comes to after the others. */
async function lastOf(nights: readonly GateQuestion[]): Promise<ReferenceOutcome[]> {
  const stored = new Map<string, CarriedObjection>();
  const ledger = {
    async *carried() {
      yield* [...stored.values()];
      await Promise.resolve();
    },
  } as unknown as LedgerReader;
  let outcomes: ReferenceOutcome[] = [];
  for (const [night, q] of nights.entries()) {
    const understood = understand(q);
    const { book, rows } = understood;
    const carried = await loadCarried(ledger, keyring, book);
    const seen = new OptOutsSeen(keyring, book);
    const roster = rosterUnder(understood, (row) => carried.against(row));
    outcomes = outcomesOf(roster.settle());
    for (const row of rows) seen.add(row);
    seen.settle(roster);
    const intake = { ordinal: night + 1, producedAt: book.readAt };
    for (const objection of [...seen.toCarry(new Map(stored), intake), ...carried.underNewNumbers(roster)])
      stored.set(objection.id, grown(objection, stored.get(objection.id)));
  }
  return outcomes;
}

const readings = ['2026-11-20T02:30:00Z', '2026-11-21T02:30:00Z', readAt];

type Change = (cells: RawRow, night: number, index: number) => RawRow;
const night = cohort({ rows: [1, 5], choices: 4, people: 3 }, 25);
/** Three nights of three people, their rows and choices changed. */
const nightsOf = (nights: readonly GateQuestion[], changeRow: Change, changeChoice: Change): GateQuestion[] =>
  nights.map((q, n) => ({
    ...q,
    policy: 'test',
    readAt: readings[n]!,
    intake: {
      ...q.intake,
      serviceUsers: q.intake.serviceUsers.map((cells, index) => changeRow(cells, n, index)),
      choices: q.intake.choices.map((cells, index) => changeChoice(cells, n, index)),
    },
  }));

/** An opt-out asked for after its reading is asked for at the reading: how long one ahead of time is carried the policy leaves open. */
const notAhead: Change = (cells, n) => {
  const requested = readInstant(cells['requested_at']!) ?? -Infinity;
  const isAhead = cells['choice'] === 'opt_out' && requested > Date.parse(readings[n]!);
  return isAhead ? { ...cells, requested_at: readings[n]! } : cells;
};

async function demandAgreement(nights: readonly GateQuestion[]): Promise<void> {
  const earlier = nights.slice(0, -1).map((q) => ({ ...q.intake, readAt: q.readAt }));
  const expected = referenceGate({ ...nights.at(-1)!, earlier });
  const outcomes = await lastOf(nights);
  expect(outcomes.map((outcome, n) => outcome !== 'asked' || expected[n])).toEqual(
    outcomes.map((outcome) => outcome !== 'asked' || 'asked'),
  );
}

describe('opt-outs of earlier nights', () => {
  it('by choice object under every id and number they stood for', async () => {
    const byChoiceOnly: Change = (cells) =>
      cells['in_service_choice'] === 'opted_out' ? { ...cells, in_service_choice: 'none' } : cells;
    await fc.assert(
      fc.asyncProperty(fc.tuple(night, night, night), (nights) =>
        demandAgreement(nightsOf(nights, byChoiceOnly, notAhead)),
      ),
      { numRuns: 600 },
    );
  });

  it('by column object until their own service user opts in after the spell began', async () => {
    const isOut = fc.func(fc.constantFrom(true, false));
    const numbers: Readonly<Record<string, string>> = { 'SU-1': '9990000018', STRASSE: '9990000026' };
    await fc.assert(
      fc.asyncProperty(fc.tuple(night, night, night), isOut, (nights, out) => {
        // Whoever changes number begins a new spell in the one reading and not in the other: everybody keeps theirs.
        const byColumn: Change = (cells, n, index) => ({
          ...cells,
          nhs_number: numbers[foldId(cells['service_user_id']!)] ?? '9990000034',
          in_service_choice: n < 2 && out(n, index) ? 'opted_out' : 'none',
        });
        return demandAgreement(nightsOf(nights, byColumn, notAhead));
      }),
      { numRuns: 600 },
    );
  });
});
