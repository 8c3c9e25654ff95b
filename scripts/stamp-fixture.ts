import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { daysAfter, daysBetween, isDate, moment } from './cohort/days.ts';
import { writeManifest } from './cohort/intake-folder.ts';
import type { Manifest } from './cohort/intake-folder.ts';

export interface Stamp {
  /** `YYYY-MM-DD`. */
  readonly businessDate: string;
  /** RFC 3339 with offset. */
  readonly producedAt: string;
}

/**
 * Copies an intake folder as if it had been written for another business date: every cell that is a date or a time moves by the
 * days between the two, times of day and all other bytes stay, and the manifest is written anew (rows, SHA-256). `from` and `to`
 * may be the same folder; with the folder's own business date that renews a manifest after an edit. Throws RangeError for a stamp
 * that is no date or time.
 */
export function stampIntake(from: string, to: string, stamp: Stamp): void {
  const manifest = JSON.parse(fs.readFileSync(path.join(from, 'manifest.json'), 'utf8')) as Manifest;
  const { businessDate, producedAt } = stamp;
  moment(producedAt);
  const days = daysBetween(manifest.businessDate, businessDate);
  const texts = manifest.files.map(({ name }) => ({
    name,
    text: fs.readFileSync(path.join(from, name), 'utf8'),
  }));

  fs.mkdirSync(to, { recursive: true, mode: 0o700 });
  fs.rmSync(path.join(to, 'manifest.json'), { force: true });
  const files = texts.map(({ name, text }) => {
    const moved = text.replaceAll(cells, (cell) => moveCell(cell, days));
    fs.writeFileSync(path.join(to, name), moved, { mode: 0o600 });
    return { name, rows: countRows(moved), sha256: createHash('sha256').update(moved).digest('hex') };
  });
  writeManifest(to, { businessDate, producedAt, supplier: manifest.supplier, files });
}

const cells = /"(?:[^"]|"")*"|[^",\r\n]+/g;
const dateOrTime = /^("?)(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2}))?\1$/i;

function moveCell(cell: string, days: number): string {
  const [, quote, date, time] = dateOrTime.exec(cell) ?? [];
  if (date === undefined || !isDate(date)) return cell;
  return `${quote ?? ''}${daysAfter(date, days)}${time ?? ''}${quote ?? ''}`;
}

/** Rows under the header; a line break inside quotes ends no row, and the last row may go without one. */
function countRows(text: string): number {
  const bare = text.replaceAll(cells, 'x');
  return bare.split('\n').filter((line) => line.trim() !== '').length - 1;
}

if (process.argv[1] === import.meta.filename) {
  new Command('stamp-fixture')
    .description('Copy an intake folder and move its dates to another business date.')
    .requiredOption('--from <folder>', 'intake folder to copy')
    .requiredOption('--to <folder>', 'intake folder to write')
    .requiredOption('--date <date>', 'business date of the copy, YYYY-MM-DD')
    .option('--produced-at <time>', 'RFC 3339 time for the manifest', new Date().toISOString())
    .action((flags: { from: string; to: string; date: string; producedAt: string }) => {
      stampIntake(flags.from, flags.to, { businessDate: flags.date, producedAt: flags.producedAt });
      console.error(`Stamped ${flags.from} for ${flags.date} into ${flags.to}.`);
    })
    .parse();
}
