/** The gate's own way from raw cells to a decision, by the readers of the intake. */
import { readInstant } from '../../src/domain/calendar.ts';
import type { Decision } from '../../src/domain/decision.ts';
import type { Terms } from '../../src/domain/eligibility.ts';
import { ChoiceBook } from '../../src/domain/in-service-choice.ts';
import type { Provider } from '../../src/domain/provider.ts';
import { Roster } from '../../src/domain/roster.ts';
import type { ServiceUserRow } from '../../src/domain/service-user.ts';
import { readChoice } from '../../src/intake/choice-row.ts';
import { addProvider, readProvider } from '../../src/intake/provider-row.ts';
import { readRosterRow } from '../../src/intake/roster-row.ts';
import { choicesTable, providersTable, rosterTable } from '../../src/intake/tables.ts';
import type { Cells, Table, TableRow } from '../../src/intake/tables.ts';
import type { GateQuestion, ReferenceOutcome } from '../support/reference-gate.ts';
import type { RawRow } from './cohort-cells.ts';

const inOrder = <Columns extends readonly string[]>(
  { columns }: Table<Columns>,
  raw: RawRow,
): TableRow<Columns> => ({
  line: 2,
  cells: columns.map((column) => raw[column] ?? '') as unknown as Cells<Columns>,
});

const refuse = (fault: unknown): never => {
  throw new Error(`the cohort is not one that an intake may hold: ${JSON.stringify(fault)}`);
};

export interface Understood {
  readonly terms: Terms;
  readonly providers: ReadonlyMap<string, Provider>;
  readonly book: ChoiceBook;
  readonly rows: readonly ServiceUserRow[];
}

export function understand({ intake, ...q }: GateQuestion, releaseDate = q.businessDate): Understood {
  const providers = new Map<string, Provider>();
  for (const raw of intake.providers)
    addProvider(providers, readProvider(inOrder(providersTable, raw), refuse), 2, refuse);
  const book = new ChoiceBook(readInstant(q.readAt) ?? Number.NaN);
  for (const raw of intake.choices) book.add(readChoice(inOrder(choicesTable, raw), refuse));
  const numbers = { name: q.policy, extraRanges: q.extraRanges ?? [] };
  return {
    terms: { businessDate: q.businessDate, releaseDate, numbers },
    providers,
    book,
    rows: intake.serviceUsers.map((raw) => readRosterRow(inOrder(rosterTable, raw), refuse)),
  };
}

/** `isCarried`: whether an opt-out of an earlier night stands against a row. */
export function rosterUnder(
  { terms, providers, book, rows }: Understood,
  isCarried: (row: ServiceUserRow) => boolean,
): Roster {
  const roster = new Roster(terms, providers, book);
  for (const row of rows) roster.add(row, isCarried(row));
  return roster;
}

export const decide = (q: GateQuestion, releaseDate?: string): Decision =>
  rosterUnder(understand(q, releaseDate), () => false).settle();

export const outcomesOf = (decision: Decision): ReferenceOutcome[] =>
  Array.from({ length: decision.rows }, (_, index) => decision.outcomeOf(index));

export const asked = (q: GateQuestion): number[] => [...decide(q).askedNumbers()];
