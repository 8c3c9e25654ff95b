import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { clientVersion, createMailbox } from '../../src/mesh/mailbox.ts';
import { codeOf, failureOf, options, secrets } from './far-side.ts';
import { answerText, rawServer, scriptedServer } from './raw-server.ts';
import { mailboxAt, outgoing, taken } from './scripted.ts';

describe('what must stay secret', () => {
  /** Text, stack and every field, hidden ones too. */
  const everythingSaid = (thrown: unknown): string => inspect(thrown, { depth: 9, showHidden: true });

  it('is in no failure, although a server sends back every word it heard', async () => {
    let auth = '';
    const server = await rawServer((socket, call) => {
      const echo = server.calls[call - 1] ?? '';
      auth = /authorization: (.*)/i.exec(echo)?.[1] ?? '';
      socket.write(answerText('403 Forbidden', {}, echo.replaceAll('\r\n', ' | ')));
    });
    const mailbox = mailboxAt(server);
    for (const failed of [mailbox.send(outgoing), mailbox.handshake(), mailbox.download('A1')]) {
      const said = everythingSaid(await failureOf(failed));
      expect(auth).toMatch(/^NHSMESH X26ABC1:/);
      for (const secret of [
        secrets.password,
        secrets.sharedKey,
        auth,
        auth.split(':')[4] ?? auth,
        '9990000018',
      ])
        expect(said).not.toContain(secret);
    }
  });

  it('is in no failure of the configuration', () => {
    for (const changes of [
      { mailboxId: 'x26abc1' },
      { url: 'http://mesh.test' },
      { url: 'https://a:b@mesh.test' },
    ]) {
      try {
        createMailbox(options('http://localhost', changes));
      } catch (thrown) {
        for (const secret of [secrets.password, secrets.sharedKey])
          expect(everythingSaid(thrown)).not.toContain(secret);
      }
    }
    expect.assertions(6);
  });

  it('is never sent', async () => {
    const server = await scriptedServer(taken);
    await mailboxAt(server).send(outgoing);
    for (const secret of [secrets.password, secrets.sharedKey]) expect(server.calls[0]).not.toContain(secret);
  });
});

describe('a mailbox', () => {
  it.each([
    ['an id in small letters', { mailboxId: 'x26abc1' }],
    ['an id with a colon', { mailboxId: 'X26:ABC1' }],
    ['no id', { mailboxId: '' }],
    ['no password', { password: '' }],
    ['no shared key', { sharedKey: '' }],
  ])('is not opened with %s', async (_what, changes) => {
    const opened = Promise.resolve().then(() => createMailbox(options('http://localhost', changes)));
    expect(await codeOf(opened)).toBe('configuration-invalid');
  });

  it('names the version that stands in package.json', () => {
    const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      name: string;
      version: string;
    };
    expect(clientVersion).toBe(`${name}==${version}`);
  });
});
