/** Plays a history through the real pipeline and gives what could be seen from outside. */
import { Failure } from '../../src/domain/failure.ts';
import { isFinal } from '../../src/domain/run.ts';
import { readChoice } from '../../src/intake/choice-row.ts';
import { readProvider } from '../../src/intake/provider-row.ts';
import { readRosterRow } from '../../src/intake/roster-row.ts';
import { choicesTable, providersTable, rosterTable } from '../../src/intake/tables.ts';
import { advanceRun } from '../../src/pipeline/advance.ts';
import type { Pipeline } from '../../src/pipeline/context.ts';
import { approveHold, rejectHold } from '../../src/pipeline/holds.ts';
import { recordChoice } from '../../src/pipeline/recorded-choices.ts';
import { previewRerun, rerun } from '../../src/pipeline/rerun.ts';
import { liftStop, setStop, stopsNow } from '../../src/pipeline/stops.ts';
import type { Approvers, StoredRun } from '../../src/ports.ts';
import type { Night as IntakeNight } from '../support/fake-intake.ts';
import type { RawIntake } from '../support/reference-gate.ts';
import type { Happening, History, Night } from './history.ts';
import { Crash } from './worker.ts';
import { createSimulatedWorld } from './world.ts';
import type { Publication, SimulatedWorld } from './world.ts';

/** One intake as it stood from a moment on. */
export interface StandingIntake {
  readonly businessDate: string;
  readonly digest: string;
  readonly cells: RawIntake;
  readonly producedAt: number;
  /** Publications made before it stood. */
  readonly after: number;
}

export interface ToldChoice {
  readonly cells: Record<string, string>;
  readonly at: number;
  readonly after: number;
}

export interface Seen {
  readonly world: SimulatedWorld;
  readonly entries: readonly Readonly<Record<string, unknown>>[];
  readonly runs: readonly StoredRun[];
  readonly intakes: readonly StandingIntake[];
  readonly told: readonly ToldChoice[];
  readonly publications: readonly Publication[];
  /** Faults of the program itself: what it threw that no failure foresees, and other things that must not be. */
  readonly faults: readonly string[];
  readonly failures: Readonly<Record<string, number>>;
}

const hour = 3_600_000;
const day = 24 * hour;
const mostTries = 12;

/** Anybody's signature is taken: who may sign is tried elsewhere. */
const anybody: Approvers = {
  check: () => Promise.resolve({ name: 'Grace Hopwood', role: 'Caldicott Guardian', accounts: [] } as never),
  anybody: () => Promise.resolve(true),
};

const refuse = (fault: unknown): never => {
  throw new Error(`the history draws what no intake holds: ${JSON.stringify(fault)}`);
};

/** The intake as its readers give it. */
export function understood(cells: RawIntake, producedAt: number): IntakeNight {
  const inOrder = (columns: readonly string[], raw: Record<string, string>): never =>
    ({ line: 2, cells: columns.map((column) => raw[column] ?? '') }) as never;
  return {
    producedAt,
    supplier: 'Simulated Care Records',
    providers: cells.providers.map((raw) => readProvider(inOrder(providersTable.columns, raw), refuse)),
    choices: cells.choices.map((raw) => readChoice(inOrder(choicesTable.columns, raw), refuse)),
    roster: cells.serviceUsers.map((raw) => readRosterRow(inOrder(rosterTable.columns, raw), refuse)),
  };
}

export async function play(history: History): Promise<Seen> {
  const world = createSimulatedWorld(history);
  const intakes: StandingIntake[] = [];
  const told: ToldChoice[] = [];
  const faults: string[] = [];
  const failures: Record<string, number> = {};

  const lay = async (businessDate: string, cells: RawIntake): Promise<void> => {
    const producedAt = world.now() - 5 * 60_000 - intakes.length;
    world.intake.put(businessDate, understood(cells, producedAt));
    const terms = { businessDate, openedAt: world.now(), now: world.now(), usedElsewhere: new Set<number>() };
    const { digest } = await world.intake.verify(terms);
    intakes.push({ businessDate, digest, cells, producedAt, after: world.publications.length });
  };
  const fail = (thrown: unknown): void => {
    if (thrown instanceof Failure) failures[thrown.code] = (failures[thrown.code] ?? 0) + 1;
    const isForeseen = thrown instanceof Failure && thrown.code !== 'unexpected';
    if (thrown instanceof Crash || isForeseen) return;
    const cause = thrown instanceof Failure ? thrown.detail.cause : thrown;
    faults.push(`unforeseen: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
  };
  const spare = await world.start();

  const happen = async (what: Happening, night: Night): Promise<void> => {
    // Whoever records something takes no right away from those who advance runs.
    const desk: Pipeline = {
      ...spare,
      ledger: world.store.ledger,
      claim: await world.store.ledger.claim('recording'),
    };
    switch (what.does) {
      case 'choice': {
        const at = new Date(world.now()).toISOString();
        const choice = {
          serviceUserId: what.serviceUserId,
          choice: what.choice,
          channel: 'verbal',
          requestedAt: at,
          recordedAt: at,
          decidedBy: 'self',
        };
        await recordChoice(desk, choice);
        told.push({
          cells: {
            choice_id: `t-${told.length}`,
            service_user_id: what.serviceUserId,
            choice: what.choice,
            channel: 'verbal',
            requested_at: at,
            recorded_at: at,
            recorded_by: 'operator',
            decided_by: 'self',
          },
          at: world.now(),
          after: world.publications.length,
        });
        return;
      }
      case 'intake': {
        const next = new Date(Date.parse(night.businessDate) + day).toISOString().slice(0, 10);
        return lay(what.nextDate ? next : night.businessDate, what.intake);
      }
      case 'stop':
        return setStop(desk, what.provider, 'simulated');
      case 'national':
        world.farSide.optedOut.add(what.number);
    }
  };

  const advance = async (night: Night, troubled: boolean): Promise<void> => {
    let troubles = troubled ? night.troubles : [];
    for (let tries = 0; tries < mostTries; tries++) {
      const worker = await world.start(troubles, {
        takeOver: () => advance({ ...night, hold: 'leave', rerun: false }, false),
        act: (what) => happen(what, night).catch(fail),
      });
      troubles = [];
      try {
        const { run } = await advanceRun(worker, night.businessDate, false);
        if (run.state !== 'held' || night.hold === 'leave') return;
        const desk = await world.start();
        const hold = await world.store.ledger.read(async (tx) =>
          (await tx.holds(run)).find(({ decision }) => decision === 'open'),
        );
        if (hold === undefined) return;
        const words = { signature: '', reason: 'simulated' };
        if (night.hold === 'approve') await approveHold(desk, anybody, hold.id, words);
        else await rejectHold(desk, hold.id, 'simulated');
      } catch (thrown) {
        fail(thrown);
        if (!(thrown instanceof Crash)) world.pass(15 * 60_000);
        if (thrown instanceof Failure && thrown.code === 'export-stopped') return;
      }
    }
  };

  const liftAllStops = async (): Promise<void> => {
    const desk = await world.start();
    const { everything, providers } = await world.store.ledger.read(stopsNow);
    for (const stop of [everything, ...providers.values()]) {
      const words = { provider: stop?.provider ?? null, reason: 'over', signature: '' };
      if (stop !== null) await liftStop(desk, anybody, words);
    }
  };

  for (const night of history.nights) {
    world.pass(Math.max(0, Date.parse(`${night.businessDate}T${night.at}:00Z`) - world.now()));
    world.farSide.deliverDue();
    await liftAllStops();
    await lay(night.businessDate, night.intake);
    world.farSide.optedOut.clear();
    for (const number of night.national) world.farSide.optedOut.add(number);
    world.farSide.answerWith(night.answers);
    const happenings = night.troubles.filter((trouble) => trouble.kind === 'meanwhile');
    let waits = 0;
    world.onWait = async () => {
      waits += 1;
      for (const { wait, what } of happenings) if (wait === waits) await happen(what, night).catch(fail);
    };
    await advance(night, true);
    world.onWait = () => Promise.resolve();
    if (night.rerun) {
      try {
        const again = await world.start();
        await rerun(again, await previewRerun(again, night.businessDate), 'simulated');
      } catch (thrown) {
        fail(thrown);
      }
    }
  }

  // Long afterwards nothing may hang in between; while everything is stopped it may.
  await liftAllStops();
  world.farSide.answerWith(['proper']);
  world.pass(3 * day);
  for (const { businessDate } of history.nights) {
    try {
      await advanceRun(await world.start(), businessDate, false);
    } catch (thrown) {
      fail(thrown);
    }
  }
  const { entries, runs } = await world.store.ledger.read(async (tx) => {
    const lines: Readonly<Record<string, unknown>>[] = [];
    for await (const { line } of tx.entries(0, Infinity))
      lines.push(JSON.parse(Buffer.from(line).toString()) as Record<string, unknown>);
    return { entries: lines, runs: await tx.runs({}) };
  });
  for (const run of runs)
    if (!isFinal(run.state))
      faults.push(`run ${run.businessDate}/r${run.revision} never ended: ${run.state}`);
  return { world, entries, runs, intakes, told, publications: world.publications, faults, failures };
}
