/** Attacks: what somebody, or bad luck, would try so that a number leaves, or a person is asked about, although nothing allows it. */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { day, formatInstant, hour } from '../../src/domain/calendar.ts';
import { readConfig } from '../../src/config.ts';
import { Failure } from '../../src/domain/failure.ts';
import { openSqliteLedger } from '../../src/ledger/sqlite-ledger.ts';
import { tell } from '../../src/pipeline/context.ts';
import { commitSigned } from '../../src/pipeline/end.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import { recordChoice } from '../../src/pipeline/recorded-choices.ts';
import type { ToldChoice } from '../../src/pipeline/recorded-choices.ts';
import type { Ledger, OutboundDrop } from '../../src/ports.ts';
import { approve } from '../support/approvals.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World, WorldOptions } from '../support/gate-world.ts';
import { choiceCells, providerCells } from '../support/intake-folder.ts';
import { resident, residents, serviceUserId, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

const tomorrow = '2026-11-23';

/** A world in which we know about whom the national check was asked. */
async function watchedWorld(options: WorldOptions = {}): Promise<World & { asked: Set<string> }> {
  const asked = new Set<string>();
  const world = await createWorld({
    ...options,
    simulator: { isOptedOut: (number) => asked.add(number).size < 0, ...options.simulator },
  });
  return Object.assign(world, { asked });
}

const told = (over: Partial<ToldChoice> & { at: number }): ToldChoice => ({
  serviceUserId: serviceUserId(0),
  choice: 'opt_out',
  channel: 'verbal',
  requestedAt: formatInstant(over.at),
  recordedAt: formatInstant(over.at),
  decidedBy: 'self',
  ...over,
});

/** As `export-gate choice record` does it, from another process. */
async function record(world: World, over: Partial<ToldChoice> = {}): Promise<void> {
  const claim = await world.ledger.claim('choices');
  await recordChoice({ ...world.pipeline, claim }, told({ at: world.now(), ...over }));
}

const mistyped = choiceCells({
  service_user_id: 'SU-UNKNOWN',
  requested_at: '2026-11-20T10:00:00Z',
  recorded_at: '2026-11-20T10:05:00Z',
});

describe('asking about somebody although they objected in time', () => {
  it('while the run was held before asking: a choice was recorded', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [mistyped], roster: residents(5) });
    expect((await world.run()).run.state).toBe('held');
    world.pass(6 * hour);
    await record(world);
    await approve(world);
    expect((await world.run()).run.state).toBe('held');
    expect(world.asked.size).toBe(0);
    await approve(world);
    await world.run();
    expect([...world.asked]).toEqual(testNumbers(4, 1));
  });

  it('while the run was held before asking: a newer intake says so', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [mistyped], roster: residents(5) });
    expect((await world.run()).run.state).toBe('held');
    world.pass(6 * hour);
    world.intake({
      choices: [mistyped],
      roster: [resident(0, { in_service_choice: 'opted_out' }), ...residents(4, {}, 1)],
    });
    await approve(world);
    await world.run();
    expect(world.asked).not.toContain(testNumber(0));
  });

  it('while MESH was down', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.simulator.fault('closed-mailbox', { times: 1 });
    await expect(world.run()).rejects.toMatchObject({ code: 'mesh-forbidden' });
    await record(world);
    await world.run();
    expect(world.asked).not.toContain(testNumber(0));
  });

  it.each(['opened', 'gated', 'asked', 'answered'])('while the process was dead in %s', async (dead) => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.pipeline = {
      ...world.pipeline,
      onProgress(event) {
        if (event.step === 'state' && event.state === dead) throw new Error('killed');
      },
    };
    await expect(world.run()).rejects.toThrow('killed');
    await record(world);
    await world.restart();
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(4, 1));
    expect(world.asked.has(testNumber(0))).toBe(dead === 'asked' || dead === 'answered');
  });

  it('while the second of two requests could not be sent', async () => {
    const world = await watchedWorld({ settings: { CHECK_MAX_NUMBERS: '2' } });
    world.intake({ choices: [], roster: residents(4) });
    const { mailbox } = world.pipeline;
    let sends = 0;
    world.pipeline = {
      ...world.pipeline,
      mailbox: {
        ...mailbox,
        async send(message) {
          if (++sends === 2) world.simulator.fault('http-503', { times: 4 });
          return mailbox.send(message);
        },
      },
    };
    world.meanwhile(() => record(world, { serviceUserId: serviceUserId(3) }));
    await world.run();
    expect(world.asked).not.toContain(testNumber(3));
  });

  it('from papers whose time was up, because nobody had kept house', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.simulator.fault('closed-mailbox', { times: 1 });
    await expect(world.run()).rejects.toMatchObject({ code: 'mesh-forbidden' });
    world.pass(6 * day);
    expect((await world.run()).run).toMatchObject({ state: 'failed', reason: 'key-destroyed' });
    expect(world.asked.size).toBe(0);
  });
});

/** A ledger beside which something happens whenever a checkpoint was shown. */
const afterShowing = (ledger: Ledger, act: () => Promise<void>): Ledger => ({
  ...ledger,
  async readAlone(work) {
    const done = await ledger.readAlone(work);
    await act();
    return done;
  },
});

describe('a choice recorded at the last moment', () => {
  it('while the newest roster is being read again', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    const { intake } = world.pipeline;
    let reads = 0;
    world.pipeline = {
      ...world.pipeline,
      intake: {
        ...intake,
        async *roster(verified) {
          yield* intake.roster(verified);
          if (++reads === 2) await record(world);
        },
      },
    };
    await world.run();
    expect(world.released()).not.toContain(testNumber(0));
  });

  it('when the drop is about to be linked (fault 3)', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    let published = 0;
    world.pipeline = {
      ...world.pipeline,
      ledger: afterShowing(world.ledger, async () => {
        const [run] = await world.ledger.read((tx) => tx.runs({}));
        if (run?.state === 'decided' && published++ === 0) await record(world);
      }),
    };
    await world.run();
    expect(published).toBe(2);
    expect(world.released()).not.toContain(testNumber(0));
  });

  it('while the drop is being linked: it comes after the drop, and the log says so', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    const { drop } = world.pipeline;
    const elsewhere = await openSqliteLedger(path.join(world.config.dataDir, 'ledger.sqlite'));
    let recorded: Promise<void> | undefined;
    world.pipeline = {
      ...world.pipeline,
      drop: {
        ...drop,
        publish(plan) {
          recorded = elsewhere
            .claim('choices')
            .then((claim) =>
              recordChoice({ ...world.pipeline, ledger: elsewhere, claim }, told({ at: world.now() })),
            );
          return drop.publish(plan);
        },
      },
    };
    await world.run();
    await recorded;
    await elsewhere.close();
    const order = (await world.entries()).map(({ what }) => what);
    expect(order.indexOf('choice-recorded')).toBeGreaterThan(order.indexOf('run-released'));
  });

  it('while a refused list is being asked about again in parts', async () => {
    const world = await watchedWorld({ simulator: { isRefused: (number) => number === testNumber(3) } });
    world.intake({ choices: [], roster: residents(4) });
    world.meanwhile(() => record(world));
    await world.run();
    expect(world.simulator.sent().map(({ lines }) => lines)).toEqual([4, 1, 1, 1]);
    expect(world.released()).toEqual(testNumbers(2, 1));
  });

  it('after the legal basis ended at midnight: parts of a refused list are not asked about', async () => {
    const world = await watchedWorld({
      settings: { LEGAL_BASIS_EXPIRES_ON: tonight, MESH_POLL_SECONDS: '3600' },
      simulator: { isRefused: (number) => number === testNumber(3), answerDelayMs: 5 * hour },
    });
    world.pass(20 * hour);
    world.intake({ choices: [], roster: residents(4) });
    expect((await world.run()).run).toMatchObject({ state: 'withheld', reason: 'legal-basis-expired' });
    expect(world.simulator.sent()).toHaveLength(1);
  });

  it('about an id that only the run’s own intake knew', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.meanwhile(async () => {
      world.intake(
        {
          choices: [],
          roster: [resident(0, { service_user_id: 'SU-NEW' }), ...residents(4, {}, 1)],
          producedAt: formatInstant(world.now()),
        },
        {},
        tomorrow,
      );
      await record(world);
    });
    expect((await world.run()).run.state).toBe('held');
    await approve(world);
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(4, 1));
  });
});

describe('two workers', () => {
  it('one that was taken over wakes up and publishes (fault 22)', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    const { drop } = world.pipeline;
    world.pipeline = {
      ...world.pipeline,
      ledger: afterShowing(world.ledger, async () => {
        const [run] = await world.ledger.read((tx) => tx.runs({}));
        if (run?.state === 'decided') await world.ledger.claim('advancing');
      }),
    };
    await expect(world.run()).rejects.toMatchObject({ code: 'epoch-stale' });
    expect(await drop.look({ businessDate: tonight, revision: 1 })).toBe('nothing');
  });

  it('one that was held up after its signature does not show an older checkpoint than the other has shown', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    const { ledger, audit } = world.pipeline;
    const elsewhere = await openSqliteLedger(path.join(world.config.dataDir, 'ledger.sqlite'));
    const shown: number[] = [];
    const look = (): void => {
      const file = path.join(world.config.dataDir, 'checkpoint');
      if (fs.existsSync(file)) shown.push(Number(fs.readFileSync(file, 'utf8').split('\n')[1]));
    };
    const signsBeside = async (): Promise<void> => {
      const claim = await elsewhere.claim('holds');
      await commitSigned({ ledger: elsewhere, claim, audit }, async (tx) => {
        await tell(world.pipeline, tx, null, { what: 'heartbeat', lastRun: '' });
      });
      look();
    };
    world.pipeline = {
      ...world.pipeline,
      ledger: {
        ...ledger,
        async transact(claim, work) {
          const done = await ledger.transact(claim, work);
          await signsBeside();
          return done;
        },
      },
      audit: {
        ...audit,
        async publishCheckpoint(tx) {
          await audit.publishCheckpoint(tx);
          look();
        },
      },
    };
    await world.run();
    await elsewhere.close();
    expect(shown.length).toBeGreaterThan(10);
    expect(shown).toEqual(shown.toSorted((a, b) => a - b));
  });
});

describe('approving', () => {
  it('a rehearsal, so that the run itself is not held', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [mistyped], roster: residents(5) });
    expect((await world.run(tonight, true)).run.state).toBe('held');
    await approve(world);
    expect((await world.run()).run.state).toBe('held');
  });

  it('a hold whose time was up', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [mistyped], roster: residents(5) });
    expect((await world.run()).run.state).toBe('held');
    world.pass(25 * hour);
    await expect(approve(world)).rejects.toMatchObject({ code: 'approval-refused' });
    expect((await world.run()).run).toMatchObject({ state: 'withheld', reason: 'hold-expired' });
    expect(world.asked.size).toBe(0);
  });

  it('and turning the clock back, so that the answers stay young', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.simulator.fault('duplicate-different');
    expect((await world.run()).run.state).toBe('held');
    await approve(world);
    world.pass(-2 * day);
    await expect(world.run()).rejects.toMatchObject({ code: 'manifest-from-the-future' });
    expect(world.released()).toBeNull();
  });
});

describe('an intake', () => {
  it('of another night put in place between opening and gate', async () => {
    const world = await watchedWorld();
    world.toNight('2026-11-21');
    const producedAt = '2026-11-21T03:00:00Z';
    world.intake({ choices: [], roster: residents(5), producedAt }, {}, '2026-11-21');
    await world.run('2026-11-21');
    world.toNight(tonight);
    world.intake({ choices: [], roster: residents(5) });
    const { intake } = world.pipeline;
    world.pipeline = {
      ...world.pipeline,
      intake: { ...intake, providers: () => Promise.reject(new Error('killed')) },
    };
    await expect(world.run()).rejects.toThrow('killed');
    await world.restart();
    fs.rmSync(path.join(world.config.intakeDir, '2026-11-21'), { recursive: true });
    world.intake({ choices: [], roster: residents(5), producedAt });
    world.intake({ choices: [], roster: residents(5) }, {}, tomorrow);
    await expect(world.run()).rejects.toMatchObject({ code: 'manifest-of-another-date' });
  });

  it('with the opt-out under another spelling of the id', async () => {
    const world = await watchedWorld();
    world.intake({
      choices: [
        choiceCells({ service_user_id: '\u017fu-000000' }),
        choiceCells({ service_user_id: 'su-000001' }),
      ],
      roster: residents(4),
    });
    await world.run();
    expect([...world.asked]).toEqual(testNumbers(2, 2));
  });

  it('that prolongs a stay: the home left before the release gets no file', async () => {
    const world = await watchedWorld({
      settings: { DROP_LAYOUT: 'per-location', CHECK_DEADLINE_HOURS: '24', MESH_POLL_SECONDS: '3600' },
      simulator: { answerDelayMs: 23 * hour },
    });
    const left = { location_id: '1-1099000102', provider_id: 'PR-02', resident_to: tonight };
    const providers = [providerCells(), providerCells({ provider_id: 'PR-02' })];
    world.intake({ providers, choices: [], roster: [...residents(3), resident(0, left)] });
    world.meanwhile(() => {
      world.intake({
        providers,
        choices: [],
        roster: [...residents(3), resident(0, { ...left, resident_to: '' })],
      });
    });
    await world.run();
    expect(fs.readdirSync(world.dropFolder()).sort()).toEqual(['location-1-1099000101.csv', 'manifest.json']);
  });
});

describe('configuration', () => {
  const live = {
    MESH_URL: 'https://mesh.example',
    MESH_MAILBOX_ID: 'X26ABC1',
    MESH_MAILBOX_PASSWORD: 'p',
    MESH_SHARED_KEY: 'k',
    MESH_CLIENT_CERT_FILE: 'c',
    MESH_CLIENT_KEY_FILE: 'k',
    MESH_CA_FILE: 'a',
  };
  it.each([
    [
      'test numbers to the live service by a dot',
      { NHS_NUMBER_POLICY: 'test', MESH_URL: 'https://mesh-sync.spineservices.nhs.uk.' },
    ],
    [
      'test numbers to the live service by capitals',
      { NHS_NUMBER_POLICY: 'test', MESH_URL: 'https://MESH-SYNC.spineservices.NHS.uk' },
    ],
    ['test numbers among live ones', { NHS_NUMBER_EXTRA_RANGES: '800-999' }],
    ['a range that runs backwards', { NHS_NUMBER_EXTRA_RANGES: '859-800' }],
    ['live numbers to this machine', { MESH_URL: 'https://127.1' }],
    ['our own mailbox as the national check', { MESH_CHECK_MAILBOX_ID: 'x26abc1' }],
    ['the intake where the recipient looks', { EXPORT_GATE_INTAKE_DIR: 'outbound/../outbound/intake' }],
    ['the keys where the recipient looks', { EXPORT_GATE_DATA_DIR: 'outbound' }],
  ])('%s', (_, settings) => {
    expect(() => readConfig({ ...live, ...settings })).toThrow(
      expect.objectContaining({ code: 'configuration-invalid' }),
    );
  });
});

describe('hiding an objection', () => {
  it('behind tomorrow’s folder, written before tonight’s was corrected', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.meanwhile(() => {
      world.intake(
        { choices: [], roster: residents(5), producedAt: formatInstant(world.now() - 2 * hour) },
        {},
        tomorrow,
      );
      world.intake({
        choices: [],
        roster: [resident(0, { in_service_choice: 'opted_out' }), ...residents(4, {}, 1)],
        producedAt: formatInstant(world.now()),
      });
    });
    await world.run();
    expect(world.released()).not.toContain(testNumber(0));
  });

  it('by taking the row away again while the run is held', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.simulator.fault('empty');
    world.meanwhile(() => {
      world.intake({
        choices: [],
        roster: [resident(0, { in_service_choice: 'opted_out' }), ...residents(4, {}, 1)],
        producedAt: formatInstant(world.now()),
      });
    });
    expect((await world.run()).run.state).toBe('held');
    world.toNight(tomorrow);
    world.intake({ choices: [], roster: residents(5) }, {}, tomorrow);
    await world.run(tomorrow);
    expect(world.released(tomorrow)).toEqual(testNumbers(4, 1));
  });

  it('under the id of a former resident who once opted out', async () => {
    const world = await watchedWorld();
    const former = resident(7, { in_service_choice: 'opted_out' });
    world.intake({ choices: [], roster: [...residents(5), former] });
    await world.run();
    world.toNight(tomorrow);
    const typed = choiceCells({
      service_user_id: serviceUserId(7),
      requested_at: '2026-11-22T20:00:00Z',
      recorded_at: '2026-11-22T20:00:00Z',
    });
    world.intake({ choices: [typed], roster: residents(5) }, {}, tomorrow);
    expect((await world.run(tomorrow)).run.state).toBe('held');
  });

  it('under an id that ends in a space', async () => {
    const world = await watchedWorld();
    await expect(record(world, { serviceUserId: `${serviceUserId(0)} ` })).rejects.toMatchObject({
      code: 'usage',
    });
  });
});

describe('what the evidence would not say', () => {
  const publishAndDie = (drop: OutboundDrop): OutboundDrop => ({
    ...drop,
    async publish(plan) {
      await drop.publish(plan);
      throw new Error('killed');
    },
  });

  it('that a drop stands whose working papers died before anybody looked', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.pipeline = { ...world.pipeline, drop: publishAndDie(world.pipeline.drop) };
    await expect(world.run()).rejects.toThrow('killed');
    await world.restart();
    world.pass(3 * day);
    await keepHouse(world.pipeline);
    const { run } = await world.run();
    expect(run.state).toBe('sealed');
    expect((await world.entries()).map(({ what }) => what)).toContain('run-released');
    expect(world.released()).toHaveLength(5);
  });

  it('that somebody else published under the name of the run', async () => {
    const world = await watchedWorld({ optedOut: testNumbers(1) });
    world.intake({ choices: [], roster: residents(5) });
    world.pipeline = { ...world.pipeline, drop: publishAndDie(world.pipeline.drop) };
    await expect(world.run()).rejects.toThrow('killed');
    await world.restart();
    const csv = path.join(world.dropFolder(), 'nhs-numbers.csv');
    const manifest = path.join(world.dropFolder(), 'manifest.json');
    const sha256 = createHash('sha256').update(fs.readFileSync(csv)).digest('hex');
    fs.appendFileSync(csv, `${testNumber(5)}\n`);
    const forged = createHash('sha256').update(fs.readFileSync(csv)).digest('hex');
    fs.writeFileSync(manifest, fs.readFileSync(manifest, 'utf8').replace(sha256, forged));
    await expect(world.run()).rejects.toMatchObject({ code: 'drop-exists-different' });
    // Nor does the log, held against the world, take it for the drop that was decided.
    expect(await world.reconcile()).toMatchObject([{ code: 'drop-without-entry', place: `${tonight}/r1` }]);
    world.meddled = true;
  });

  it('that the clocks were far apart, because a rehearsal had already shaken hands', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    const { mailbox } = world.pipeline;
    world.pipeline = {
      ...world.pipeline,
      mailbox: { ...mailbox, handshake: () => Promise.resolve(3 * hour) },
    };
    expect((await world.run(tonight, true)).run.state).toBe('held');
    expect((await world.run()).run.state).toBe('held');
  });

  it('that a request was sent, because the ledger stumbled just after (fault 28)', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    const { mailbox, ledger } = world.pipeline;
    let sent = false;
    world.pipeline = {
      ...world.pipeline,
      mailbox: {
        ...mailbox,
        async send(message) {
          const answer = await mailbox.send(message);
          sent = true;
          return answer;
        },
      },
      ledger: {
        ...ledger,
        transact(claim, work) {
          if (!sent) return ledger.transact(claim, work);
          sent = false;
          return Promise.reject(new Failure('ledger-failed', { message: 'busy' }));
        },
      },
    };
    await expect(world.run()).rejects.toMatchObject({ code: 'ledger-failed' });
    await world.run();
    expect(world.simulator.sent()).toHaveLength(1);
    expect((await world.entries()).map(({ what }) => what)).not.toContain('request-voided');
  });

  it('that a drop was removed which was not', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    await world.run();
    fs.writeFileSync(path.join(world.dropFolder(), 'notes.txt'), 'mine');
    world.pass(20 * day);
    await expect(keepHouse(world.pipeline)).rejects.toMatchObject({ code: 'place-unsafe' });
    expect((await world.entries()).map(({ what }) => what)).not.toContain('drop-removed');
    expect(await world.reconcile()).toMatchObject([
      { code: 'drop-stranger', place: `${tonight}/r1/notes.txt` },
    ]);
    world.meddled = true;
  });

  it('under which configuration a run went on', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.simulator.fault('closed-mailbox', { times: 1 });
    await expect(world.run()).rejects.toMatchObject({ code: 'mesh-forbidden' });
    const { digest } = world.config;
    await world.reconfigure({ MESH_POLL_SECONDS: '600' });
    await world.run();
    const digests = (await world.entries())
      .filter(({ what }) => what === 'configuration-in-force')
      .map((entry) => entry['digest']);
    expect(digests).toEqual([digest, world.config.digest]);
    expect(world.config.digest).not.toBe(digest);
  });
});

describe('slipping mail in', () => {
  /** A message of the national check about one of our requests, in so many words. */
  const deliver = (world: World, request: number, numbers: readonly string[]): void => {
    const { localId = '', subject = '' } = world.simulator.sent()[request] ?? {};
    const { workflowId, mailboxId: from } = world.config.check;
    const body = numbers.map((number) => `${number},\n`).join('');
    world.simulator.deliver(
      { from, to: 'X26ABC1', workflowId, localId, subject, fileName: 'answer.dat' },
      Buffer.from(body),
    );
  };

  it('the answer to one request under the local id of another (fault 6)', async () => {
    const world = await watchedWorld({ settings: { CHECK_MAX_NUMBERS: '3' }, optedOut: testNumbers(1) });
    world.intake({ choices: [], roster: residents(6) });
    world.meanwhile(() => {
      deliver(world, 0, testNumbers(3, 3));
    });
    const { run } = await world.run();
    const [hold] = await world.ledger.read((tx) => tx.holds(run));
    expect(hold?.reasons).toEqual(['answer-not-asked', 'answers-differ', 'too-few-answered']);
    expect(world.released()).toBeNull();
  });

  it('a second, different answer while the run is held', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.simulator.fault('empty');
    expect((await world.run()).run.state).toBe('held');
    deliver(world, 0, testNumbers(1));
    await approve(world);
    const { run } = await world.run();
    expect(run.state).toBe('held');
    const holds = await world.ledger.read((tx) => tx.holds(run));
    expect(holds.at(-1)?.reasons).toContain('answers-differ');
  });

  it('a second answer to a night whose papers are dead, to keep later nights from their mail', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.simulator.fault('empty');
    expect((await world.run()).run.state).toBe('held');
    world.toNight('2026-11-25');
    world.intake({ choices: [], roster: residents(5) }, {}, '2026-11-25');
    world.meanwhile(() => {
      deliver(world, 0, testNumbers(1));
    });
    expect((await world.run('2026-11-25')).run.state).toBe('sealed');
  });

  it('a number in place of a local id, so that it stands in the ledger in clear', async () => {
    const world = await watchedWorld();
    world.intake({ choices: [], roster: residents(5) });
    world.meanwhile(() => {
      const { workflowId, mailboxId: from } = world.config.check;
      const names = { workflowId, localId: testNumber(0), fileName: 'answer.dat' };
      world.simulator.deliver({ from, to: 'X26ABC1', ...names }, Buffer.from('x'));
    });
    expect((await world.run()).run.state).toBe('sealed');
  });
});
