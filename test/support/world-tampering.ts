/** Ways to tamper with the world beside the log, drawn by chance; each says where it must be found. */
import fs from 'node:fs';
import path from 'node:path';

import type { ErasedBlock } from '../../src/domain/custody.ts';
import type { Dice } from './chance.ts';
import { dates } from './eventful-world.ts';
import type { World } from './gate-world.ts';
import { atThePrompt, rewriteLog } from './meddling.ts';
import type { LogLine, Prompt, Row } from './meddling.ts';

/** Does it, and says what the place of some finding must hold. */
export type Tampering = (world: World, dice: Dice) => Promise<readonly string[]>;

const standing = [dates.split, dates.held, dates.last] as const;
const filesOf = ['nhs-numbers.csv', 'manifest.json'] as const;

function flipByte(file: string, dice: Dice): void {
  const bytes = fs.readFileSync(file);
  const at = dice.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 + dice.below(255));
  fs.writeFileSync(file, bytes);
}

const editedFile =
  (name: (typeof filesOf)[number]): Tampering =>
  (world, dice) => {
    const date = dice.pick(standing);
    const file = path.join(world.dropFolder(date), name);
    if (dice.below(3) === 0) fs.truncateSync(file, dice.below(fs.statSync(file).size));
    else flipByte(file, dice);
    return Promise.resolve([`${date}/r1/${name}`]);
  };

/** Another value than the one that stands in a column. */
function another(dice: Dice, column: string, value: unknown): unknown {
  const states = ['opened', 'gated', 'asked', 'answered', 'released', 'sealed', 'withheld', 'failed'];
  const requestStates = ['planned', 'intended', 'sent', 'answered', 'split', 'refused', 'unanswered', 'void'];
  const decisions = ['approved', 'rejected', 'expired'];
  const word = (words: readonly string[]): string =>
    dice.pick(words.filter((candidate) => candidate !== value));
  if (column === 'state')
    return word(
      typeof value === 'string' && requestStates.includes(value) && !states.includes(value)
        ? requestStates
        : states,
    );
  if (column === 'request_state') return word(requestStates);
  if (column === 'held_from') return word(['gated', 'answered']);
  if (column === 'decision') return word(decisions);
  if (column === 'stage') return word(['before-asking', 'before-release']);
  if (column === 'reasons') return JSON.stringify([word(['drop-jump', 'roster-jump'])]);
  if (column === 'totals') return editedTotals(dice, value);
  if (column === 'settings') return JSON.stringify({ PURPOSE: `another ${dice.below(1000)}` });
  if (column.endsWith('_at')) return Number(value ?? 1e12) + 3_600_000 * (1 + dice.below(1000));
  if (column === 'released') return Number(value ?? 0) + 1 + dice.below(5);
  if (typeof value === 'number') return column === 'acknowledged' ? 1 - value : value + 1 + dice.below(5);
  return `${String(value)}${dice.below(10)}`;
}

function editedTotals(dice: Dice, value: unknown): string {
  const totals = JSON.parse(
    (value as string | null) ?? '{"rows":{"asked":0},"asked":0,"outcomes":{"released":0}}',
  ) as {
    asked: number;
    rows: Record<string, number>;
    outcomes: Record<string, number>;
  };
  const [counts, name] = dice.pick([
    ...Object.keys(totals.rows).map((name) => [totals.rows, name] as const),
    ...Object.keys(totals.outcomes).map((name) => [totals.outcomes, name] as const),
  ]);
  counts[name] = (counts[name] ?? 0) + 1 + dice.below(9);
  return JSON.stringify(totals);
}

interface EditedRow {
  readonly table: string;
  readonly key: readonly string[];
  readonly columns: readonly string[];
  readonly place: (row: Row) => readonly string[];
}

const editedRow =
  ({ table, key, columns, place }: EditedRow): Tampering =>
  (world, dice) =>
    atThePrompt(world, (prompt) => {
      const row = dice.pick(prompt.all(`SELECT * FROM ${table}`));
      const column = dice.pick(columns);
      const kind = table === 'requests' && column === 'state' ? 'request_state' : column;
      const where = key.map((name) => `${name} = ?`).join(' AND ');
      const value = another(dice, kind, row[column]);
      prompt.run(`UPDATE ${table} SET ${column} = ? WHERE ${where}`, value, ...key.map((name) => row[name]));
      return place(row);
    });

const removedRow =
  (table: string, place: (row: Row) => readonly string[]): Tampering =>
  (world, dice) =>
    atThePrompt(world, (prompt) => {
      const row = dice.pick(prompt.all(`SELECT rowid AS itself, * FROM ${table}`));
      prompt.run(`DELETE FROM ${table} WHERE rowid = ?`, row['itself']);
      return place(row);
    });

const runName = (row: Row): string => {
  const revision = Number(row['revision']);
  return `${String(row['business_date'])}/${revision < 1 ? `rehearsal-${1 - revision}` : `r${revision}`}`;
};

function editedList(prompt: Prompt, dice: Dice): readonly string[] {
  const row = dice.pick(
    prompt.all(
      'SELECT evidence_lists.*, evidence_pieces.id AS piece, bytes FROM evidence_pieces JOIN evidence_lists ON evidence_lists.id = list_id',
    ),
  );
  const bytes = Buffer.from(row['bytes'] as Uint8Array);
  const at = dice.below(bytes.length);
  bytes[at] = (bytes[at] ?? 0) ^ (1 + dice.below(255));
  prompt.run('UPDATE evidence_pieces SET bytes = ? WHERE id = ?', bytes, row['piece']);
  return [`run ${runName(row)}, list ${String(row['list'])}`];
}

/** Entries whose removal a rewritten log would hide if nothing else told of the step. */
const lasting = (entry: LogLine): boolean =>
  !['drop-removed', 'intake-removed', 'intake-refused', 'heartbeat', 'log-recomputed'].includes(entry.what);

/** What names the step of an entry: its message, request, key, run or kind. */
function namesOf(entry: LogLine): readonly string[] {
  const named = ['messageId', 'localId', 'keyId'].flatMap((field) =>
    typeof entry[field] === 'string' && entry[field] !== '' ? [entry[field]] : [],
  );
  if (entry.run !== '') named.push(`run ${entry.run}`);
  if (entry.what === 'legal-hold-set') named.push('legal hold');
  if (entry.what === 'stop-set') named.push('stop 1');
  if (entry.what === 'year-erased') named.push(`of the year ${String(entry['year'])}`);
  if (entry.what === 'checkpoint-anchored') named.push(`receipt of ${String(entry['anchor'])}`);
  if (entry.what === 'person-erased')
    for (const { run, list } of entry['blocks'] as readonly ErasedBlock[])
      named.push(`run ${run}, list ${list}`);
  if (entry.what === 'choice-recorded') named.push('recorded choices');
  if (entry.what === 'configuration-in-force') named.push('configuration');
  return named;
}

const rewrittenWithout: Tampering = async (world, dice) => {
  let names: readonly string[] = [];
  await rewriteLog(world, {
    entries: (told) => {
      const entry = dice.pick(told.filter(lasting));
      names = namesOf(entry);
      return told.filter((line) => line !== entry);
    },
  });
  return names;
};

const removedEntry: Tampering = (world, dice) =>
  atThePrompt(world, (prompt) => {
    const [row] = prompt.all('SELECT count(*) AS entries FROM entries');
    const position = dice.below(Number(row?.['entries']));
    prompt.run('DELETE FROM entries WHERE position = ?', position);
    return [`entry ${position}`];
  });

const plantedDrop: Tampering = (world, dice) => {
  const [date, revision] = [dice.pick([...standing, '2026-11-15', '2026-11-24']), 2 + dice.below(5)];
  const to = world.dropFolder(date, revision);
  fs.mkdirSync(path.dirname(to), { recursive: true, mode: 0o700 });
  fs.cpSync(world.dropFolder(dice.pick(standing)), to, { recursive: true });
  return Promise.resolve([`${date}/r${revision}`]);
};

const removedDrop: Tampering = (world, dice) => {
  const date = dice.pick(standing);
  const whole = dice.below(2) === 0;
  const name = dice.pick(filesOf);
  fs.rmSync(whole ? world.dropFolder(date) : path.join(world.dropFolder(date), name), { recursive: true });
  return Promise.resolve([`${date}/r1`]);
};

const swappedFiles: Tampering = (world, dice) => {
  const one = dice.pick(standing);
  const other = dice.pick(standing.filter((date) => date !== one));
  const name = dice.pick(filesOf);
  const [a, b] = [one, other].map((date) => path.join(world.dropFolder(date), name));
  const bytes = fs.readFileSync(a ?? '');
  fs.copyFileSync(b ?? '', a ?? '');
  fs.writeFileSync(b ?? '', bytes);
  return Promise.resolve([`${one}/r1/${name}`, `${other}/r1/${name}`]);
};

const ofRun = ['business_date', 'revision'];
const ofRequest = (row: Row): readonly string[] => [String(row['local_id']), `run ${runName(row)}, level`];
const ofMessage = (row: Row): readonly string[] => [`message ${String(row['message_id'])}`];

export const tamperings: Readonly<Record<string, Tampering>> = {
  'edited drop': editedFile('nhs-numbers.csv'),
  'edited manifest': editedFile('manifest.json'),
  'removed drop, or file of one': removedDrop,
  'planted drop': plantedDrop,
  'files swapped between nights': swappedFiles,
  'removed evidence list': removedRow('evidence_lists', (row) => [
    `run ${runName(row)}, list ${String(row['list'])}`,
  ]),
  'edited evidence list': (world, dice) => atThePrompt(world, (prompt) => editedList(prompt, dice)),
  'edited run': editedRow({
    table: 'runs',
    key: ofRun,
    columns: [
      'state',
      'held_from',
      'opened_at',
      'intake',
      'configuration',
      'key_id',
      'totals',
      'released',
    ].concat(['reason', 'ended_at']),
    place: (row) => [`run ${runName(row)}, `],
  }),
  'edited hold': editedRow({
    table: 'holds',
    key: ['id'],
    columns: ['stage', 'reasons', 'digest', 'opened_at', 'opened_by', 'decision', 'decided_by'],
    place: (row) => [`run ${runName(row)}, hold ${String(row['id'])}`],
  }),
  'removed hold': removedRow('holds', (row) => [`run ${runName(row)}, `]),
  'edited request': editedRow({
    table: 'requests',
    key: ['place'],
    columns: ['local_id', 'state', 'level', 'sequence', 'subject', 'intended_at', 'sent_at', 'message_id'],
    place: ofRequest,
  }),
  'removed request': removedRow('requests', ofRequest),
  'edited message': editedRow({
    table: 'messages',
    key: ['place'],
    columns: ['message_id', 'local_id', 'key_id', 'received_at', 'acknowledged', 'understood'],
    place: ofMessage,
  }),
  'removed message': removedRow('messages', ofMessage),
  'edited configuration': editedRow({
    table: 'configurations',
    key: ['place'],
    columns: ['digest', 'guarded', 'settings', 'approvers'],
    place: (row) => [`entry ${String(row['position'])} (configuration-in-force)`],
  }),
  'removed configuration': removedRow('configurations', (row) => [
    `entry ${String(row['position'])} (configuration-in-force)`,
  ]),
  'removed receipt of an anchor': removedRow('anchorings', () => ['(checkpoint-anchored)']),
  'emptied index of a provider': (world, dice) =>
    atThePrompt(world, (prompt) => {
      const row = dice.pick(prompt.all('SELECT DISTINCT year, provider_id FROM person_index'));
      prompt.run(
        'DELETE FROM person_index WHERE year = ? AND provider_id = ?',
        row['year'],
        row['provider_id'],
      );
      return [`index of the year ${String(row['year'])}, provider "${String(row['provider_id'])}"`];
    }),
  'forgotten opt-outs': (world) =>
    atThePrompt(world, (prompt) => {
      prompt.run('DELETE FROM carried');
      return ['(run-gated), carried'];
    }),
  'removed entry': removedEntry,
  'entry left out of a log written anew and signed': rewrittenWithout,
};
