import type { LocalDate } from '../domain/calendar.ts';
import { spotOf, whatOf } from './fault.ts';
import type { IntakeFault, Severity } from './fault.ts';
import type { FaultCounts } from './fault-list.ts';

/**
 * What `intake check --json` prints, field for field. Names and meanings here are stable; fields may be added.
 *
 * Each fault: `file` (null: the folder), `line` (1 is the header; null: the file), `column`, `code`, `found` (NHS numbers masked),
 * `allowed`, `hint`, `severity` (`refuses` the folder, `holds-back` people, `note`).
 */
export interface IntakeReport {
  /** The folder as it was given. */
  readonly folder: string;
  /** What the manifest says, null where it cannot be read. */
  readonly businessDate: LocalDate | null;
  /** RFC 3339, UTC. */
  readonly producedAt: string | null;
  readonly supplier: string | null;
  /** Whether a run that opens now would take the folder. */
  readonly accepted: boolean;
  /** Whether it would then be held before anybody is asked about: recent opt-outs that belong to nobody on the roster. */
  readonly holdsRun: boolean;
  /** Rows read, by file; without the header. */
  readonly rows: Readonly<Record<string, number>>;
  readonly severities: Readonly<Record<Severity, number>>;
  /** All faults, by code. */
  readonly counts: FaultCounts;
  /** Faults that are counted but not listed, by code: at most the first 1,000 and the first of each code are. */
  readonly notListed: FaultCounts;
  /** By file (folder, manifest, roster, choices, providers) and line. */
  readonly faults: readonly IntakeFault[];
}

/** The report for people: the verdict on the first line, then the faults by file, then the totals on the last line. */
export function formatIntakeReport(report: IntakeReport): string {
  const lines = [verdict(report), ''];
  let file: IntakeFault['file'] | undefined;
  for (const fault of report.faults) {
    if (fault.file !== file) lines.push(fault.file ?? report.folder);
    file = fault.file;
    lines.push(`  ${lineOf(fault)}`);
  }
  if (report.faults.length > 0) lines.push('');
  const rest = Object.entries(report.notListed).map(([code, count]) => `${count} more of ${code}`);
  if (rest.length > 0) lines.push(`Not listed: ${rest.join(', ')}.`);
  return [...lines, totals(report), ''].join('\n');
}

function verdict({ accepted, holdsRun, severities }: IntakeReport): string {
  if (!accepted)
    return `Tonight's run would refuse this folder: ${count(severities.refuses, 'fault')} against it. Nobody would be asked about and nothing would leave.`;
  if (holdsRun)
    return "Tonight's run would take this folder, and then hold: a recent opt-out belongs to nobody on the roster. Nothing would leave until somebody has looked.";
  return "Tonight's run would take this folder.";
}

function lineOf(fault: IntakeFault): string {
  const place = spotOf(fault);
  const { code, found, allowed, hint, severity } = fault;
  return `${place}${place === '' ? '' : ': '}${whatOf(code)}. Found ${found}; allowed: ${allowed}. ${hint} [${severity}: ${code}]`;
}

const count = (many: number, noun: string): string => `${many} ${noun}${many === 1 ? '' : 's'}`;

function totals({ rows, severities, businessDate }: IntakeReport): string {
  const read = Object.entries(rows).map(([file, many]) => `${file} ${count(many, 'row')}`);
  const faults = `${severities.refuses} refuse, ${severities['holds-back']} hold back, ${count(severities.note, 'note')}`;
  return `${['Business date ' + (businessDate ?? 'unknown'), ...read, faults].join('; ')}.`;
}
