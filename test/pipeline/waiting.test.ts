/** Waiting for the national check: how long, for what, and what else lies in the mailbox meanwhile. */
import { describe, expect, it } from '@jest/globals';
import { hour, minute } from '../../src/domain/calendar.ts';
import { Failure } from '../../src/domain/failure.ts';
import { requestOf } from '../../src/pipeline/binding.ts';
import type { LedgerReader, Mailbox, RawMessage, StoredRequest } from '../../src/ports.ts';
import { approve } from '../support/approvals.ts';
import { createWorld, mailboxId, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { residents, testNumber, testNumbers } from '../support/residents.ts';

worldsEndWell();

const hourly = { MESH_POLL_SECONDS: '3600' };
const answeredBy = async (world: World): Promise<unknown> =>
  (await world.entries()).find(({ what }) => what === 'run-answered')?.['leftInInbox'];

describe('a night that waits', () => {
  it('longer than a day says once a day that it is here', async () => {
    const world = await createWorld({
      settings: { ...hourly, CHECK_DEADLINE_HOURS: '60', CHECK_MAX_AGE_HOURS: '70', PAPERS_KEEP_DAYS: '7' },
      simulator: { answerDelayMs: 50 * hour },
    });
    world.intake({ choices: [], roster: residents(3) });
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.simulator.statistics().calls.handshake).toBe(3);
  });

  it('holds the release when the clocks come apart meanwhile, until somebody has looked', async () => {
    const world = await createWorld({ settings: hourly, simulator: { answerDelayMs: 19 * hour } });
    world.intake({ choices: [], roster: residents(3) });
    const { mailbox, ledger, claim } = world.pipeline;
    let isAsked = false;
    world.pipeline = {
      ...world.pipeline,
      mailbox: {
        ...mailbox,
        handshake: () => Promise.resolve(isAsked ? -121 * minute : 0),
        async send(message) {
          isAsked = true;
          await ledger.transact(claim, (tx) => tx.set(`mesh-handshake-at/${mailbox.mailboxId}`, '0'));
          return mailbox.send(message);
        },
      },
    };
    expect((await world.run()).run.state).toBe('held');
    expect(await approve(world)).toMatchObject({ stage: 'before-release', reasons: ['clock-moved'] });
    expect((await world.run()).run.state).toBe('sealed');
  });

  it('for parts of a list refused late releases who was answered before that grows too old', async () => {
    const world = await createWorld({
      settings: { ...hourly, CHECK_MAX_NUMBERS: '20' },
      simulator: { answerDelayMs: 19 * hour, isRefused: (number) => number === testNumber(21) },
    });
    world.intake({ choices: [], roster: residents(22) });
    const began = world.now();
    expect((await world.run()).run).toMatchObject({ state: 'sealed', released: 20 });
    expect(world.simulator.sent().map(({ lines }) => lines)).toEqual([20, 2, 1, 1]);
    expect(world.released()).toEqual(testNumbers(20));
    // Halfway between the deadline (20 hours) and the age limit (24), and the poll after it.
    expect(world.now() - began).toBeLessThanOrEqual(23 * hour);
  });
});

describe('a mailbox', () => {
  it('with mail of other workflows has it counted and left', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    const mail = { from: 'X26OTHER', to: mailboxId, workflowId: 'SOMETHING_ELSE', localId: 'theirs' };
    for (let n = 0; n < 3; n++) world.simulator.deliver(mail, Buffer.from('theirs'));
    await world.run();
    expect(await answeredBy(world)).toBe(3);
    expect(world.events).toContainEqual({ step: 'left-in-inbox', messages: 3 });
    expect(await world.pipeline.mailbox.waitingInAll()).toBe(3);
    expect(world.released()).toEqual(testNumbers(3));
  });

  it('that does not say how much is left holds nobody up', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    const { mailbox } = world.pipeline;
    const waitingInAll: Mailbox['waitingInAll'] = () =>
      Promise.reject(new Failure('mesh-malformed', { message: 'no count' }));
    world.pipeline = { ...world.pipeline, mailbox: { ...mailbox, waitingInAll } };
    expect((await world.run()).run.state).toBe('sealed');
    expect(await answeredBy(world)).toBeNull();
  });

  it('full of what is listed and yet gone does not hide what waits behind it', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    const { mailbox } = world.pipeline;
    const ghosts = Array.from({ length: 1100 }, (_, n) => `GHOST_${n}`);
    world.pipeline = {
      ...world.pipeline,
      mailbox: {
        ...mailbox,
        waiting: async (workflowId, limit) =>
          [...ghosts, ...(await mailbox.waiting(workflowId, 500))].slice(0, limit),
        download: (id) =>
          id.startsWith('GHOST_')
            ? Promise.reject(new Failure('mesh-gone', { message: 'gone' }))
            : mailbox.download(id),
      },
    };
    expect((await world.run()).run.state).toBe('sealed');
    expect(world.released()).toEqual(testNumbers(3));
  });
});

describe('a message', () => {
  const request = (messageId: string | null): StoredRequest => ({
    localId: 'ours',
    run: { businessDate: tonight, revision: 1 },
    state: messageId === null ? 'intended' : 'sent',
    level: 0,
    sequence: 1,
    subject: 'ours',
    intendedAt: 0,
    sentAt: messageId === null ? null : 0,
    messageId,
    epoch: 1,
  });
  const ledgerWith = (known: StoredRequest): LedgerReader =>
    ({
      request: (localId: string) => Promise.resolve(localId === known.localId ? known : null),
      requestSentAs: (id: string) => Promise.resolve(id === known.messageId ? known : null),
    }) as Partial<LedgerReader> as LedgerReader;
  const message = (headers: Record<string, string>): RawMessage => ({
    messageId: 'M1',
    parts: [{ headers, body: new Uint8Array() }],
  });

  it.each<[string, Record<string, string>, string | null, boolean]>([
    ['by its local id', { 'mex-messagetype': 'DATA', 'mex-localid': 'ours' }, 'SENT_1', true],
    ['not without one', { 'mex-messagetype': 'DATA' }, 'SENT_1', false],
    ['not by a local id of others', { 'mex-messagetype': 'DATA', 'mex-localid': 'theirs' }, 'SENT_1', false],
    [
      'as a report by the message that failed',
      { 'mex-messagetype': 'REPORT', 'mex-linkedmsgid': 'SENT_1' },
      'SENT_1',
      true,
    ],
    [
      'as a report in small letters too',
      { 'mex-messagetype': 'Report', 'mex-linkedmsgid': 'SENT_1' },
      'SENT_1',
      true,
    ],
    [
      'as no answer by another message',
      { 'mex-messagetype': 'DATA', 'mex-linkedmsgid': 'SENT_1' },
      'SENT_1',
      false,
    ],
    [
      'as a report about a send of unknown outcome',
      { 'mex-messagetype': 'REPORT', 'mex-localid': 'ours', 'mex-linkedmsgid': 'SENT_1' },
      null,
      true,
    ],
    [
      'not where its two names speak of different messages',
      { 'mex-messagetype': 'REPORT', 'mex-localid': 'ours', 'mex-linkedmsgid': 'SENT_2' },
      'SENT_1',
      false,
    ],
  ])('is bound to a request %s', async (_, headers, messageId, isBound) => {
    const known = request(messageId);
    expect(await requestOf(ledgerWith(known), message(headers))).toEqual(isBound ? known : null);
  });
});
