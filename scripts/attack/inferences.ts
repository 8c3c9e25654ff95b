/** What follows from what stands beside each other: lists that differ, counts that are small. */
import { decodePiece } from '../../src/audit/evidence-encoding.ts';
import { rowsOf, pseudonymAt } from '../../src/audit/evidence-erasure.ts';
import type { Artefact, Row } from './artefacts.ts';

/** Somebody who stands in one list and not in the other that it holds: asked about, and did not come back. */
export interface Missing {
  readonly who: string;
  readonly how: string;
}

interface NamedList {
  readonly name: string;
  readonly members: ReadonlySet<string>;
}

/** Every pair of lists of which one holds the other: whoever is in the larger only was left out on the way. */
export function differences(lists: readonly NamedList[]): Missing[] {
  const missing = new Map<string, Missing>();
  for (const larger of lists)
    for (const smaller of lists) {
      if (smaller.members.size === 0 || smaller.members.size >= larger.members.size) continue;
      if (![...smaller.members].every((member) => larger.members.has(member))) continue;
      for (const who of larger.members)
        if (!smaller.members.has(who))
          missing.set(who, { who, how: `in ${larger.name}, not in ${smaller.name}` });
    }
  return [...missing.values()];
}

/** Lists of numbers as they are sent and answered, and as they are kept while a run is under way. */
export function numberLists(artefacts: readonly Artefact[]): NamedList[] {
  return artefacts.flatMap(({ place, bytes }) => {
    const texts = [...bytes.toString('latin1').matchAll(/(?:\d{10},?\r?\n){2,}/g)].map(
      ([run]) => run.match(/\d{10}/g) ?? [],
    );
    return [...texts, ...doublesIn(bytes)].map((numbers, n) => ({
      name: `list ${n + 1} of ${place}`,
      members: new Set(numbers),
    }));
  });
}

/** Ascending runs of doubles that are ten-digit numbers. */
function doublesIn(bytes: Buffer): string[][] {
  const lists: string[][] = [];
  const isNumber = (value: number): boolean => Number.isInteger(value) && value >= 1e9 && value < 1e10;
  for (let phase = 0; phase < 8; phase++) {
    let list: number[] = [];
    for (let at = phase; at + 8 <= bytes.length; at += 8) {
      const value = bytes.readDoubleLE(at);
      if (isNumber(value) && value > (list.at(-1) ?? 0)) list.push(value);
      else {
        if (list.length > 1) lists.push(list.map(String));
        list = isNumber(value) ? [value] : [];
      }
    }
    if (list.length > 1) lists.push(list.map(String));
  }
  return lists;
}

export interface StoredList {
  readonly run: string;
  readonly list: string;
  readonly pseudonyms: ReadonlySet<string>;
}

/** The person-level lists in the tables, by run and name. */
export function storedLists(tables: ReadonlyMap<string, readonly Row[]>): StoredList[] {
  const pieces = tables.get('evidence_pieces') ?? [];
  return (tables.get('evidence_lists') ?? []).map((row) => {
    const own = pieces.filter((piece) => piece['list_id'] === row['id']);
    const providers = own.flatMap(({ bytes }) => decodePiece(Buffer.from(bytes as Uint8Array)));
    const pseudonyms = providers.flatMap(({ blocks }) => blocks.map(rowsOf)).flatMap(pseudonymsIn);
    const revision = Number(row['revision']);
    const run = `${String(row['business_date'])}/${revision < 1 ? `rehearsal-${1 - revision}` : `r${revision}`}`;
    return { run, list: String(row['list']), pseudonyms: new Set(pseudonyms) };
  });
}

const pseudonymsIn = (rows: Buffer): string[] =>
  Array.from({ length: rows.length / 17 }, (_, row) => pseudonymAt(rows, row).toString('hex'));

/** What the counts of the log leave to somebody who knows who stood on the roster. */
export function smallCounts(entries: readonly Row[]): string[] {
  return entries.flatMap((entry) => {
    if (entry['what'] !== 'run-decided') return [];
    const { asked, outcomes } = entry['totals'] as { asked: number; outcomes: Record<string, number> };
    const missing = outcomes['not-cleared'] ?? 0;
    if (missing === 0) return [];
    const run = String(entry['run']);
    if (missing === asked) return [`${run}: everybody asked about did not come back, ${asked} in all`];
    return [`${run}: ${missing} of ${asked} did not come back; who knows the roster knows among whom`];
  });
}
