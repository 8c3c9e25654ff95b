/** Request and answer die with the run's key: nothing of them is left in the ledger's files, write-ahead log and free pages included (R74). */
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { day } from '../../src/domain/calendar.ts';
import { openConnection } from '../../src/ledger/sqlite-driver.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { leaksBelow, wantedOf } from '../support/leak-scan.ts';
import { residents, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

interface Mortal {
  readonly what: string;
  /** Bytes of it, 24 in a row each, that stand nowhere else on purpose. */
  readonly marks: readonly Buffer[];
}

/** The papers of the run as they lie sealed, what is in them, and the wrapped key between the two. */
async function mortals({ ledger, pipeline, config }: World): Promise<Mortal[]> {
  const key = await ledger.read((tx) => tx.keyOf('run-papers', `${tonight}#1`));
  const connection = await openConnection(path.join(config.dataDir, 'ledger.sqlite'));
  const rows = (sql: string): Record<string, unknown>[] =>
    connection.prepare(sql).all([]) as Record<string, unknown>[];
  const papers = rows(`SELECT name, sealed FROM papers WHERE key_id = '${key!.keyId}'`);
  // Names of messages, totals, the lists and the checkpoint are told or kept for good.
  const lasting = ['entries', 'messages', 'requests', 'checkpoints', 'evidence_pieces'].flatMap((table) =>
    rows(`SELECT * FROM ${table}`).flatMap((row) => Object.values(row)),
  );
  connection.close();
  const said = Buffer.concat(
    lasting.map((value) =>
      value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(`${String(value)}\n`),
    ),
  );
  return [
    { what: 'the wrapped key', marks: marksOf(key!.wrapped) },
    ...papers.flatMap(({ name, sealed }) => {
      const open = pipeline.keyring.open(key!, String(name), sealed as Uint8Array);
      return [
        { what: `${String(name)}, sealed`, marks: marksOf(sealed as Uint8Array) },
        { what: `${String(name)}, open`, marks: marksOf(open).filter((mark) => !said.includes(mark)) },
      ];
    }),
  ];
}

function marksOf(bytes: Uint8Array): Buffer[] {
  const starts = Array.from({ length: Math.ceil(bytes.length / 96) }, (_, n) => n * 96);
  return starts.map((at) => Buffer.from(bytes.subarray(at, at + 24))).filter(({ length }) => length >= 12);
}

const dataFiles = ({ config }: World): Buffer[] =>
  fs.readdirSync(config.dataDir, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    const file = path.join(entry.parentPath, entry.name);
    return entry.isFile() && !file.includes(`${path.sep}keys${path.sep}`) ? [fs.readFileSync(file)] : [];
  });

/** Which of them have left something anywhere. */
function left(world: World, of: readonly Mortal[]): string[] {
  const files = dataFiles(world);
  return of
    .filter(({ marks }) => marks.some((mark) => files.some((file) => file.includes(mark))))
    .map(({ what }) => what);
}

it('papers, sealed or open, and the key they lay under are in no file once their days are over', async () => {
  const world = await createWorld({
    optedOut: [3, 77].map(testNumber),
    settings: { CHECK_MAX_NUMBERS: '90', PAPERS_KEEP_DAYS: '2', CHECK_REMOVAL_BAND: '0.0001-0.9' },
  });
  world.intake({ choices: [], roster: residents(400) });
  await world.run();
  const mortal = await mortals(world);
  const names = mortal.map(({ what }) => what.split(/[:,]/)[0]);
  for (const kind of ['asked', 'request', 'message', 'answer', 'blinding', 'drop-plan', 'list'])
    expect(names).toContain(kind);
  const isSecret = /^(asked|request|answer|blinding|drop-plan|message).*open$/;
  expect(mortal.filter(({ what, marks }) => isSecret.test(what) && marks.length > 0).length).toBeGreaterThan(
    12,
  );
  const sealed = mortal.filter(({ what }) => !what.endsWith(', open'));
  expect(left(world, sealed)).toEqual(sealed.map(({ what }) => what));

  world.pass(2 * day + 1);
  await keepHouse(world.pipeline);
  expect(left(world, mortal)).toEqual([]);
  expect(leaksBelow(world.config.dataDir, wantedOf(testNumbers(400)), () => false)).toEqual([]);

  await world.restart();
  expect(left(world, mortal)).toEqual([]);
  expect(await world.ledger.read((tx) => tx.keyOf('run-papers', `${tonight}#1`))).toBeNull();
});
