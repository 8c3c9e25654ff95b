import { describe, expect, it } from '@jest/globals';
import { codeOf } from './far-side.ts';
import { answerJson, answerText } from './raw-server.ts';
import { inbox, once, page, scripted, workflowId } from './scripted.ts';

describe('a look into the inbox', () => {
  it('asks for 500 of our workflow and follows the links, over an empty page too', async () => {
    const { mailbox, calls } = await scripted([
      page(['A1', 'A2'], `${inbox}?continue_from=two&workflow_filter=${workflowId}`),
      page([], `${inbox}?continue_from=three`),
      page(['A3']),
    ]);
    expect(await mailbox.waiting(workflowId, 100)).toEqual(['A1', 'A2', 'A3']);
    expect(calls().map(({ line }) => line)).toEqual([
      `GET ${inbox}?max_results=500&workflow_filter=${workflowId}`,
      `GET ${inbox}?continue_from=two&workflow_filter=${workflowId}`,
      `GET ${inbox}?continue_from=three`,
    ]);
  });

  it('goes no further than it must', async () => {
    const { mailbox, calls } = await scripted([page(['A1', 'A2', 'A3'], `${inbox}?continue_from=two`)]);
    expect(await mailbox.waiting(workflowId, 2)).toEqual(['A1', 'A2']);
    expect(calls()).toHaveLength(1);
  });

  it('names a message once, though it stands on two pages', async () => {
    const { mailbox } = await scripted([
      page(['A1', 'A2'], `${inbox}?continue_from=two`),
      page(['A2', 'A3']),
    ]);
    expect(await mailbox.waiting(workflowId, 100)).toEqual(['A1', 'A2', 'A3']);
  });

  it.each([
    ['null', { next: null }],
    ['no links at all', null],
  ])('ends with %s in place of a link', async (_what, links) => {
    const { mailbox } = await scripted([page(['A1'], undefined, { links })]);
    expect(await mailbox.waiting(workflowId, 100)).toEqual(['A1']);
  });

  it.each([
    ['to another host', 'https://example.test/messageexchange/X26ABC1/inbox?continue_from=two'],
    ['to another host without a scheme', `//example.test${inbox}?continue_from=two`],
    ['to another mailbox', '/messageexchange/X26ABC2/inbox?continue_from=two'],
    ['to a message', `${inbox}/A1?continue_from=two`],
    ['upwards', `${inbox}/../outbox?continue_from=two`],
    ['to a fragment', `${inbox}?continue_from=two#three`],
    ['out by a line break', `${inbox}?continue_from=two HTTP/1.1\r\nmex-to: X26EVIL`],
    ['to nothing', ''],
    ['back to the same page', `${inbox}?max_results=500&workflow_filter=${workflowId}`],
  ])('refuses a link that leads %s', async (_where, next) => {
    const { mailbox, calls } = await scripted([page(['A1'], next)], once);
    expect(await codeOf(mailbox.waiting(workflowId, 100))).toBe('mesh-malformed');
    expect(calls()).toHaveLength(1);
  });

  it('refuses links that go in a circle', async () => {
    const { mailbox } = await scripted(
      ['two', 'three', 'two'].map((token) => page([], `${inbox}?continue_from=${token}`)),
    );
    expect(await codeOf(mailbox.waiting(workflowId, 100))).toBe('mesh-malformed');
  });

  it('gives up where pages have no end', async () => {
    const pages = Array.from({ length: 6 }, (_, index) => page([], `${inbox}?continue_from=${index}`));
    const { mailbox, calls } = await scripted(pages, { limits: { pages: 5 } });
    expect(await codeOf(mailbox.waiting(workflowId, 100))).toBe('mesh-too-large');
    expect(calls()).toHaveLength(5);
  });

  it.each([
    ['a page of somebody in between', answerText('200 OK', {}, '<html>Sign in</html>')],
    ['nothing', answerText('200 OK', {})],
    ['a list without a name', answerJson(['A1'])],
    ['ids that are numbers', page([1, 2])],
    ['an id that leads elsewhere', page(['../outbox'])],
    ['an id that is dots', page(['..'])],
    ['an id without a letter', page([''])],
    ['more ids than were asked for', page(Array.from({ length: 501 }, (_, index) => `A${index}`))],
    [
      'a packed page nobody asked for',
      answerText('200 OK', { 'content-encoding': 'gzip' }, '{"messages":[]}'),
    ],
    ['bytes that are no UTF-8', answerText('200 OK', {}, '{"messages":["\xff"]}')],
  ])('refuses %s', async (_what, answer) => {
    const { mailbox } = await scripted([answer], once);
    expect(await codeOf(mailbox.waiting(workflowId, 100))).toBe('mesh-malformed');
  });

  it('is not larger than a page may be', async () => {
    const { mailbox } = await scripted([page(['A1'])], { limits: { answerBytes: 20 } });
    expect(await codeOf(mailbox.waiting(workflowId, 100))).toBe('mesh-too-large');
  });

  it.each(['*', '!SPINE', 'SPINE*', 'a&b', 'x', '', 'a b'])(
    'does not ask for a workflow like %j',
    async (pattern) => {
      const { mailbox, calls } = await scripted([page([])]);
      expect(await codeOf(mailbox.waiting(pattern, 10))).toBe('configuration-invalid');
      expect(calls()).toEqual([]);
    },
  );

  it.each([
    ['no count', { approx_inbox_count: undefined }],
    ['a count that is text', { approx_inbox_count: '7' }],
    ['a count below zero', { approx_inbox_count: -1 }],
  ])('does not make up how many wait in all from %s', async (_what, more) => {
    const { mailbox } = await scripted([page([], undefined, more)], once);
    expect(await codeOf(mailbox.waitingInAll())).toBe('mesh-malformed');
  });
});
