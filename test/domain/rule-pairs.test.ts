/** The self-test before each decision: it passes on the rules as they are, and names any rule that has ceased to hold. */
import { describe, expect, it } from '@jest/globals';

import { askedOutcomes, gateOutcomes } from '../../src/domain/eligibility.ts';
import { demandRulesHold, ownRules } from '../../src/domain/rule-pairs.ts';
import type { Rules } from '../../src/domain/rule-pairs.ts';
import { terms } from './roster-samples.ts';

const demand = (rules: Partial<Rules>): void => {
  demandRulesHold(terms, { ...ownRules, ...rules });
};
const failed = (place: string, found: string): object =>
  expect.objectContaining({ code: 'self-test-failed', detail: expect.objectContaining({ place, found }) });

it('the rules hold, on an ordinary night, on one that ends past midnight, and on a leap day', () => {
  for (const dates of [
    {},
    { releaseDate: '2026-11-23' },
    { businessDate: '2028-02-29', releaseDate: '2028-03-01' },
    { businessDate: '2026-12-31', releaseDate: '2027-01-01' },
  ])
    expect(() => {
      demandRulesHold({ ...terms, ...dates });
    }).not.toThrow();
});

describe('a gate', () => {
  it.each(gateOutcomes.filter((outcome) => outcome !== 'asked'))('that lets %s pass is found', (reason) => {
    const gate: Rules['gate'] = (...someone) => {
      const outcome = ownRules.gate(...someone);
      return outcome === reason ? 'asked' : outcome;
    };
    expect(() => {
      demand({ gate });
    }).toThrow(failed(reason, 'asked'));
  });

  it('that asks about nobody is found', () => {
    expect(() => {
      demand({ gate: () => 'restricted' });
    }).toThrow(failed('provider-not-participating', 'restricted'));
  });

  it.each([
    ['a ground on the day of release', { releaseDate: terms.businessDate }, 'provider-not-participating'],
    ['what is carried', { isCarried: false }, 'opted-out-in-service'],
    ['choices', { choices: [] }, 'opted-out-in-service'],
    ['the row beside', { beside: null }, 'number-shared'],
    ['a stop', { isStopped: false }, 'provider-stopped'],
  ])('that looks away from %s is found', (_what, blind, rule) => {
    const gate: Rules['gate'] = (someone, dates) =>
      ownRules.gate({ ...someone, ...blind }, { ...dates, ...blind });
    expect(() => {
      demandRulesHold({ ...terms, releaseDate: '2026-11-23' }, { ...ownRules, gate });
    }).toThrow(failed(rule, 'asked'));
  });
});

it.each(askedOutcomes.filter((outcome) => outcome !== 'released'))(
  'a release of %s after the answer is found',
  (outcome) => {
    expect(() => {
      demand({
        afterwards: (facts) => {
          const own = ownRules.afterwards(facts);
          return own === outcome ? 'released' : own;
        },
      });
    }).toThrow(failed(outcome, 'released'));
  },
);
