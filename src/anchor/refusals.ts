/** The two ways in which an anchor does not take a checkpoint. */
import { Failure } from '../domain/failure.ts';
import type { FailureDetail } from '../domain/failure.ts';

/** `anchor-unreachable`: it has not taken it, or may not have. */
export const unreachable = (
  message: string,
  detail: Omit<FailureDetail, 'message'> & { readonly place: string },
): Failure =>
  new Failure('anchor-unreachable', {
    hint: 'Nothing is lost. It is tried again after the next run, and by `export-gate audit anchor`.',
    ...detail,
    message,
  });

/** `anchor-refused`: it holds more than we show, or something else. */
export const refused = (
  message: string,
  detail: Omit<FailureDetail, 'message'> & { readonly place: string },
): Failure =>
  new Failure('anchor-refused', {
    hint: 'Either this log was cut or rewritten (an older ledger restored?), or what the anchor holds was. Nothing leaves until a person knows which: keep both as they are and compare them.',
    ...detail,
    message,
  });

/** The fixed name of a system error, never its text: that may hold anything. */
export const errorCode = (thrown: unknown): string | null =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : null;
