import { describe, expect, it } from '@jest/globals';
import { codeOf } from './far-side.ts';
import { answerJson, answerText, heard } from './raw-server.ts';
import { inbox, once, page, scripted, workflowId } from './scripted.ts';

describe('every call', () => {
  it('names version 2 and nothing else, and bears a token that was never used before', async () => {
    const { mailbox, calls } = await scripted([page([])]);
    await mailbox.waitingInAll();
    await mailbox.waiting(workflowId, 5);
    const [first, second] = calls().map(({ headers }) => headers);
    expect(first?.['accept']).toBe('application/vnd.mesh.v2+json');
    expect(first?.['accept-encoding']).toBe('identity');
    expect(first?.['authorization']).toMatch(/^NHSMESH X26ABC1:[0-9a-f-]{36}:0:202611220000:[0-9a-f]{64}$/);
    expect(second?.['authorization']).not.toBe(first?.['authorization']);
  });

  it('is made again when it may pass, with a fresh token and after the wait MESH asks for', async () => {
    const { mailbox, calls, clock } = await scripted([
      answerText('503 Busy', { 'retry-after': '9' }),
      answerText('200 OK', {}, '<html>').replace('content-length: 6', 'content-length: x'),
      page(['A1']),
    ]);
    expect(await mailbox.waiting(workflowId, 5)).toEqual(['A1']);
    expect(new Set(calls().map(({ headers }) => headers['authorization'])).size).toBe(3);
    expect(clock.waits[0]).toBe(9000);
  });

  it('comes after the one before, though all were asked for at once', async () => {
    const { mailbox, calls } = await scripted([page([]), answerText('404 Not Found', {}), page([])]);
    const all = await Promise.all([
      mailbox.waitingInAll(),
      codeOf(mailbox.download('A1')),
      mailbox.waiting(workflowId, 1),
    ]);
    expect(all).toEqual([7, 'mesh-not-found', []]);
    expect(calls().map(({ line }) => line.split('?')[0])).toEqual([
      `GET ${inbox}`,
      `GET ${inbox}/A1`,
      `GET ${inbox}`,
    ]);
  });

  it('ends when the mailbox is closed, and so do those that wait for their turn', async () => {
    const { mailbox } = await scripted(['']);
    const underWay = [codeOf(mailbox.waitingInAll()), codeOf(mailbox.handshake())];
    mailbox.close();
    expect(await Promise.all(underWay)).toEqual(['interrupted', 'interrupted']);
  });
});

describe('the handshake', () => {
  it('says who we are, and gives the difference of the clocks', async () => {
    const { mailbox, calls } = await scripted([
      answerText('200 OK', { date: 'Sat, 21 Nov 2026 23:59:00 GMT' }),
    ]);
    expect(await mailbox.handshake()).toBe(-60_000);
    const [{ line, headers } = heard('')] = calls();
    expect(line).toBe('POST /messageexchange/X26ABC1');
    for (const name of ['mex-clientversion', 'mex-osname', 'mex-osversion', 'mex-osarchitecture'])
      expect(headers[name]).toMatch(/./);
    expect(headers['content-length']).toBe('0');
  });

  it.each([
    ['no date', {}],
    ['a date that is none', { date: 'today' }],
  ])('knows no difference from %s', async (_what, headers) => {
    const { mailbox } = await scripted([answerText('200 OK', headers)]);
    expect(await mailbox.handshake()).toBeNull();
  });

  it.each([
    ['the empty body of version 2', ''],
    ['the object of version 1', '{"mailboxId":"X26ABC1"}'],
    ['null', 'null'],
  ])('is content with %s', async (_what, body) => {
    const { mailbox } = await scripted([answerText('200 OK', {}, body)]);
    expect(await codeOf(mailbox.handshake())).toBe('succeeded');
  });

  it('is not content with a page of somebody in between', async () => {
    const { mailbox } = await scripted([answerText('200 OK', {}, '<html>Sign in</html>')]);
    expect(await codeOf(mailbox.handshake())).toBe('mesh-malformed');
  });
});

describe('an acknowledgement', () => {
  it('is one call without content', async () => {
    const { mailbox, calls } = await scripted([answerText('200 OK', {})]);
    await mailbox.acknowledge('A1');
    expect(calls().map(({ line, body }) => [line, body])).toEqual([
      [`PUT ${inbox}/A1/status/acknowledged`, ''],
    ]);
  });

  it('that somebody in between answers is none', async () => {
    const { mailbox } = await scripted([answerText('200 OK', {}, '<html>Sign in</html>')]);
    expect(await codeOf(mailbox.acknowledge('A1'))).toBe('mesh-malformed');
  });
});

describe('lookup', () => {
  it('names mailboxes, with or without a name', async () => {
    const results = [{ mailbox_id: 'X26HC065', mailbox_name: 'The check' }, { mailbox_id: 'X26HC036' }];
    const { mailbox, calls } = await scripted([answerJson({ query_id: 'q', results })]);
    expect(await mailbox.lookUp('X26', 'A/B')).toEqual([
      { mailboxId: 'X26HC065', name: 'The check' },
      { mailboxId: 'X26HC036', name: '' },
    ]);
    expect(calls()[0]?.line).toBe('GET /messageexchange/endpointlookup/X26/A%2FB');
  });

  it.each([
    ['a list of something else', answerJson({ results: [{ address: 'X26HC065' }] })],
    ['bytes that are no UTF-8', answerText('200 OK', {}, '{"results":[{"mailbox_id":"X26\xff"}]}')],
  ])('refuses %s', async (_what, answer) => {
    const { mailbox } = await scripted([answer], once);
    expect(await codeOf(mailbox.lookUp('X26', workflowId))).toBe('mesh-malformed');
  });
});
