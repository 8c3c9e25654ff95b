/** Made-up people on a real roster: whom they meet, whom they leave alone, and what is said when one of them gets through. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { Canaries, demandNoCanary, optOutWays } from '../../src/domain/canary.ts';
import type { Decision } from '../../src/domain/decision.ts';
import { gateOutcomes } from '../../src/domain/eligibility.ts';
import type { GateOutcome, Terms } from '../../src/domain/eligibility.ts';
import { ChoiceBook } from '../../src/domain/in-service-choice.ts';
import { isInRange, passesModulus11 } from '../../src/domain/nhs-number.ts';
import { numberList } from '../../src/domain/number-list.ts';
import type { Provider } from '../../src/domain/provider.ts';
import { Roster } from '../../src/domain/roster.ts';
import type { ServiceUserRow } from '../../src/domain/service-user.ts';
import { failing } from '../support/contracts/ledger-desk.ts';
import { numberCell, ONE, provider, readAt, row, terms, TWO } from './roster-samples.ts';

const homes = [provider(), provider({ providerId: 'home-2' })];
const live: Terms = { ...terms, numbers: { name: 'live', extraRanges: [] } };

/** Decides on rows with made-up people among them. */
function decideAmong(
  rows: readonly ServiceUserRow[],
  providers: readonly Provider[] = homes,
  on: Terms = terms,
): { decision: Decision; canaries: Canaries } {
  const canaries = new Canaries(providers, on);
  const book = new ChoiceBook(readAt);
  for (const choice of canaries.choices(readAt)) book.add(choice);
  const roster = new Roster(on, new Map(providers.map((each) => [each.providerId, each])), book);
  for (const each of rows) roster.add(each, false);
  canaries.plant(roster);
  return { decision: roster.settle(), canaries };
}

describe('planted among real people', () => {
  it('one for each provider and way out is held back for the opt-out, under both policies', () => {
    for (const on of [terms, live]) {
      const { decision, canaries } = decideAmong([row()], homes, on);
      expect(decision.plantedOutcomes()).toEqual(Array(10).fill('opted-out-in-service'));
      expect(canaries.numbers).toHaveLength(homes.length * optOutWays.length);
      expect(() => {
        canaries.demandHeldBack(decision);
      }).not.toThrow();
    }
  });

  it('they stand in no count and on no list, and match every choice made up for them', () => {
    const { decision, canaries } = decideAmong([
      row(),
      row({ serviceUserId: 'su-2', number: numberCell(TWO) }),
    ]);
    expect(decision.rows).toBe(2);
    expect(Object.values(decision.counts()).reduce((sum, count) => sum + count)).toBe(2);
    expect([...decision.askedNumbers()]).toEqual([ONE, TWO]);
    expect([...decision.heldBackRows()]).toEqual([]);
    expect(decision.unmatched).toEqual({ recentIds: [], recentNameless: false, older: 0 });
    expect([...canaries.numbers].filter((number) => [ONE, TWO].includes(number))).toEqual([]);
  });

  it('their numbers are valid, issued to nobody, and borne by nobody on the roster', () => {
    const taken = [9_999_999_980, 9_999_999_972, 9_999_999_964].filter(passesModulus11);
    const rows = taken.map((number, at) => row({ serviceUserId: `su-${at}`, number: numberCell(number) }));
    const { decision, canaries } = decideAmong(rows);
    for (const number of canaries.numbers) {
      expect(passesModulus11(number)).toBe(true);
      expect(isInRange(number, live.numbers)).toBe(false);
      expect(taken).not.toContain(number);
    }
    expect([...decision.askedNumbers()]).toEqual(taken.toSorted((a, b) => a - b));
  });

  it('nobody real is decided on otherwise for their being there', () => {
    const rowOf = fc.record({
      serviceUserId: fc.constantFrom('su-1', 'su-2', 'su-3', ''),
      providerId: fc.constantFrom('home-1', 'home-2', 'home-3'),
      number: fc.constantFrom(ONE, TWO, 9_999_999_980).map(numberCell),
      choiceColumn: fc.constantFrom('none' as const, 'opted_out' as const),
    });
    fc.assert(
      fc.property(fc.array(rowOf, { maxLength: 12 }), (overs) => {
        const rows = overs.map(row);
        const { decision } = decideAmong(rows);
        const alone = new Roster(
          terms,
          new Map(homes.map((each) => [each.providerId, each])),
          new ChoiceBook(readAt),
        );
        for (const each of rows) alone.add(each, false);
        const without = alone.settle();
        expect(decision.counts()).toEqual(without.counts());
        expect(decision.askedNumbers()).toEqual(without.askedNumbers());
        expect([...decision.heldBackRows()]).toEqual([...without.heldBackRows()]);
      }),
    );
  });
});

describe('one of them', () => {
  const outcomes = (at: number, outcome: GateOutcome): Pick<Decision, 'plantedOutcomes'> => ({
    plantedOutcomes: () =>
      Array.from({ length: 10 }, (_, index) => (index === at ? outcome : 'opted-out-in-service')),
  });
  const { canaries } = decideAmong([row()]);

  it.each(gateOutcomes.filter((outcome) => outcome !== 'opted-out-in-service'))(
    'found %s stops the run',
    (outcome) => {
      const code = outcome === 'asked' ? 'canary-survived' : 'canary-lost';
      for (let at = 0; at < 10; at++)
        expect(() => {
          canaries.demandHeldBack(outcomes(at, outcome));
        }).toThrow(failing(code));
    },
  );

  it('without an outcome stops the run', () => {
    expect(() => {
      canaries.demandHeldBack({ plantedOutcomes: () => [] });
    }).toThrow(failing('canary-lost'));
  });

  it('is told by its provider and way, and by no number', () => {
    expect(() => {
      canaries.demandHeldBack(outcomes(7, 'asked'));
    }).toThrow(
      expect.objectContaining({ detail: expect.objectContaining({ place: 'home-2, opted out: digital' }) }),
    );
  });

  it('in a list stops the list', () => {
    const [canary] = canaries.numbers;
    expect(() => {
      demandNoCanary(numberList([ONE, canary ?? 0]), canaries.numbers, 'a list');
    }).toThrow(failing('canary-survived'));
    expect(() => {
      demandNoCanary(numberList([ONE]), canaries.numbers, 'a list');
    }).not.toThrow();
  });
});
