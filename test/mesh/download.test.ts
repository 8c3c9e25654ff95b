import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { codeOf } from './far-side.ts';
import { answerText } from './raw-server.ts';
import { download, inbox, list, once, scripted } from './scripted.ts';

describe('a download', () => {
  it('asks for gzip and leaves the bytes as they came', async () => {
    const packed = gzipSync(list);
    const answer = download(
      { 'content-encoding': 'gzip', 'mex-content-compressed': 'Y' },
      packed.toString('latin1'),
    );
    const { mailbox, calls } = await scripted([answer]);
    const raw = await mailbox.download('A1');
    expect(Buffer.from(raw.parts[0]?.body ?? []).equals(packed)).toBe(true);
    expect(Buffer.from(mailbox.decode(raw)).toString()).toBe(list);
    expect(calls()[0]?.headers['accept-encoding']).toBe('gzip');
  });

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['without a word on parts', {}, '200 OK'],
    ['that says it is the only part', { 'mex-chunk-range': '1:1' }, '200 OK'],
    ['that counts one part', { 'mex-total-chunks': '1' }, '200 OK'],
    ['that is empty', { 'mex-chunk-range': '1:1', 'mex-total-chunks': '1' }, '200 OK'],
    [
      'that is a report of no part',
      { 'mex-messagetype': 'REPORT', 'mex-chunk-range': '1:0', 'mex-total-chunks': '0' },
      '200 OK',
    ],
    [
      'that is a report which says that more follows',
      { 'mex-messagetype': 'REPORT', 'mex-chunk-range': '1:9' },
      '206 More',
    ],
    ['named in small letters', { 'mex-messageid': 'a1' }, '200 OK'],
  ])('of a message %s is one call', async (_which, headers, status) => {
    const { mailbox, calls } = await scripted([download(headers, '', status)]);
    expect((await mailbox.download('A1')).parts).toHaveLength(1);
    expect(calls()).toHaveLength(1);
  });

  it('of three parts is three calls', async () => {
    const part = (number: number): string =>
      download(
        { 'mex-chunk-range': `${number}:3`, 'mex-messageid': 'A1' },
        `part ${number}`,
        number < 3 ? '206 More' : '200 OK',
      );
    const { mailbox, calls } = await scripted([part(1), part(2), part(3)]);
    const raw = await mailbox.download('A1');
    expect(Buffer.from(mailbox.decode(raw)).toString()).toBe('part 1part 2part 3');
    expect(calls().map(({ line }) => line)).toEqual([
      `GET ${inbox}/A1`,
      `GET ${inbox}/A1/2`,
      `GET ${inbox}/A1/3`,
    ]);
  });

  it.each([
    ['another message', [download({ 'mex-messageid': 'B1' })]],
    [
      'no message of MESH',
      [answerText('200 OK', { 'content-type': 'text/html' }, '<html>9990000018</html>')],
    ],
    ['a success of another kind', [download({}, list, '202 Accepted')]],
    ['a part that is not the first', [download({ 'mex-chunk-range': '2:2' })]],
    ['counts that differ', [download({ 'mex-chunk-range': '1:2', 'mex-total-chunks': '3' })]],
    [
      'counts that differ, one of them one',
      [download({ 'mex-chunk-range': '1:2', 'mex-total-chunks': '1' })],
    ],
    ['a count that is no number', [download({ 'mex-total-chunks': 'many' })]],
    ['a second part that is the first again', [download({ 'mex-chunk-range': '1:2' })]],
    ['a second part that does not say so', [download({ 'mex-chunk-range': '1:2' }), download({})]],
    [
      'a second part of more parts',
      [download({ 'mex-chunk-range': '1:2' }), download({ 'mex-chunk-range': '2:3' })],
    ],
    [
      'a second part of another message',
      [download({ 'mex-chunk-range': '1:2' }), download({ 'mex-chunk-range': '2:2', 'mex-messageid': 'B1' })],
    ],
    [
      'a second part that is missing',
      [download({ 'mex-chunk-range': '1:2' }), answerText('404 Not Found', {})],
    ],
  ])('refuses %s', async (_what, answers) => {
    const { mailbox } = await scripted(answers, once);
    expect(await codeOf(mailbox.download('A1'))).toBe('mesh-malformed');
  });

  it('says of a message that went away between two parts that it is gone', async () => {
    const { mailbox } = await scripted([download({ 'mex-chunk-range': '1:2' }), answerText('410 Gone', {})]);
    expect(await codeOf(mailbox.download('A1'))).toBe('mesh-gone');
  });

  it.each([
    ['a part', { partBytes: list.length - 1 }],
    ['all parts', { messageBytes: 2 * list.length - 1 }],
    ['the number of parts', { parts: 1 }],
  ])('has a limit on %s', async (_what, limits) => {
    const parts = ['1:2', '2:2'].map((range) => download({ 'mex-chunk-range': range }));
    const { mailbox } = await scripted(parts, { limits });
    expect(await codeOf(mailbox.download('A1'))).toBe('mesh-too-large');
  });

  it('may be just as large as its limits', async () => {
    const parts = ['1:2', '2:2'].map((range) => download({ 'mex-chunk-range': range }));
    const { mailbox } = await scripted(parts, {
      limits: { partBytes: list.length, messageBytes: 2 * list.length, parts: 2 },
    });
    expect((await mailbox.download('A1')).parts).toHaveLength(2);
  });

  it('unpacks no more than its limit', async () => {
    const packed = gzipSync(list.repeat(100)).toString('latin1');
    const { mailbox } = await scripted([download({ 'content-encoding': 'gzip' }, packed)], {
      limits: { decodedBytes: 100 * list.length - 1 },
    });
    const raw = await mailbox.download('A1');
    expect(await codeOf(Promise.resolve().then(() => mailbox.decode(raw)))).toBe('mesh-too-large');
  });

  it.each(['', '.', '..'])('of %j asks nobody', async (messageId) => {
    const { mailbox, calls } = await scripted([download({})]);
    expect(await codeOf(mailbox.download(messageId))).toBe('mesh-not-found');
    expect(await codeOf(mailbox.acknowledge(messageId))).toBe('mesh-not-found');
    expect(calls()).toEqual([]);
  });

  it('keeps an odd id within its segment of the path', async () => {
    const { mailbox, calls } = await scripted([download({})]);
    await mailbox.download('A/1?b#c d');
    expect(calls()[0]?.line).toBe(`GET ${inbox}/A%2F1%3Fb%23c%20d`);
  });
});
