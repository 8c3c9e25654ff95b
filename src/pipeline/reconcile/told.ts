/** Entries as they are read back, and how findings name things. */
import type { Entry } from '../../domain/evidence.ts';
import type { Finding, FindingCode } from '../../domain/reconciliation.ts';
import type { StoredEntry } from '../../ports.ts';

/** An entry with its position in the log. */
export type Told<What extends Entry['what'] = Entry['what']> = Entry & {
  readonly what: What;
  readonly position: number;
};

/** The hash of the line has been recomputed before; what this version does not know of stands in it untouched. */
export function toldIn({ position, line }: StoredEntry): Told {
  return { ...(JSON.parse(Buffer.from(line).toString()) as Entry), position };
}

export const atEntry = ({ position, what }: Pick<Told, 'position' | 'what'>): string =>
  `entry ${position} (${what})`;

export const finding = (code: FindingCode, place: string, found: string, told: string): Finding => ({
  code,
  place,
  found,
  told,
});

/** A value as findings show it. */
export const shown = (value: unknown): string =>
  value === null || value === undefined
    ? 'nothing'
    : typeof value === 'string'
      ? value
      : JSON.stringify(value);
