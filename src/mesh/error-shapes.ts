import type { Instant } from '../domain/calendar.ts';
import { second } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import type { FailureCode } from '../domain/failure.ts';
import type { WireAnswer } from './wire.ts';

/** What MESH complains of, in its own words so far as they could be read. */
interface Complaint {
  readonly event: string;
  readonly code: string;
  readonly text: string;
}

/**
 * The failure that an answer other than success stands for: 403 `mesh-forbidden`, 404 `mesh-not-found`, 410 `mesh-gone`; 408, 425, 429
 * and 5xx `mesh-unavailable`; all else `mesh-rejected` (redirects too, none is followed). The status decides; the body only adds
 * words, in any of the shapes met: list of details, list of validation faults, version 1, generic message, XML, HTML, plain text,
 * none (MESH API v2 specification, error codes; public sandbox).
 */
export function failureOfAnswer(answer: WireAnswer, place: string): Failure {
  const { event, code, text } = complaintOf(answer.body);
  const named = [event, code].filter((word) => word !== '').join(' ');
  const failureCode = codeOf(answer.status);
  return new Failure(failureCode, {
    message: `MESH answered ${answer.status}${named === '' ? '' : ` (${named})`}${text === '' ? '' : `: ${text}`}`,
    place,
    hint: hints[failureCode],
  });
}

/** How long the server asks us to wait (RFC 9110, Retry-After), in milliseconds; 0 if it does not say or says it oddly. */
export function retryAfterMs(headers: WireAnswer['headers'], now: Instant): number {
  const value = headers['retry-after']?.trim() ?? '';
  if (/^[0-9]{1,9}$/.test(value)) return Number(value) * second;
  return Math.max(0, (readHttpDate(value) ?? now) - now);
}

const httpDate = /^[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$/;

/** The instant of an HTTP date in the form everyone sends (RFC 9110, IMF-fixdate), else null. */
export function readHttpDate(value: string): Instant | null {
  const at = httpDate.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(at) ? null : at;
}

type AnswerCode = Extract<
  FailureCode,
  'mesh-forbidden' | 'mesh-not-found' | 'mesh-gone' | 'mesh-unavailable' | 'mesh-rejected'
>;

function codeOf(status: number): AnswerCode {
  if (status === 403) return 'mesh-forbidden';
  if (status === 404) return 'mesh-not-found';
  if (status === 410) return 'mesh-gone';
  return [408, 425, 429].includes(status) || status >= 500 ? 'mesh-unavailable' : 'mesh-rejected';
}

const hints: Readonly<Record<AnswerCode, string>> = {
  'mesh-forbidden':
    'Check mailbox id, password, shared key, client certificate and the clock of this machine.',
  'mesh-not-found': 'MESH does not know it, or does not show it to this mailbox.',
  'mesh-gone': 'It was acknowledged already, has expired, or is still being uploaded.',
  'mesh-unavailable': 'MESH is there but cannot serve now. Nothing was lost; the next attempt may do.',
  'mesh-rejected':
    'The same call will be refused again. Check recipient, workflow and the MESH configuration.',
};

function complaintOf(body: Uint8Array): Complaint {
  const text = new TextDecoder().decode(body).trim();
  const start = text.slice(0, 4000);
  if (/^<!doctype html|^<html/i.test(start))
    return words(`HTML page ${/<title[^<>]*>([^<]*)/i.exec(start)?.[1] ?? ''}`);
  if (start.startsWith('<')) return words(start.replaceAll(/<[^<>]*>/g, ' '));
  if (!/^[{[]/.test(start)) return words(start);
  try {
    return complaintOfJson(JSON.parse(text));
  } catch {
    return words('words that could not be read');
  }
}

function complaintOfJson(json: unknown): Complaint {
  const { detail, message, errorEvent, errorCode, errorDescription } = fieldsOf(json);
  if (Array.isArray(detail)) return complaintOfDetails(detail);
  if (typeof detail === 'string') return words(detail);
  if (errorDescription !== undefined || errorCode !== undefined)
    return complaint(errorEvent, errorCode, errorDescription);
  return words(message ?? 'words of an unknown shape');
}

/** Version 2: what MESH itself complains of has event and code; a fault of header, query or path has its place instead. */
function complaintOfDetails(details: readonly unknown[]): Complaint {
  const { event, code, msg, loc } = fieldsOf(details[0]);
  const at = Array.isArray(loc) ? `${loc.filter((part) => typeof part === 'string').join(' ')}: ` : '';
  return complaint(event, code, `${at}${typeof msg === 'string' ? msg : ''}`);
}

const fieldsOf = (json: unknown): Readonly<Record<string, unknown>> =>
  typeof json === 'object' && json !== null ? (json as Readonly<Record<string, unknown>>) : {};

const words = (text: unknown): Complaint => complaint('', '', text);

const complaint = (event: unknown, code: unknown, text: unknown): Complaint => ({
  event: cleaned(event, 40),
  code: cleaned(code, 40),
  text: cleaned(text, 160),
});

/**
 * One short line that is safe to log: no control or direction characters, no token of ours sent back to us, and no run of nine digits
 * or more, however spaced, for it might be an NHS number.
 */
export function cleaned(text: unknown, maximumLength: number): string {
  if (typeof text !== 'string') return '';
  const line = text
    .slice(0, 4000)
    .replaceAll(/[\p{C}\s]+/gu, ' ')
    .replaceAll(/NHSMESH\s+\S+/gi, 'NHSMESH [token]')
    .replaceAll(/\p{Nd}(?:[\s\p{Pd}.]?\p{Nd}){8,}/gu, '[digits]')
    .trim();
  return line.length > maximumLength ? `${line.slice(0, maximumLength - 1)}…` : line;
}
