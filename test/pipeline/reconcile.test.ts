/** The world against the log: each way in which they can differ, planted by hand, is named by its code at its place, and nothing else is. */
import { generateKeyPairSync } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { signCheckpoint } from '../../src/audit/checkpoint.ts';
import { findingCodes } from '../../src/domain/reconciliation.ts';
import type { FindingCode } from '../../src/domain/reconciliation.ts';
import { dates, eventfulWorld } from '../support/eventful-world.ts';
import type { World } from '../support/gate-world.ts';
import { worldsEndWell } from '../support/gate-world.ts';
import { asNew, atThePrompt, rewriteLog, snapshot } from '../support/meddling.ts';
import type { LogLine, Prompt } from '../support/meddling.ts';

worldsEndWell();

const last = `${dates.last}/r1`;
const ofLast = `business_date = '${dates.last}' AND revision = 1`;

/** Where the finding must point, and the act. */
interface Plant {
  readonly place: string | RegExp;
  readonly act: (world: World, removedDrop: string) => unknown;
}

const sql =
  (...statements: readonly string[]): Plant['act'] =>
  (world) =>
    atThePrompt(world, (prompt) => {
      for (const statement of statements) prompt.run(statement);
    });

const copyRow = (
  prompt: Prompt,
  table: string,
  where: string,
  change: Readonly<Record<string, unknown>>,
): void => {
  const [row] = prompt.all(`SELECT * FROM ${table} WHERE ${where}`);
  const copy = { ...row, ...change };
  const names = Object.keys(copy).filter((name) => name !== 'place' && name !== 'id');
  const marks = names.map(() => '?').join(', ');
  prompt.run(
    `INSERT INTO ${table} (${names.join(', ')}) VALUES (${marks})`,
    ...names.map((name) => copy[name as keyof typeof copy]),
  );
};

const copied =
  (table: string, where: string, change: Readonly<Record<string, unknown>>): Plant['act'] =>
  (world) =>
    atThePrompt(world, (prompt) => {
      copyRow(prompt, table, where, change);
    });

const isOf = (run: string, what: string) => (line: LogLine) => line.run === run && line.what === what;
const without =
  (wanted: (line: LogLine) => boolean) =>
  (told: readonly LogLine[]): LogLine[] =>
    told.filter((line) => !wanted(line));
/** The first such entry once more, as a new one, right behind itself. */
const twice =
  (wanted: (line: LogLine) => boolean) =>
  (told: readonly LogLine[]): LogLine[] => {
    const at = told.findIndex(wanted);
    return told.toSpliced(at + 1, 0, asNew(told[at]!));
  };
const edited =
  (wanted: (line: LogLine) => boolean, edit: (line: LogLine) => Readonly<Record<string, unknown>>) =>
  (told: readonly LogLine[]): LogLine[] =>
    told.map((line) => (wanted(line) ? { ...line, ...edit(line) } : line));

const inDrop = (world: World, name: string, date: string = dates.last): string =>
  path.join(world.dropFolder(date), name);
const csv = 'nhs-numbers.csv';

type Totals = Record<'rows' | 'outcomes', Record<string, number>> & { asked: number };
const more = (counts: Record<string, number>, name: string): Record<string, number> => ({
  ...counts,
  [name]: (counts[name] ?? 0) + 1,
});

const plants: Readonly<Record<FindingCode, Plant>> = {
  'log-out-of-order': {
    place: /^entry \d+ \(heartbeat\)$/,
    act: (world) =>
      rewriteLog(world, {
        entries: (told) => [
          ...told,
          { at: told[0]!['at'], run: '', by: 'test', what: 'heartbeat', lastRun: '2026-11-01/r1' },
        ],
      }),
  },
  'attestation-missing': {
    place: `run ${last}`,
    act: (world) => rewriteLog(world, { entries: without(isOf(last, 'run-attested')) }),
  },
  'attestation-differs': {
    place: new RegExp(`^run ${last}, entry \\d+ \\(run-attested\\), outcome$`),
    act: (world) =>
      rewriteLog(world, {
        entries: edited(isOf(last, 'run-attested'), () => ({ outcome: 'nothing-sent' })),
      }),
  },
  'index-alive': {
    place: `index of the year ${dates.erasedYear}`,
    act: sql(`INSERT INTO person_index VALUES ('${dates.erasedYear}', x'00', 'PR-01')`),
  },
  'index-short': {
    place: 'index of the year 2026, provider "PR-02"',
    act: sql(`DELETE FROM person_index WHERE provider_id = 'PR-02'`),
  },
  'carried-forgotten': {
    place: new RegExp(`^run ${last}, entry \\d+ \\(run-gated\\), carried$`),
    act: sql('DELETE FROM carried'),
  },
  'legal-hold-differs': {
    place: 'legal hold',
    act: sql(`UPDATE settings SET value = '' WHERE name = 'legal-hold'`),
  },
  'stop-differs': {
    place: 'stop 1',
    act: sql(`UPDATE stops SET stands = 0`),
  },
  'receipt-without-entry': {
    place: /^receipt of folder for 7 entries, SHA-256 [0-9a-f]{64}$/,
    act: copied('anchorings', 'place = 1', { size: 7 }),
  },
  'receipt-missing': {
    place: /^entry \d+ \(checkpoint-anchored\)$/,
    act: sql('DELETE FROM anchorings WHERE place = 1'),
  },
  'run-without-entry': { place: 'run 2026-11-22/r5', act: copied('runs', ofLast, { revision: 5 }) },
  'run-missing': { place: `run ${last}`, act: sql(`DELETE FROM runs WHERE ${ofLast}`) },
  'run-differs': {
    place: `run ${dates.failed}/r1, reason`,
    act: sql(`UPDATE runs SET reason = 'nobody-to-ask' WHERE business_date = '${dates.failed}'`),
  },
  'run-out-of-order': {
    place: new RegExp(`^run ${last}, entry \\d+ \\(run-decided\\)$`),
    act: (world) => rewriteLog(world, { entries: without(isOf(last, 'run-answered')) }),
  },
  'totals-unbalanced': {
    place: new RegExp(`^run ${last}, entry \\d+ \\(run-gated\\)$`),
    act: async (world) => {
      const restricted = (counts: unknown) => more(counts as Record<string, number>, 'restricted');
      const totals = (of: unknown) => ({ ...(of as Totals), rows: restricted((of as Totals).rows) });
      await rewriteLog(world, {
        entries: edited(
          ({ run }) => run === last,
          ({ what, rows, totals: of }) =>
            what === 'run-gated'
              ? { rows: restricted(rows) }
              : of === undefined
                ? {}
                : { totals: totals(of) },
        ),
      });
      await atThePrompt(world, (prompt) => {
        const [row] = prompt.all(`SELECT totals FROM runs WHERE ${ofLast}`);
        prompt.run(
          `UPDATE runs SET totals = ? WHERE ${ofLast}`,
          JSON.stringify(totals(JSON.parse(String(row?.['totals'])))),
        );
      });
    },
  },
  'totals-differ': {
    place: new RegExp(`^run ${last}, entry \\d+ \\(run-sealed\\), totals$`),
    act: (world) =>
      rewriteLog(world, {
        entries: edited(isOf(last, 'run-sealed'), ({ totals }) => ({
          totals: { ...(totals as Totals), outcomes: more((totals as Totals).outcomes, 'not-answered') },
        })),
      }),
  },
  'request-without-entry': {
    place: `run ${last}, request planted`,
    act: copied('requests', ofLast, { local_id: 'planted' }),
  },
  'request-missing': {
    place: new RegExp(`^run ${last}, request `),
    act: sql(`DELETE FROM requests WHERE ${ofLast}`),
  },
  'request-differs': {
    place: new RegExp(`^run ${last}, request .*, message_id$`),
    act: sql(`UPDATE requests SET message_id = 'another' WHERE ${ofLast}`),
  },
  'request-out-of-order': {
    place: new RegExp(`^run ${last}, entry \\d+ \\(request-sent\\)$`),
    act: (world) => rewriteLog(world, { entries: twice(isOf(last, 'request-sent')) }),
  },
  'requests-uncounted': {
    place: `run ${last}, level 0`,
    act: copied('requests', ofLast, { local_id: 'planted', state: 'planned' }),
  },
  'intent-without-outcome': {
    place: new RegExp(`^run ${dates.failed}/r1, request `),
    act: async (world) => {
      await rewriteLog(world, { entries: without(isOf(`${dates.failed}/r1`, 'request-voided')) });
      await sql(`UPDATE requests SET state = 'intended' WHERE business_date = '${dates.failed}'`)(world, '');
    },
  },
  'message-without-entry': {
    place: 'message planted',
    act: copied('messages', 'place = 1', { message_id: 'planted' }),
  },
  'message-missing': { place: /^message /, act: sql('DELETE FROM messages WHERE place = 2') },
  'message-differs': {
    place: /^message .*, understood$/,
    act: sql(`UPDATE messages SET understood = 'stranger' WHERE place = 1`),
  },
  'message-out-of-order': {
    place: /^entry \d+ \(message-acknowledged\)$/,
    act: (world) => rewriteLog(world, { entries: twice(({ what }) => what === 'message-acknowledged') }),
  },
  'hold-without-entry': {
    place: `run ${last}, hold 2`,
    act: copied('holds', 'id = 1', { business_date: dates.last }),
  },
  'hold-missing': { place: /^run 2026-11-21\/r1, entry \d+ \(run-held\)$/, act: sql('DELETE FROM holds') },
  'hold-differs': {
    place: `run ${dates.held}/r1, hold 1, decided_by`,
    act: sql(`UPDATE holds SET decided_by = 'Nobody (at all)'`),
  },
  'list-without-entry': {
    place: `run ${last}, list released`,
    act: (world) =>
      atThePrompt(world, (prompt) => {
        copyRow(prompt, 'evidence_lists', `${ofLast} AND list = 'released'`, {});
      }),
  },
  'list-missing': {
    place: `run ${last}, list held-back`,
    act: sql(`DELETE FROM evidence_lists WHERE ${ofLast} AND list = 'held-back'`),
  },
  'list-altered': {
    place: `run ${last}, list released`,
    act: (world) =>
      atThePrompt(world, (prompt) => {
        const where = `list_id = (SELECT max(id) FROM evidence_lists WHERE ${ofLast} AND list = 'released')`;
        const [row] = prompt.all(`SELECT bytes FROM evidence_pieces WHERE ${where}`);
        const bytes = Buffer.from(row?.['bytes'] as Uint8Array);
        bytes[bytes.length - 1]! ^= 1;
        prompt.run(`UPDATE evidence_pieces SET bytes = ? WHERE ${where}`, bytes);
      }),
  },
  'key-alive': {
    place: /^key [0-9a-f]{16}$/,
    act: (world) =>
      atThePrompt(world, (prompt) => {
        const [run] = prompt.all(`SELECT key_id FROM runs WHERE business_date = '${dates.failed}'`);
        const change = { key_id: run?.['key_id'], scope: `${dates.failed}#1` };
        copyRow(prompt, 'keys', `scope = '${dates.last}#1'`, change);
      }),
  },
  'key-missing': {
    place: new RegExp(`^run ${last}, key [0-9a-f]{16}$`),
    act: sql(`DELETE FROM keys WHERE scope = '${dates.last}#1'`),
  },
  'key-without-step': {
    place: 'key 0000000000000000',
    act: copied('keys', `scope = '${dates.last}#1'`, { key_id: '0'.repeat(16), scope: '2026-11-25#1' }),
  },
  'choices-differ': { place: 'recorded choices', act: sql('DELETE FROM choices') },
  'intake-forgotten': {
    place: /^intake [0-9a-f]{64}$/,
    act: sql(`DELETE FROM intakes WHERE business_date = '${dates.held}'`),
  },
  'configuration-without-entry': {
    place: 'configuration of entry 5',
    act: copied('configurations', 'position = 0', { position: 5 }),
  },
  'configuration-missing': {
    place: /^entry \d+ \(configuration-in-force\)$/,
    act: sql('DELETE FROM configurations WHERE position > 0'),
  },
  'configuration-differs': {
    place: 'entry 0 (configuration-in-force)',
    act: sql(`UPDATE configurations SET approvers = '[]' WHERE position = 0`),
  },
  'drop-without-entry': {
    place: '2026-11-22/r2',
    act: (world) => {
      fs.cpSync(world.dropFolder(), world.dropFolder(dates.last, 2), { recursive: true });
    },
  },
  'drop-missing': {
    place: last,
    act: (world) => {
      fs.rmSync(world.dropFolder(), { recursive: true });
    },
  },
  'drop-not-removed': {
    place: `${dates.removed}/r1`,
    act: (world, removedDrop) => {
      const folder = world.dropFolder(dates.removed);
      fs.mkdirSync(path.dirname(folder), { mode: 0o700 });
      fs.cpSync(removedDrop, folder, { recursive: true });
    },
  },
  'drop-unfinished': {
    place: last,
    act: (world) => {
      fs.rmSync(inDrop(world, 'manifest.json'));
    },
  },
  'drop-stranger': {
    place: `${last}/location-1-1099000101.csv`,
    act: (world) => {
      fs.copyFileSync(inDrop(world, csv), inDrop(world, 'location-1-1099000101.csv'));
    },
  },
  'staging-left': {
    place: `.staging-${'a'.repeat(32)}`,
    act: (world) => {
      fs.mkdirSync(path.join(world.config.outboundDir, `.staging-${'a'.repeat(32)}`), { mode: 0o700 });
    },
  },
  'manifest-altered': {
    place: `${last}/manifest.json`,
    act: (world) => {
      fs.appendFileSync(inDrop(world, 'manifest.json'), ' ');
    },
  },
  'drop-file-altered': {
    place: `${last}/${csv}`,
    act: (world) => {
      fs.appendFileSync(inDrop(world, csv), '9990000018\n');
    },
  },
  'drop-file-missing': {
    place: `${last}/${csv}`,
    act: (world) => {
      fs.rmSync(inDrop(world, csv));
    },
  },
  'checkpoint-unknown': {
    place: `${last}/manifest.json, checkpoint`,
    act: (world) =>
      atThePrompt(world, (prompt) => {
        const { checkpoint } = JSON.parse(fs.readFileSync(inDrop(world, 'manifest.json'), 'utf8')) as {
          checkpoint: { note: string };
        };
        prompt.run('DELETE FROM checkpoints WHERE note = ?', checkpoint.note);
      }),
  },
  'checkpoint-invalid': {
    place: `${last}/manifest.json, checkpoint`,
    act: (world) => {
      const { privateKey } = generateKeyPairSync('ed25519');
      const name = world.config.auditOrigin;
      const forged = signCheckpoint(
        { origin: name, size: 90, root: Buffer.alloc(32, 1) },
        { name, privateKey },
      );
      return rewriteLog(world, { note: (run) => (run === last ? forged : undefined) });
    },
  },
  'checkpoint-early': {
    place: `${last}/manifest.json, checkpoint`,
    act: (world) => rewriteLog(world, { note: (run, notes) => (run === last ? notes[0] : undefined) }),
  },
};

it('names each planted difference by its code at its place, and nothing else', async () => {
  const { world, removedDrop } = await eventfulWorld();
  expect(await world.reconcile()).toEqual([]);
  const kept = await snapshot(world);
  const told: Record<string, unknown> = {};
  const wanted: Record<string, unknown> = {};
  try {
    for (const code of findingCodes) {
      const { place, act } = plants[code];
      await act(world, removedDrop);
      told[code] = (await world.reconcile()).map((found) => [found.code, found.place]);
      wanted[code] = [[code, typeof place === 'string' ? place : expect.stringMatching(place)]];
      await kept.restore();
    }
    expect(told).toEqual(wanted);
    expect(await world.reconcile()).toEqual([]);
    world.meddled = false;
  } finally {
    kept.remove();
    fs.rmSync(removedDrop, { recursive: true });
  }
}, 600_000);

it('names several at once, and no NHS number', async () => {
  const { world, removedDrop } = await eventfulWorld();
  fs.rmSync(removedDrop, { recursive: true });
  world.meddled = true;
  fs.appendFileSync(inDrop(world, csv), '9990000018\n');
  fs.rmSync(world.dropFolder(dates.held), { recursive: true });
  await sql(`UPDATE holds SET digest = 'x'`, `UPDATE runs SET released = 99 WHERE ${ofLast}`)(world, '');
  const found = await world.reconcile();
  expect(found.map(({ code }) => code).sort()).toEqual([
    'drop-file-altered',
    'drop-missing',
    'hold-differs',
    'run-differs',
  ]);
  expect(JSON.stringify(found)).not.toMatch(/999\d{7}/);
}, 600_000);
