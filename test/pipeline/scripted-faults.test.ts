/** Every fault that the far side knows, through the whole pipeline: how the run ends, and that nobody leaves too many. */
import { describe, expect, it } from '@jest/globals';
import { hour, minute } from '../../src/domain/calendar.ts';
import type { HoldReason } from '../../src/domain/hold.ts';
import { createMailbox } from '../../src/mesh/mailbox.ts';
import { faultNotes } from '../../src/simulator/faults.ts';
import type { FaultName } from '../../src/simulator/faults.ts';
import { systemChance } from '../../src/wiring.ts';
import { createWorld, secrets, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World, WorldOptions } from '../support/gate-world.ts';
import { residents, testNumbers } from '../support/residents.ts';

worldsEndWell();

const check = 'X26HC065';
const people = 20;
const optedOut = testNumbers(2);
const cleared = testNumbers(people).filter((number) => !optedOut.includes(number));
/** The first request asks about the first ten people, the two with a national opt-out among them. */
const settings = { CHECK_MAX_NUMBERS: '10', MESH_POLL_SECONDS: '3600' };
const answerDelayMs = 100 * minute;

/** How a run ends: `sealed` with a drop, or `held` for these reasons; a code is what it throws and goes on from when run again. */
type End = 'sealed' | readonly HoldReason[] | { readonly throws: string };

interface Case {
  readonly ends: End;
  /** Brings the fault about; without it, it is scripted once before the run. */
  readonly arrange?: (world: World, name: FaultName) => unknown;
  readonly options?: WorldOptions;
  readonly people?: number;
  readonly released?: readonly string[];
  readonly thereafter?: (world: World) => unknown;
}

const halfIsMissing = ['too-few-answered'] as const;

/** The fault comes with the answers, when the receipts have been read. */
const withTheAnswers = (world: World, name: FaultName): void => {
  world.meanwhile(() => {
    world.simulator.fault(name);
  }, 2);
};

const lastNight = async (world: World): Promise<void> => {
  world.toNight('2026-11-21');
  world.intake({ choices: [], roster: residents(people) }, {}, '2026-11-21');
  expect((await world.run('2026-11-21')).run.state).toBe('sealed');
  world.toNight(tonight);
};

const cases: Record<FaultName, Case> = {
  refusal: { ends: 'sealed' },
  silence: { ends: halfIsMissing },
  'receipt-only': { ends: halfIsMissing },
  late: {
    ends: halfIsMissing,
    async thereafter(world) {
      world.pass(7 * hour);
      expect((await world.run()).run).toMatchObject({ state: 'withheld', reason: 'hold-expired' });
      world.toNight('2026-11-24');
      world.intake({ choices: [], roster: residents(people) }, {}, '2026-11-24');
      await world.run('2026-11-24');
      expect(await whatWasUnderstood(world, '2026-11-22/r1')).toContain('late');
      expect(world.released('2026-11-24')).toEqual(cleared);
    },
  },
  duplicate: {
    ends: 'sealed',
    thereafter: async (world) => {
      expect(await whatWasUnderstood(world)).toContain('repetition');
    },
  },
  'duplicate-different': { ends: ['answers-differ'] },
  reordered: { ends: 'sealed' },
  empty: { ends: ['answer-empty'] },
  'foreign-number': { ends: ['answer-not-asked', 'too-few-answered'] },
  'repeated-number': { ends: ['answer-repeats', 'too-few-answered'] },
  echo: { ends: ['removals-none'], people: 160, options: { settings: { CHECK_MAX_NUMBERS: '200' } } },
  truncated: { ends: ['answer-truncated', 'too-few-answered'] },
  'truncated-at-line': {
    ends: 'sealed',
    released: [...testNumbers(4, 2), ...testNumbers(10, 10)],
  },
  'html-page': { ends: ['message-not-understood', 'too-few-answered'] },
  'wrong-mailbox': { ends: ['answer-from-elsewhere', 'too-few-answered'] },
  'wrong-workflow': {
    ends: halfIsMissing,
    async thereafter({ pipeline, simulator }) {
      expect(await pipeline.mailbox.waitingInAll()).toBe(1);
      expect(simulator.acknowledged()).toHaveLength(3);
    },
  },
  'wrong-local-id': {
    ends: halfIsMissing,
    thereafter: async (world) => {
      expect(await whatWasUnderstood(world, '')).toEqual(['stranger']);
    },
  },
  'yesterdays-answer': {
    ends: 'sealed',
    async arrange(world, name) {
      world.optedOut.clear();
      await lastNight(world);
      optedOut.forEach((number) => world.optedOut.add(number));
      world.simulator.fault(name);
    },
    thereafter: async (world) => {
      expect(await whatWasUnderstood(world, '2026-11-21/r1')).toContain('late');
    },
  },
  'report-instead': { ends: halfIsMissing },
  'endless-report': { ends: halfIsMissing },
  'unique-by-content': {
    ends: halfIsMissing,
    async arrange(world, name) {
      await lastNight(world);
      world.simulator.fault(name);
    },
    thereafter: async (world) => {
      expect(await whatWasUnderstood(world)).toContain('receipt-of-failure');
    },
  },
  'in-order': {
    ends: halfIsMissing,
    async arrange(world, name) {
      const subject = 'X26ABC1-231126-0001';
      const names = { localId: 'of-another-program', subject, fileName: `${subject}.dat` };
      const body = Buffer.from(`${testNumbers(1, 900).join()},\n`);
      const { workflowId } = world.config.check;
      await world.pipeline.mailbox.send({ to: check, workflowId, ...names, body });
      world.pass(hour);
      world.simulator.fault(name);
    },
  },
  'http-503': { ends: 'sealed' },
  'http-429': { ends: 'sealed' },
  'xml-500': { ends: 'sealed' },
  'v1-error-shape': { ends: { throws: 'mesh-forbidden' } },
  'error-without-body': { ends: { throws: 'mesh-forbidden' } },
  'closed-mailbox': { ends: { throws: 'mesh-forbidden' } },
  'drop-connection-after-accept': {
    ends: 'sealed',
    async thereafter(world) {
      expect(world.simulator.sent()).toHaveLength(2);
      const sent = (await world.entries()).filter(({ what }) => what === 'request-sent');
      expect(sent.map(({ found }) => found)).toEqual([true, false]);
    },
  },
  'page-loop': { ends: 'sealed' },
  'huge-page': { ends: 'sealed' },
  'gzip-cut': { ends: ['answer-malformed', 'too-few-answered'], arrange: withTheAnswers },
  'gzip-bomb': { ends: ['answer-malformed', 'too-few-answered'], arrange: withTheAnswers },
  'gzip-second-member': { ends: ['answer-malformed', 'too-few-answered'], arrange: withTheAnswers },
  'gzip-trailing-bytes': { ends: ['answer-malformed', 'too-few-answered'], arrange: withTheAnswers },
  'short-body': { ends: 'sealed', arrange: withTheAnswers },
  'wrong-chunk': { ends: halfIsMissing, ...answeredInChunks(), thereafter: oneIsLeftInTheInbox },
  'missing-chunk': { ends: halfIsMissing, ...answeredInChunks(), thereafter: oneIsLeftInTheInbox },
};

/** The first request is answered in chunks, by the check's own mailbox, and the fault waits for the second of them. */
function answeredInChunks(): Pick<Case, 'arrange' | 'options'> {
  return {
    options: {
      simulator: {
        minimumChunkBytes: 10,
        mailboxes: [
          { id: 'X26ABC1', password: secrets.password },
          { id: check, password: secrets.password },
        ],
      },
    },
    arrange(world, name) {
      world.simulator.fault('receipt-only');
      world.meanwhile(async () => {
        const { localId = '', subject = '' } = world.simulator.sent()[0] ?? {};
        const { clock } = world.pipeline;
        const parts = { url: world.meshUrl, mailboxId: check, ...secrets, clock, chance: systemChance };
        const mailbox = createMailbox({ ...parts, chunkBytes: 60 });
        const body = Buffer.from(
          testNumbers(8, 2)
            .map((number) => `${number},\n`)
            .join(''),
        );
        const { workflowId } = world.config.check;
        const names = { to: 'X26ABC1', workflowId, localId, subject, fileName: `${localId}.dat` };
        await mailbox.send({ ...names, body });
        world.simulator.fault(name);
      });
    },
  };
}

async function oneIsLeftInTheInbox(world: World): Promise<void> {
  expect(await world.pipeline.mailbox.waitingInAll()).toBe(1);
}

async function whatWasUnderstood(world: World, run = `${tonight}/r1`): Promise<unknown[]> {
  const entries = await world.entries();
  return entries
    .filter((entry) => entry.what === 'message-understood' && entry.run === run)
    .map(({ as }) => as);
}

async function worldOf({ options = {}, people: count = people }: Case): Promise<World> {
  const world = await createWorld({
    optedOut,
    ...options,
    settings: { ...settings, ...options.settings },
    simulator: { answerDelayMs, ...options.simulator },
  });
  world.intake({ choices: [], roster: residents(count) });
  return world;
}

it('an empty answer to a list of people is held, and says nothing about them (fault 13)', async () => {
  const world = await worldOf({ ends: ['answer-empty'] });
  world.simulator.fault('empty');
  expect((await world.run()).run.state).toBe('held');
  expect(await world.ledger.read((tx) => tx.holds())).toMatchObject([{ reasons: ['answer-empty'] }]);
  expect(world.released()).toBeNull();
});

describe('a fault of the far side', () => {
  it('has a case here, each of them', () => {
    expect(Object.keys(cases).sort()).toEqual(Object.keys(faultNotes).sort());
  });

  it.each(Object.entries(cases) as [FaultName, Case][])('%s', async (name, fault) => {
    const world = await worldOf(fault);
    if (fault.arrange === undefined) world.simulator.fault(name);
    else await fault.arrange(world, name);
    const { ends } = fault;
    if (typeof ends === 'object' && 'throws' in ends) {
      await expect(world.run()).rejects.toMatchObject({ code: ends.throws });
      expect(world.simulator.sent()).toEqual([]);
    }
    const { run } = await world.run();
    expect(world.simulator.statistics().faultsWaiting).toEqual([]);
    if (Array.isArray(ends)) {
      expect(run.state).toBe('held');
      const [hold] = await world.ledger.read((tx) => tx.holds(run));
      expect(hold).toMatchObject({ stage: 'before-release', reasons: ends });
      expect(world.released()).toBeNull();
    } else {
      expect(run.state).toBe('sealed');
      expect(world.released()).toEqual(fault.released ?? cleared);
    }
    await fault.thereafter?.(world);
  });
});

describe('a fault that lasts', () => {
  it.each<[FaultName, string, number]>([
    ['http-503', 'mesh-unavailable', 4],
    ['closed-mailbox', 'mesh-forbidden', 1],
  ])(
    '%s: nothing is sent while it does; once something is, the deadline decides',
    async (name, code, times) => {
      const world = await worldOf({ ends: 'sealed' });
      world.simulator.fault(name, { times });
      await expect(world.run()).rejects.toMatchObject({ code });
      expect(world.simulator.sent()).toEqual([]);
      world.meanwhile(() => {
        world.simulator.fault(name, { times: Infinity });
      });
      expect((await world.run()).run).toMatchObject({ state: 'withheld', reason: 'nothing-answered' });
      expect(world.released()).toBeNull();
    },
  );
});

describe('a send of unknown outcome', () => {
  it('that MESH has not taken is voided and made anew under another local id', async () => {
    const world = await worldOf({ ends: 'sealed' });
    const { mailbox } = world.pipeline;
    let isFirst = true;
    const send: typeof mailbox.send = (message) => {
      if (isFirst) world.simulator.fault('http-503');
      isFirst = false;
      return mailbox.send(message);
    };
    world.pipeline = { ...world.pipeline, mailbox: { ...mailbox, send } };
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(cleared);
    expect(world.simulator.sent()).toHaveLength(2);
    const [voided] = (await world.entries()).filter(({ what }) => what === 'request-voided');
    const sent = world.simulator.sent().map(({ localId }) => localId);
    expect(sent).toContain(voided?.['successor']);
    expect(sent).not.toContain(voided?.['localId']);
  });

  it('that MESH has taken and does not own up to is asked anew, and its answer is filed', async () => {
    const world = await worldOf({ ends: 'sealed' });
    const { mailbox } = world.pipeline;
    world.pipeline = { ...world.pipeline, mailbox: { ...mailbox, findSent: () => Promise.resolve(null) } };
    world.simulator.fault('drop-connection-after-accept');
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(cleared);
    expect(world.simulator.sent()).toHaveLength(3);
    expect(await whatWasUnderstood(world)).toContain('late');
  });
});
