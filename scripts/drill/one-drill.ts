import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { addDays, formatInstant, hour } from '../../src/domain/calendar.ts';
import { asFailure } from '../../src/domain/failure.ts';
import { approvalText, approveHold } from '../../src/pipeline/holds.ts';
import { advanceRun } from '../../src/wiring.ts';
import { makeBackup } from '../../src/wiring-backup.ts';
import { planRestore, restoreLedger } from '../../src/wiring-restore.ts';
import type { RestoreDesk, RestoreRequest } from '../../src/wiring-restore.ts';
import { chanceFrom } from '../cohort/chance.ts';
import { createCohort } from './cohort.ts';
import type { Cohort } from './cohort.ts';
import { createMachine } from './machine.ts';
import type { Machine } from './machine.ts';

export interface Drilled {
  readonly seed: number;
  /** Entries of the log that was restored, and of the largest that was lost. */
  readonly entries: number;
  readonly lost: number;
  readonly backupMs: number;
  readonly restoreMs: number;
  /** A restore before it was killed. */
  readonly killed: boolean;
}

const firstNight = '2026-11-02';

/**
 * One drill: nights, a backup at some point (between two, or in the middle of one), further nights, the loss of the machine, the restore, and
 * the next night; half of the restores are killed at one of their steps and made again. Throws unless the log verifies and names what is lost, an older ledger put back by hand is refused, no night is sent
 * twice, and the next sends exactly whom it may. `padding`: entries put into the log first, as many as a year makes.
 */
export async function drill(seed: number, padding = 0): Promise<Drilled> {
  const chance = chanceFrom(seed);
  const cohort = createCohort(chance);
  const approved = chance.draw() < 0.5;
  const machine = await createMachine({
    firstNight,
    isOptedOut: (number) => cohort.isOptedOut(number),
    approved,
  });
  try {
    await machine.start();
    await begin(machine, padding);
    const backup = path.join(machine.folder, 'backup');
    let backupMs = 0;
    const backUp = async (): Promise<void> => {
      const begun = performance.now();
      await makeBackup(
        { ...machine.pipeline, claim: await machine.pipeline.ledger.claim('backups') },
        backup,
      );
      backupMs = performance.now() - begun;
    };
    const before = chance.between(0, 2);
    const inTheMiddle = chance.draw() < 0.3;
    const after = chance.between(inTheMiddle ? 1 : 0, 2);
    const dates = Array.from({ length: before + after + 1 }, (_, at) => addDays(firstNight, at));
    for (const date of dates.slice(0, before)) await night(machine, cohort, date);
    if (inTheMiddle) machine.meanwhile(backUp);
    else await backUp();
    for (const date of dates.slice(before, -1)) await night(machine, cohort, date);

    const sent = bytesBelow(machine.config.outboundDir);
    await putBackByHand(machine, backup, dates.at(-1) ?? '', after > 0);
    const shown = sizeShown(machine);
    await machine.stop();
    if (chance.draw() < 0.5) removeLedger(machine);
    const killed = chance.draw() < 0.5 && (await restoreAndDie(machine, backup, chance.between(0, lastStep)));
    const { restoreMs, entries, lost } = await restore(machine, backup, shown);

    for (const date of dates.slice(before, -1)) {
      const refusal = await codeOf(advanceRun(machine.pipeline, date, false));
      assert.equal(refusal, 'audit-unreconciled', `a night that was sent is closed: ${date}`);
    }
    for (const date of dates.slice(0, before))
      assert.equal(
        (await advanceRun(machine.pipeline, date, false)).changed,
        false,
        `a known night is over: ${date}`,
      );
    assert.deepEqual(bytesBelow(machine.config.outboundDir), sent, 'what was sent is as it was');
    await night(machine, cohort, dates.at(-1) ?? '');
    await machine.pipeline.ledger.read((tx) => machine.pipeline.audit.verify(tx));
    return { seed, entries, lost, backupMs, restoreMs, killed };
  } finally {
    await machine.remove();
  }
}

/** Runs a night to its end, through a hold if somebody may approve it, and sees that exactly those were sent who may be. */
async function night(machine: Machine, cohort: Cohort, date: string): Promise<void> {
  const { clock, config } = machine;
  machine.toNight(date);
  cohort.writeIntake(config.intakeDir, date, formatInstant(clock.now() - hour));
  let { run } = await advanceRun(machine.pipeline, date, false);
  if (run.state === 'held') {
    await approve(machine);
    ({ run } = await advanceRun(machine.pipeline, date, false));
  }
  assert.equal(run.state, 'sealed', `the night of ${date} ends: ${run.reason ?? ''}`);
  const file = fs.readFileSync(path.join(config.outboundDir, date, 'r1', 'nhs-numbers.csv'), 'utf8');
  assert.ok(
    file.trimEnd().split('\n').slice(1).join() === cohort.mayBeSent().join(),
    `exactly those who may be are sent on ${date}`,
  );
}

async function approve(machine: Machine): Promise<void> {
  const { pipeline, approvers } = machine;
  const hold = (await pipeline.ledger.read((tx) => tx.holds())).find(({ decision }) => decision === 'open');
  // What was lost may hold it as well: opt-outs of a home that nobody tells of any more.
  assert.ok(hold !== undefined && hold.reasons.includes('ledger-restored'));
  const words = { signature: machine.signature(approvalText(hold)), reason: 'choices are recorded again' };
  await approveHold(pipeline, approvers, hold.id, words);
}

/** An older ledger copied over the newer one, as under pressure somebody will. */
async function putBackByHand(
  machine: Machine,
  backup: string,
  date: string,
  isOlder: boolean,
): Promise<void> {
  if (!isOlder) return;
  const ledger = path.join(machine.config.dataDir, 'ledger.sqlite');
  await machine.stop();
  const newest = fs.readFileSync(ledger);
  removeLedger(machine);
  fs.copyFileSync(path.join(backup, 'ledger.sqlite'), ledger);
  await machine.start();
  machine.toNight(date);
  assert.equal(
    await codeOf(advanceRun(machine.pipeline, date, false)),
    'audit-invalid',
    'an older ledger is refused',
  );
  await machine.stop();
  removeLedger(machine);
  fs.writeFileSync(ledger, newest, { mode: 0o600 });
}

const sizeShown = ({ config }: Machine): number =>
  Number(fs.readFileSync(path.join(config.dataDir, 'checkpoint'), 'utf8').split('\n')[1]);

function removeLedger({ config }: Machine): void {
  for (const suffix of ['', '-wal', '-shm'])
    fs.rmSync(path.join(config.dataDir, `ledger.sqlite${suffix}`), { force: true });
}

/** A restore in a process of its own, killed at one of its steps: whatever ledger then stands is whole. True if it was killed. */
async function restoreAndDie(machine: Machine, folder: string, step: number): Promise<boolean> {
  const { config, settings } = machine;
  const signatureFile = path.join(machine.folder, 'signature');
  if (config.approversFile !== null)
    fs.writeFileSync(
      signatureFile,
      machine.signature((await planRestore(deskOf(machine), requestOf(folder))).text),
    );
  const script = path.join(import.meta.dirname, 'dying-restore.ts');
  const { status, signal, stderr } = spawnSync(
    process.execPath,
    ['--import', 'tsx', script, String(step), folder, reason, signatureFile],
    { env: { ...process.env, ...settings }, encoding: 'utf8' },
  );
  assert.ok(signal === 'SIGKILL' || status === 0, `the restore is killed, or ends well: ${stderr}`);
  if (fs.existsSync(path.join(config.dataDir, 'ledger.sqlite'))) {
    await machine.start();
    await machine.pipeline.ledger.read((tx) => machine.pipeline.audit.verify(tx));
    await machine.stop();
  }
  return signal === 'SIGKILL';
}

const reason = 'a drill';
/** A restore changes folders about so many times. */
const lastStep = 14;

const requestOf = (folder: string): RestoreRequest => ({ folder, reason, checkpoints: [] });
const deskOf = ({ config, clock }: Machine): RestoreDesk => ({ config, clock, by: 'operator:drill' });

/** Restores, where the machine was lost whole or only its ledger is to be put back. */
async function restore(
  machine: Machine,
  folder: string,
  shown: number,
): Promise<Pick<Drilled, 'restoreMs' | 'entries' | 'lost'>> {
  const { config } = machine;
  const desk = deskOf(machine);
  const request = requestOf(folder);
  const signature =
    config.approversFile === null ? null : machine.signature((await planRestore(desk, request)).text);
  const begun = performance.now();
  const { terms, approvedBy } = await restoreLedger(desk, request, signature);
  const restoreMs = performance.now() - begun;
  const lost = Math.max(0, ...terms.lost.map(({ size }) => size));
  assert.ok(Math.max(lost, terms.size) >= shown, 'what was shown is kept, or named as lost');
  assert.equal(approvedBy.length, config.approversFile === null ? 0 : 1);
  await machine.start();
  return { restoreMs, entries: terms.size, lost };
}

/** A log that names its key, and so many entries more. */
async function begin({ pipeline }: Machine, padding: number): Promise<void> {
  const { ledger, claim, audit, by } = pipeline;
  const { origin, verifierKey } = audit;
  const told = { at: `${firstNight}T00:00:00.000Z`, run: '', by };
  await ledger.transact(claim, async (tx) => {
    await audit.append(tx, { what: 'log-opened', ...told, origin, verifierKey });
    for (let n = 0; n < padding; n++) await audit.append(tx, { what: 'heartbeat', ...told, lastRun: '' });
  });
}

const codeOf = (run: Promise<unknown>): Promise<string> =>
  run.then(
    () => 'not refused',
    (thrown: unknown) => asFailure(thrown).code,
  );

const bytesBelow = (folder: string): readonly (readonly [string, string])[] =>
  fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => fs.statSync(path.join(folder, name)).isFile())
    .sort()
    .map((name) => [name, fs.readFileSync(path.join(folder, name), 'base64')] as const);
