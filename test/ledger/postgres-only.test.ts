/** What PostgreSQL alone must show: rights, machines that share it, a server that dies, and what is left of what was destroyed. */
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { openPostgresLedger, preparePostgresLedger } from '../../src/ledger/postgres-ledger.ts';
import type { Ledger } from '../../src/ports.ts';
import { sampleKey, writerTo } from '../support/ledger-samples.ts';
import { failing } from '../support/contracts/ledger-desk.ts';
import { gateRole, usePostgres } from '../support/postgres.ts';

const postgres = usePostgres();

const whileOpen = async <T>(url: string, work: (ledger: Ledger) => Promise<T>): Promise<T> => {
  const ledger = await openPostgresLedger(url);
  try {
    return await work(ledger);
  } finally {
    await ledger.close();
  }
};

describe('the role that runs the gate', () => {
  const forbidden = [
    ...['entries SET line = line', 'checkpoints SET note = note', 'choices SET sealed = sealed'],
    ...['intakes SET rows = rows', 'anchorings SET size = size', 'evidence_lists SET indexed = 1'],
    ...['piece_erasures SET position = position', 'runs SET configuration = configuration'],
  ].map((change) => `UPDATE ${change}`);
  const kept = ['entries', 'checkpoints', 'choices', 'intakes', 'anchorings', 'evidence_lists'].concat(
    ['evidence_pieces', 'piece_erasures', 'runs', 'requests', 'messages', 'holds', 'carried', 'claims'],
    ['sequences', 'frontier', 'settings', 'refused_numbers'],
  );
  forbidden.push(...kept.flatMap((table) => [`DELETE FROM ${table}`, `TRUNCATE ${table} CASCADE`]));
  forbidden.push(
    'DROP TRIGGER entries_no_update ON entries',
    'ALTER TABLE entries DISABLE TRIGGER ALL',
    'DROP TABLE entries CASCADE',
    'CREATE TABLE of_my_own (a int)',
    'CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$',
    'SET session_replication_role = replica',
  );

  it('is refused by the server whatever would alter what is written for good', async () => {
    const { url, query } = await postgres.database();
    // Answered with a warning only, and without effect.
    await query(url, `GRANT UPDATE, DELETE ON entries TO ${gateRole}`);
    for (const statement of forbidden) {
      const end = await query(url, statement).then(
        () => 'done',
        (fault: unknown) => (fault as { code?: string }).code,
      );
      expect([statement, end]).toEqual([statement, '42501']);
    }
  });

  it('must be no other: the owner is not let in', async () => {
    const { ownerUrl } = await postgres.database();
    await expect(openPostgresLedger(ownerUrl)).rejects.toEqual(failing('place-unsafe'));
  });

  it('is not let in when somebody has given it more', async () => {
    const { url, ownerUrl, query } = await postgres.database();
    await query(ownerUrl, `GRANT DELETE ON entries TO ${gateRole}`);
    await expect(openPostgresLedger(url)).rejects.toEqual(failing('place-unsafe'));
    await preparePostgresLedger(ownerUrl, gateRole);
    await whileOpen(url, (ledger) => ledger.claim('advance'));
  });
});

describe('preparing', () => {
  it('is asked for where it was not done, and changes nothing the second time', async () => {
    const { server } = postgres;
    const { query } = await postgres.database();
    await query(server.url('postgres'), 'CREATE DATABASE unprepared');
    const [url, ownerUrl] = [server.url('unprepared', gateRole), server.url('unprepared')];
    await expect(openPostgresLedger(url)).rejects.toEqual(failing('ledger-failed'));
    await Promise.all([preparePostgresLedger(ownerUrl, gateRole), preparePostgresLedger(ownerUrl, gateRole)]);
    await whileOpen(url, async (ledger) => {
      await writerTo(ledger, await ledger.claim('advance'))((tx) => tx.set('name', 'value'));
    });
    await preparePostgresLedger(ownerUrl, gateRole);
    await whileOpen(url, async (ledger) => {
      expect(await ledger.read((tx) => tx.setting('name'))).toBe('value');
    });
  });

  it('by an older program than wrote it is refused, and so is opening', async () => {
    const { url, ownerUrl, query } = await postgres.database();
    await query(ownerUrl, 'UPDATE migrations SET done = done + 1');
    await expect(openPostgresLedger(url)).rejects.toEqual(failing('ledger-newer'));
    await expect(preparePostgresLedger(ownerUrl, gateRole)).rejects.toEqual(failing('ledger-newer'));
  });
});

describe('several machines', () => {
  it('write one after the other', async () => {
    const { url } = await postgres.database();
    const ledgers = await Promise.all([1, 2, 3].map(() => openPostgresLedger(url)));
    await Promise.all(
      ledgers.map(async (ledger, n) => {
        const write = writerTo(ledger, await ledger.claim(`worker ${n}`));
        for (let round = 0; round < 10; round++)
          await write(async (tx) => {
            await tx.set('count', String(Number(await tx.setting('count')) + 1));
          });
      }),
    );
    const [first] = ledgers;
    expect(await first?.read(async (tx) => [await tx.setting('count'), (await tx.frontier()).size])).toEqual([
      '30',
      30,
    ]);
    await Promise.all(ledgers.map((ledger) => ledger.close()));
  });

  it('share claims: whoever was overtaken changes nothing', async () => {
    const { url } = await postgres.database();
    await whileOpen(url, (one) =>
      whileOpen(url, async (other) => {
        const write = writerTo(one, await one.claim('advance'));
        await write((tx) => tx.set('name', 'one'));
        const newer = writerTo(other, await other.claim('advance'));
        await expect(write((tx) => tx.set('name', 'late'))).rejects.toEqual(failing('epoch-stale'));
        await newer((tx) => tx.set('name', 'other'));
        expect(await one.read((tx) => tx.setting('name'))).toBe('other');
      }),
    );
  });

  it('do not wait for ever for one that stands still within a transaction', async () => {
    const { url } = await postgres.database();
    const still = await openPostgresLedger(url, { longestSilence: 300 });
    await whileOpen(url, async (other) => {
      const [one, two] = [
        writerTo(still, await still.claim('still')),
        writerTo(other, await other.claim('other')),
      ];
      let begun = (): void => undefined;
      const hasBegun = new Promise<void>((resolve) => (begun = resolve));
      const asleep = one(async (tx) => {
        await tx.set('name', 'asleep');
        begun();
        await setTimeout(1_500);
        await tx.set('name', 'awake');
      });
      const told = expect(asleep).rejects.toEqual(failing('ledger-failed'));
      await hasBegun;
      await two((tx) => tx.set('name', 'other'));
      await told;
      expect(await other.read((tx) => tx.setting('name'))).toBe('other');
      await one((tx) => tx.set('name', 'again'));
      expect(await other.read((tx) => tx.setting('name'))).toBe('again');
    });
    await still.close();
  });
});

describe('a server', () => {
  it('that nobody answers for is told of within two seconds', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    for (const at of [port, 1]) {
      const began = performance.now();
      await expect(openPostgresLedger(`postgres://gate@127.0.0.1:${at}/ledger`)).rejects.toEqual(
        failing('ledger-failed'),
      );
      expect(performance.now() - began).toBeLessThan(2_000);
    }
    silent.close();
  });
});

it('what was destroyed is in no table file any more', async () => {
  const { url, ownerUrl, query } = await postgres.database();
  const { server } = postgres;
  const marks = ['a-paper-that-must-die', 'a-wrapped-key-to-die'];
  const found = (): number =>
    Number(
      execFileSync('sh', ['-c', `cat $(find . -type f) | grep -ac -e ${marks.join(' -e ')} || true`], {
        cwd: path.join(server.data, 'base'),
        encoding: 'utf8',
      }),
    );
  await whileOpen(url, async (ledger) => {
    const write = writerTo(ledger, await ledger.claim('advance'));
    const key = { ...sampleKey(), wrapped: Buffer.from(marks[1] ?? '') };
    await write(async (tx) => {
      await tx.addKey(key, 1);
      await tx.putPaper({ keyId: key.keyId, name: 'asked', sealed: Buffer.from(marks[0] ?? '') });
    });
    await query(ownerUrl, 'CHECKPOINT');
    expect(found()).toBeGreaterThan(0);
    await write((tx, proof) => tx.destroyKey(key.keyId, proof));
    await ledger.compact();
    await query(ownerUrl, 'CHECKPOINT');
    expect(found()).toBe(0);
  });
});
