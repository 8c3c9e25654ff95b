import { describe, expect, it } from '@jest/globals';
import { codeOf } from './far-side.ts';
import { answerJson, answerText, heard, scriptedServer } from './raw-server.ts';
import { mailboxAt } from './scripted.ts';

describe('looking a sent message up', () => {
  const outcome = async (answer: string): Promise<unknown> => {
    const mailbox = mailboxAt(await scriptedServer(answer), { limits: { attempts: 1 } });
    const found: { value?: unknown } = {};
    const code = await codeOf(mailbox.findSent('a b').then((value) => (found.value = value)));
    return code === 'succeeded' ? found.value : code;
  };

  it.each(['', '.', '..'])('of %j asks nobody', async (localId) => {
    const server = await scriptedServer(answerJson({ messageId: 'M1' }));
    expect(await mailboxAt(server).findSent(localId)).toBeNull();
    expect(server.calls).toEqual([]);
  });

  it('asks by the local id, encoded', async () => {
    const server = await scriptedServer(answerText('404 Not Found', {}));
    await mailboxAt(server).findSent('a b/c');
    expect(heard(server.calls[0]).line).toBe('GET /messageexchange/X26ABC1/outbox/tracking/a%20b%2Fc');
  });

  it.each([
    ['accepted', { messageId: 'M1', localId: 'a b', status: 'Accepted' }, { messageId: 'M1' }],
    ['collected', { messageId: 'M1', localId: 'a b', status: 'Acknowledged' }, { messageId: 'M1' }],
    ['undeliverable', { messageId: 'M1', localId: 'a b', status: 'Undeliverable' }, { messageId: 'M1' }],
    ['failed', { messageId: 'M1', localId: 'a b', status: 'error' }, { messageId: 'M1' }],
    ['of which no status is told', { messageId: 'M1' }, { messageId: 'M1' }],
    ['of which nothing is told', { messageId: 'M1', localId: null, status: null }, { messageId: 'M1' }],
    ['that never came whole', { messageId: 'M1', localId: 'a b', status: 'Uploading' }, null],
    ['of another local id', { messageId: 'M1', localId: 'b' }, 'mesh-malformed'],
    ['without an id', { localId: 'a b', status: 'Accepted' }, 'mesh-malformed'],
  ])('a message %s', async (_which, body, expected) => {
    expect(await outcome(answerJson(body))).toEqual(expected);
  });

  it.each([
    ['unknown', answerJson({ detail: [{ event: '', code: '', msg: 'Not Found' }] }, '404 Not Found'), null],
    [
      'ambiguous',
      answerJson({ detail: [{ event: '', code: '', msg: 'Multiple Choices' }] }, '300 Multiple'),
      'mesh-rejected',
    ],
    ['answered by somebody in between', answerText('200 OK', {}, '<html>Sign in</html>'), 'mesh-malformed'],
    ['answered by nobody', answerText('503 Busy', {}), 'mesh-unavailable'],
  ])('one that is %s', async (_what, answer, expected) => {
    expect(await outcome(answer)).toEqual(expected);
  });
});
