import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import {
  ask,
  callerOf,
  check,
  collectAll,
  dayMs,
  inboxOf,
  lines,
  ours,
  people,
  start,
  stillSimulator,
  toCheck,
  workflow,
} from './caller.ts';
import type { Received } from './caller.ts';

const optedOut = new Set<string>([people[1], people[4]]);
const sentence = 'The file contains one or more invalid NHS Numbers.';

const withCheck = (refused: readonly string[] = []) => {
  const simulator = stillSimulator({
    isOptedOut: (number) => optedOut.has(number),
    isRefused: (number) => refused.includes(number),
  });
  const us = callerOf(simulator, ours);
  const askAndWait = async (localId: string, body: string): Promise<readonly Received[]> => {
    await ask(us, localId, body);
    simulator.clock.advance(2000);
    return collectAll(us);
  };
  return { simulator, us, askAndWait };
};

const told = (received: readonly Received[]) => received.map(({ subject, body }) => [subject, body]);
const stagesOf = (body: string) =>
  (JSON.parse(body) as { status: string; stages: { stage: string; passed: boolean }[] }).stages.map(
    ({ stage, passed }) => [stage, passed],
  );

describe('a request that can be answered', () => {
  it('gets a receipt and then the numbers of those who did not opt out, in its order', async () => {
    const { simulator, us } = withCheck();
    const id = await ask(us, 'X26ABC1-221126-0001', lines(people[2], people[1], people[0], people[4]));
    expect(await inboxOf(us)).toEqual([]);
    simulator.clock.advance(299);
    expect(await inboxOf(us)).toEqual([]);
    simulator.clock.advance(1);
    expect(await inboxOf(us)).toHaveLength(1);
    const track = await us('GET', `/outbox/tracking?messageID=${id}`);
    expect(await track.json()).toMatchObject({ status: 'acknowledged' });
    simulator.clock.advance(1200);
    const [receipt, answer] = await collectAll(us);
    const common = {
      from: check,
      type: 'DATA',
      localId: 'X26ABC1-221126-0001',
      workflowId: workflow,
      code: '00',
      linked: null,
    };
    expect(receipt).toMatchObject({ ...common, subject: 'SUCCESS' });
    expect(answer).toMatchObject({
      ...common,
      subject: 'X26ABC1-221126-0001',
      body: lines(people[2], people[0]),
    });
  });

  it('is answered when its time comes, however far the clock moves at once', async () => {
    const { us, simulator } = withCheck();
    await ask(us, 'one', lines(people[0]));
    simulator.clock.advance(dayMs);
    const shown: unknown[] = [];
    for (const id of await inboxOf(us))
      shown.push((await us('HEAD', `/inbox/${id}`)).headers.get('mex-statustimestamp'));
    expect(shown).toEqual(['20261122033944', '20261122033946']);
  });

  it('has a receipt in the captured shape, with times no JSON number can hold', async () => {
    const { us, simulator } = withCheck();
    const id = await ask(us, 'local-1', lines(people[0]));
    simulator.clock.advance(300);
    const [{ body }] = (await collectAll(us)) as [Received];
    expect(body).toContain('"ts":20261122033944860000,');
    expect(JSON.parse(body)).toMatchObject({
      status: 'pending',
      finished: null,
      stages: [
        { stage: 'validate_non_empty_file', passed: true },
        { stage: 'validate_is_unique_upload', passed: true },
        { stage: 'validate_in_order', passed: true },
      ],
      runs: [],
      sender_id: ours,
      dataset_id: 'mesh_to_pos',
      metadata: {
        filename: 'local-1.dat',
        filesize: 12,
        file_hash: simulator.sent()[0]?.sha256,
        file_type: 'csv',
        request: {
          extra: {
            sending_mailbox: ours,
            landing_mailbox: check,
            message_id: id,
            local_id: 'local-1',
            subject: 'local-1',
          },
        },
      },
      pipeline_result: null,
    });
  });

  it('is answered with one line feed when everybody opted out', async () => {
    const { askAndWait } = withCheck();
    const received = await askAndWait('one', lines(people[1], people[4]));
    expect(told(received)[1]).toEqual(['one', '\n']);
  });

  it('is read through gzip and chunks', async () => {
    const { us, simulator } = withCheck();
    const packed = (text: string) => new Uint8Array(gzipSync(text));
    const encoding = { 'content-encoding': 'gzip' };
    const headers = toCheck('one', { ...encoding, 'mex-chunk-range': '1:2' });
    const response = await us('POST', '/outbox', { headers, body: packed(lines(people[0], people[1])) });
    const { message_id: id } = (await response.json()) as { message_id: string };
    simulator.clock.advance(dayMs);
    expect(await inboxOf(us)).toEqual([]);
    const more = { ...encoding, 'mex-chunk-range': '2:2' };
    await us('POST', `/outbox/${id}/2`, { headers: more, body: packed(lines(people[2])) });
    simulator.clock.advance(1500);
    expect(told(await collectAll(us))[1]).toEqual(['one', lines(people[0], people[2])]);
    expect(simulator.sent()[0]?.lines).toBe(3);
  });

  it('answers many senders apart from each other', async () => {
    const { us, simulator } = withCheck();
    const them = callerOf(simulator, 'X26ABC2');
    await ask(us, 'same', lines(people[0]));
    await them('POST', '/outbox', {
      headers: toCheck('same', { 'mex-from': 'X26ABC2' }),
      body: lines(people[2]),
    });
    simulator.clock.advance(1500);
    expect((await collectAll(us)).map(({ body }) => body)).toContain(lines(people[0]));
    expect((await collectAll(them)).map(({ body }) => body)).toContain(lines(people[2]));
  });
});

describe('a request the check refuses', () => {
  it.each([
    ['a wrong check digit', lines(people[0], '9990000019')],
    ['nine digits', lines(people[0]) + '999000001,\n'],
    ['a space', lines(people[0]) + '999 000 0018,\n'],
    ['a carriage return', `${people[0]},\r\n`],
    ['no comma', `${people[0]}\n`],
    ['no line feed at the end', lines(people[0]).trimEnd()],
    ['a byte order mark', `\uFEFF${lines(people[0])}`],
    ['a header', `nhs_number,\n${lines(people[0])}`],
    ['other digits', '٩٩٩٠٠٠٠٠١٨,\n'],
  ])('has %s', async (_, body) => {
    const { askAndWait } = withCheck();
    expect(told(await askAndWait('one', body))).toEqual([
      ['SUCCESS', expect.stringContaining('"pending"')],
      ['one', sentence],
    ]);
  });

  it('holds a planted culprit', async () => {
    const { askAndWait } = withCheck([people[3]]);
    expect(told(await askAndWait('one', lines(people[0], people[3])))[1]).toEqual(['one', sentence]);
    expect(told(await askAndWait('two', lines(people[0])))[1]).toEqual(['two', lines(people[0])]);
  });

  it('comes under a file name that was used before', async () => {
    const { askAndWait, us, simulator } = withCheck();
    await askAndWait('one', lines(people[0]));
    const headers = toCheck('two', { 'mex-filename': 'one.dat' });
    await us('POST', '/outbox', { headers, body: lines(people[2]) });
    simulator.clock.advance(dayMs);
    const [receipt, ...rest] = await collectAll(us);
    expect([receipt?.subject, receipt?.localId, rest]).toEqual(['FAILED', 'two', []]);
    expect(stagesOf(receipt!.body)).toEqual([
      ['validate_non_empty_file', true],
      ['validate_is_unique_upload', false],
    ]);
  });

  it.each([
    ['nothing but white space', '\n', {}],
    ['gzip that is none', 'no gzip', { 'content-encoding': 'gzip' }],
  ])('is empty: %s', async (_, body, more) => {
    const { us, simulator } = withCheck();
    await us('POST', '/outbox', { headers: toCheck('one', more), body });
    simulator.clock.advance(dayMs);
    const [receipt, ...rest] = await collectAll(us);
    expect([receipt?.subject, rest]).toEqual(['FAILED', []]);
    expect(stagesOf(receipt!.body)).toEqual([['validate_non_empty_file', false]]);
  });
});

describe('a request that is never answered', () => {
  it.each([
    ['no subject', { 'mex-subject': '' }],
    ['no local id', { 'mex-localid': '' }],
    ['a colon in its subject', { 'mex-subject': 'run:1' }],
    ['a colon in its local id', { 'mex-localid': 'run:1' }],
  ])('has %s', async (_, said) => {
    const { us, simulator } = withCheck();
    const response = await us('POST', '/outbox', { headers: toCheck('one', said), body: lines(people[0]) });
    const { message_id: id } = (await response.json()) as { message_id: string };
    simulator.clock.advance(10 * dayMs);
    expect(await inboxOf(us)).toEqual([]);
    const track = await us('GET', `/outbox/tracking?messageID=${id}`);
    expect(await track.json()).toMatchObject({ status: 'acknowledged' });
  });

  it('comes under another workflow: it is not collected, and reported after five days', async () => {
    const { us, simulator } = withCheck();
    const headers = toCheck('one', { 'mex-workflowid': 'SOMETHING_ELSE' });
    await us('POST', '/outbox', { headers, body: lines(people[0]) });
    simulator.clock.advance(5 * dayMs);
    expect((await collectAll(us)).map(({ type, code, localId }) => [type, code, localId])).toEqual([
      ['REPORT', '14', 'one'],
    ]);
  });
});

describe('what a client sent', () => {
  it('is told without any number', async () => {
    const { us, simulator } = withCheck();
    await ask(us, 'one', lines(...people));
    const summary = simulator.sent();
    expect(summary).toMatchObject([
      { localId: 'one', to: check, fileName: 'one.dat', lines: 8, acceptedAt: start },
    ]);
    const { messageId, sha256, acceptedAt, ...words } = summary[0]!;
    expect([messageId, sha256, acceptedAt]).toHaveLength(3);
    expect(JSON.stringify(words)).not.toMatch(/[0-9]{10}/);
  });
});
