/**
 * `export-gate run` in a process of its own that dies on the way: `dying-run.ts DATE --list` lives, and prints how often it passed each
 * point; `dying-run.ts DATE POINT N` kills itself with SIGKILL when it passes a point for the n-th time. Points stand before and after
 * each commit of the ledger, each call of MESH and each writing of the checkpoint file, and before each step of the drop on the disk.
 */
import { SqliteDriver } from 'kysely';
import type { DatabaseConnection } from 'kysely';

import { readSendingConfig } from '../../src/config.ts';
import { createOutboundDrop } from '../../src/drop/outbound-drop.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import type { Pipeline } from '../../src/pipeline/context.ts';
import type { AuditLog, Ledger, Mailbox } from '../../src/ports.ts';
import { advanceRun, openPipeline, systemChance } from '../../src/wiring.ts';

const [businessDate = '', wanted = '', n = ''] = process.argv.slice(2);
const passed: Record<string, number> = {};

function pass(point: string): void {
  const times = (passed[point] ?? 0) + 1;
  passed[point] = times;
  if (point === wanted && times === Number(n)) process.kill(process.pid, 'SIGKILL');
}

const around =
  <Args extends unknown[], Result>(what: string, call: (...args: Args) => Promise<Result>) =>
  async (...args: Args): Promise<Result> => {
    pass(`before ${what}`);
    const result = await call(...args);
    pass(`after ${what}`);
    return result;
  };

/** Before a commit means: everything was written, nothing is durable. */
const dyingLedger = (ledger: Ledger): Ledger => ({
  ...ledger,
  async transact(claim, work) {
    const result = await ledger.transact(claim, async (tx) => {
      const done = await work(tx);
      pass('before commit');
      return done;
    });
    pass('after commit');
    return result;
  },
  compact: around('compact', () => ledger.compact()),
});

const dyingMailbox = (mailbox: Mailbox): Mailbox => ({
  ...mailbox,
  handshake: around('handshake', () => mailbox.handshake()),
  send: around('send', (message) => mailbox.send(message)),
  findSent: around('findSent', (localId) => mailbox.findSent(localId)),
  waiting: around('waiting', (workflowId, limit) => mailbox.waiting(workflowId, limit)),
  download: around('download', (messageId) => mailbox.download(messageId)),
  acknowledge: around('acknowledge', (messageId) => mailbox.acknowledge(messageId)),
});

const dyingAudit = (audit: AuditLog): AuditLog => ({
  ...audit,
  publishCheckpoint: around('checkpoint-file', (ledger) => audit.publishCheckpoint(ledger)),
});

/** Opening happens inside the wiring, out of reach of a port, so its commits are met at the driver. */
function watchOpening(): () => void {
  const driver = SqliteDriver.prototype as { commitTransaction: Commit };
  const commit = driver.commitTransaction;
  driver.commitTransaction = async function (connection) {
    pass('before opening');
    await commit.call(this, connection);
    pass('after opening');
  };
  return () => {
    driver.commitTransaction = commit;
  };
}
type Commit = (this: unknown, connection: DatabaseConnection) => Promise<void>;

async function main(): Promise<void> {
  process.umask(0o077);
  const config = readSendingConfig();
  const opened = watchOpening();
  const advancing = await openPipeline(config, {
    by: 'operator:test',
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
  opened();
  const { pipeline } = advancing;
  const dying: Pipeline = {
    ...pipeline,
    ledger: dyingLedger(pipeline.ledger),
    mailbox: dyingMailbox(pipeline.mailbox),
    audit: dyingAudit(pipeline.audit),
    drop: createOutboundDrop({
      outboundDir: config.outboundDir,
      header: config.drop.header,
      chance: systemChance,
      checkpoint: ({ act }) => {
        pass(`before drop ${act}`);
      },
    }),
  };
  await advanceRun(dying, businessDate, false);
  await keepHouse(dying);
  await advancing.close();
  if (wanted === '--list') process.stdout.write(`${JSON.stringify(passed)}\n`);
}

await main();
