/**
 * What a person signs who asks for something about people: a look-up, an erasure. The text says what is asked and why, and holds for half
 * an hour; it never says about whom, for a text is printed, copied and kept.
 */
import { formatInstant, minute } from './calendar.ts';
import type { Instant } from './calendar.ts';
import { Failure } from './failure.ts';
import { readNumberCell } from './nhs-number.ts';

/** One of the things that can be asked for; `year` where a year is meant, `stop` as `nameOfStop` says it. */
export type SignedRequest =
  | { readonly what: 'look-up' | 'erase-person' | 'lift-legal-hold'; readonly reason: string }
  | { readonly what: 'erase-year'; readonly reason: string; readonly year: string }
  | { readonly what: 'lift-stop'; readonly reason: string; readonly stop: string };

/** A text holds from a quarter of an hour on the clock until half an hour later, so that one printed now can be signed in peace. */
const quarter = 15 * minute;
const quartersValid = 2;

/** The text to be signed now, byte for byte, for the log of this origin. */
export const requestText = (request: SignedRequest, origin: string, now: Instant): string =>
  textFrom(request, origin, Math.floor(now / quarter) * quarter);

/** Every text for the same request that still holds, the newest first. */
export const validTexts = (request: SignedRequest, origin: string, now: Instant): readonly string[] =>
  Array.from({ length: quartersValid }, (_, ago) => requestText(request, origin, now - ago * quarter));

function textFrom(request: SignedRequest, origin: string, from: Instant): string {
  const lines = [`export-gate ${request.what}`, `log ${origin}`, `reason ${request.reason}`];
  const which =
    request.what === 'erase-year'
      ? [`year ${request.year}`]
      : request.what === 'lift-stop'
        ? [`stop ${request.stop}`]
        : [];
  const until = from + quartersValid * quarter;
  return [...lines, ...which, `from ${formatInstant(from)}`, `until ${formatInstant(until)}`, ''].join('\n');
}

/** Roles that answer people about their data (R59, R80). */
export const personRoles = ['data-protection-lead', 'caldicott-guardian'] as const;

/** Whether a role of `APPROVERS_FILE` is one of them: `Caldicott Guardian` is `caldicott-guardian`. */
export function isPersonRole(role: string): boolean {
  const name = role
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, '-');
  return personRoles.some((known) => known === name);
}

const longestReason = 500;

/**
 * The reason, without white space around it. Throws `usage` for one that is empty, too long, of more than one line, or that names an NHS
 * number: reasons are entries of the log, and stay (R61).
 */
export function demandReason(text: string): string {
  const reason = text.trim();
  const fault =
    reason === ''
      ? 'It is empty.'
      : reason.length > longestReason
        ? 'It is too long.'
        : /[\p{Cc}\p{Zl}\p{Zp}]/u.test(reason)
          ? 'It has more than one line, or control characters.'
          : namesNumber(reason)
            ? 'It holds an NHS number.'
            : null;
  if (fault === null) return reason;
  throw new Failure('usage', {
    message: `The reason cannot be written down. ${fault}`,
    place: '--reason',
    allowed: `one line of up to ${longestReason} characters, without an NHS number`,
    hint: 'Nothing was looked up or changed. Say why in a few words; a case number will do.',
  });
}

const digits = /\d(?:[\s.-]?\d){9,}/g;

/** Whether ten digits in a row, however they are spaced, are a valid NHS number. */
export const namesNumber = (text: string): boolean =>
  [...text.matchAll(digits)].some(([run]) => {
    const plain = run.replaceAll(/\D/g, '');
    return Array.from({ length: plain.length - 9 }, (_, at) => plain.slice(at, at + 10)).some(
      (ten) => readNumberCell(ten).kind === 'valid',
    );
  });
