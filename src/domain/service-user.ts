import type { LocalDate } from './calendar.ts';
import type { NumberCell } from './nhs-number.ts';

/** Closed lists of the roster; `unknown` is whatever else stood in the cell, and objects (R12). */
export const personTypes = ['service_user', 'staff'] as const;
export const choiceColumns = ['none', 'opted_out', 'opted_in'] as const;
export const yesOrNo = ['yes', 'no'] as const;

export type Listed<T extends string> = T | 'unknown';

/** A cell on its closed list, or `unknown`. */
export function onList<T extends string>(list: readonly T[], cell: string): Listed<T> {
  return list.find((value) => value === cell) ?? 'unknown';
}

/** The end of a period: a date (an empty cell is the end of time), or null where it cannot be read. */
export type PeriodEnd = LocalDate | null;

/** A roster row once understood. */
export interface ServiceUserRow {
  readonly serviceUserId: string;
  readonly providerId: string;
  readonly locationId: string;
  readonly number: NumberCell;
  readonly personType: Listed<(typeof personTypes)[number]>;
  readonly informedOn: LocalDate | null;
  readonly noticeVersion: string;
  readonly choiceColumn: Listed<(typeof choiceColumns)[number]>;
  readonly restricted: Listed<(typeof yesOrNo)[number]>;
  readonly residentFrom: LocalDate | null;
  readonly residentTo: PeriodEnd;
}

/** An end so far off that it stands for an open one. */
export const endOfTime: LocalDate = '9999-12-31';

/** From `from` to `to`, both included; a date that cannot be read is not reached. */
export const covers = (from: LocalDate | null, to: PeriodEnd, date: LocalDate): boolean =>
  from !== null && from <= date && to !== null && to >= date;

export const isResident = (row: ServiceUserRow, date: LocalDate): boolean =>
  covers(row.residentFrom, row.residentTo, date);

/** Resident, or of unreadable dates: for what a doubt must hold back rather than let go. */
export const mayBeResident = (row: ServiceUserRow, date: LocalDate): boolean =>
  row.residentFrom === null || row.residentTo === null || isResident(row, date);

/** CQC location id: `1-` and six to twelve digits. */
export const isLocationId = (locationId: string): boolean => /^1-[0-9]{6,12}$/.test(locationId);

const plainId = /^[!-~]*$/;
const unsafeId = /^\s|\s$|[\p{Cc}\p{Cf}]/u;

/** Whether two ids that look the same may differ: outer white space, control and invisible format characters. */
export const isUnsafeId = (id: string): boolean => !plainId.test(id) && unsafeId.test(id);

/**
 * Ids that differ only in case count as one person for objections. Lower then upper case is the full Unicode folding as far as
 * equality goes; where it joins more than that, somebody is held back, never let go.
 */
export const foldId = (id: string): string => id.toLowerCase().toUpperCase();
