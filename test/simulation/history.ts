/**
 * A history: some nights of a few homes and all that goes wrong in them, as plain data, so that it can be printed, shrunk and played again.
 * Drawn from a seed; each history leaves out about half of the kinds of twist and trouble, so that rare ones meet undisturbed.
 */
import type { DropInterruption } from '../support/fake-drop.ts';
import type { Dice } from '../support/chance.ts';
import { diceOf } from '../support/chance.ts';
import { drawIntakes, withLostOptOut } from './people.ts';
import type { RawIntake } from '../support/reference-gate.ts';

/** How the national check answers a request. All but the first six are wrong in a way that can be known. */
export const answerKinds = [
  'proper',
  'twice',
  'reordered',
  'silent',
  'late',
  'slow',
  'fewer-later',
  'foreign-number',
  'repeated-number',
  'truncated',
  'refusal',
  'elsewhere',
  'other-workflow',
  'before-send',
  'earlier-answer',
  'page',
  'report',
  'empty',
] as const;
export type AnswerKind = (typeof answerKinds)[number];

export const mailboxOperations = [
  'handshake',
  'send',
  'findSent',
  'waiting',
  'download',
  'acknowledge',
] as const;
export type MailboxOperation = (typeof mailboxOperations)[number];

/** What goes wrong in a night. A step is one call of a worker to the ledger (to write), the mailbox or the drop, counted from 1. */
export type Trouble =
  | { readonly kind: 'crash'; readonly step: number; readonly when: 'before' | 'after' }
  /** Another worker takes over while this one stands before a step; when the other is done, it goes on. */
  | { readonly kind: 'takeover'; readonly step: number }
  | {
      readonly kind: 'mailbox';
      readonly operation: MailboxOperation;
      readonly code: number;
      readonly when: 'before' | 'after';
    }
  | { readonly kind: 'drop'; readonly at: DropInterruption }
  /** What people do while the run waits for the nth time, */
  | { readonly kind: 'meanwhile'; readonly wait: number; readonly what: Happening }
  /** or just before a step. */
  | { readonly kind: 'just-before'; readonly step: number; readonly what: Happening };

/** What people do while a run is under way. */
export type Happening =
  | { readonly does: 'choice'; readonly serviceUserId: string; readonly choice: 'opt_out' | 'opt_in' }
  | { readonly does: 'intake'; readonly intake: RawIntake; readonly nextDate: boolean }
  | { readonly does: 'stop'; readonly provider: string | null }
  | { readonly does: 'national'; readonly number: string };

export interface Night {
  readonly businessDate: string;
  /** Hour and minute, London time (in winter): some nights end on another date than they began. */
  readonly at: '02:30' | '23:40';
  readonly intake: RawIntake;
  /** Who has a national opt-out from this night on. */
  readonly national: readonly string[];
  /** How each request of the night is answered; the last kind goes on for the rest. */
  readonly answers: readonly AnswerKind[];
  readonly troubles: readonly Trouble[];
  /** What an operator does with a hold. */
  readonly hold: 'approve' | 'reject' | 'leave';
  /** Runs the date again when it is over. */
  readonly rerun: boolean;
}

export interface History {
  readonly seed: number;
  readonly maxNumbers: number;
  readonly layout: 'single' | 'per-location';
  readonly nights: readonly Night[];
}

export const troubleKinds = ['crash', 'takeover', 'mailbox', 'drop', 'meanwhile', 'just-before'] as const;

const firstDate = Date.UTC(2026, 10, 20);
const dateOf = (night: number): string => new Date(firstDate + night * 86_400_000).toISOString().slice(0, 10);

/**
 * Every eleventh history is long, three to five nights of twenty to forty people; the others are one or two nights of six to eleven. Most
 * of what can go wrong shows in the short ones, of which six are played in the time of a long one.
 */
const isLong = (seed: number): boolean => seed % 11 === 3;

export function drawHistory(seed: number): History {
  const dice = diceOf(seed * 2_654_435_761);
  const chance = (percent: number): boolean => dice.below(100) < percent;
  const [least, oneMore, more, people, steps] = isLong(seed) ? [3, 15, 3, 20, 60] : [1, 60, 2, 6, 40];
  const nightsDrawn = least + (chance(oneMore) ? dice.below(more) : 0);
  const dates = Array.from({ length: nightsDrawn }, (_, night) => dateOf(night));
  const drawn = drawIntakes(dice, dates, people);
  const { ids, numbers, providers } = drawn;
  const intakes = withLostOptOut(drawn, dates, diceForChance(seed + 1));
  const kinds = troubleKinds.filter(() => chance(50));
  const wrong = answerKinds.slice(1).filter(() => chance(50));
  const isCalm = chance(20);

  const happening = (night: number): Happening => {
    switch (dice.below(10)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return { does: 'choice', serviceUserId: dice.pick(ids), choice: chance(75) ? 'opt_out' : 'opt_in' };
      case 4:
        return { does: 'stop', provider: chance(50) ? null : dice.pick(providers) };
      case 5:
        return { does: 'national', number: dice.pick(numbers) };
      default:
        return {
          does: 'intake',
          intake: intakes[Math.min(night + 1, intakes.length - 1)]!,
          nextDate: chance(30) && night + 1 < dates.length,
        };
    }
  };
  const trouble = (night: number): Trouble => {
    const kind = dice.pick(kinds);
    switch (kind) {
      case 'crash':
        return { kind, step: 1 + dice.below(steps), when: dice.pick(['before', 'after']) };
      case 'takeover':
        return { kind, step: 1 + dice.below(steps) };
      case 'mailbox':
        return {
          kind,
          operation: dice.pick(mailboxOperations),
          code: dice.below(8),
          when: dice.pick(['before', 'after']),
        };
      case 'drop':
        return { kind, at: dice.pick(['before-files', 'before-manifest', 'before-last-flush']) };
      case 'meanwhile':
        return { kind, wait: 1 + dice.below(3), what: happening(night) };
      case 'just-before':
        return { kind, step: 1 + dice.below(steps), what: happening(night) };
    }
  };

  const out = new Set(numbers.filter(() => chance(8)));
  const nights = dates.map((businessDate, night): Night => {
    for (const number of numbers) if (chance(2)) if (!out.delete(number)) out.add(number);
    const troubled = !isCalm && kinds.length > 0;
    return {
      businessDate,
      at: chance(15) ? '23:40' : '02:30',
      intake: intakes[night]!,
      national: [...out].sort(),
      answers: Array.from({ length: 1 + dice.below(4) }, () =>
        !isCalm && wrong.length > 0 && chance(25) ? dice.pick(wrong) : 'proper',
      ),
      troubles: troubled ? Array.from({ length: dice.below(4) }, () => trouble(night)) : [],
      hold: dice.pick(['approve', 'approve', 'reject', 'leave']),
      rerun: chance(20),
    };
  });
  return {
    seed,
    maxNumbers: dice.pick([100_000, 10, 4]),
    layout: chance(20) ? 'per-location' : 'single',
    nights,
  };
}

export const diceForChance = (seed: number): Dice => diceOf(seed ^ 0x5bd1e995);
