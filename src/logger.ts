/** What programs that nobody watches write: one line of JSON for each thing that happened, and no NHS number, whatever was handed over. */
import { pino } from 'pino';
import type { Logger as Pino } from 'pino';

export type Logger = Pick<Pino, 'info' | 'warn' | 'error'>;

/** Ten digits by themselves, written together or in threes and four; longer numbers are times and sizes. */
const looksLikeANumber = /(?<![\d.])\d{3}[ \u00a0-]?\d{3}[ \u00a0-]?\d{4}(?![\d.])/g;

/** The last thing between us and the log: the finished line is looked through once more, so that no call can forget to. */
export const masked = (line: string): string => line.replace(looksLikeANumber, '##########');

/** Writes to a stream; times in UTC. */
export function createLogger(stream: { write(line: string): unknown }): Logger {
  const last = { write: (line: string) => void stream.write(masked(line)) };
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, last);
}
