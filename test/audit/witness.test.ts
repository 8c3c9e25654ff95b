/** The witness's side of tlog-witness: what it cosigns, what it refuses, and what it remembers. */
import fs from 'node:fs';
import path from 'node:path';
import { verify } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { cosignerOf } from '../../src/audit/cosignature.ts';
import { openNote, parseVerifierKey, signNote, verifierOf } from '../../src/audit/signed-note.ts';
import { createTestLog, newLogKey } from '../support/anchored-log.ts';
import type { LogKey, TestLog } from '../support/anchored-log.ts';
import { createTestWitness, witnessTime } from '../support/test-witness.ts';
import type { TestWitness } from '../support/test-witness.ts';

const origin = 'example.org/log';
let key: LogKey;
let log: TestLog;
let witness: TestWitness;
beforeEach(() => {
  key = newLogKey();
  log = createTestLog(origin, key);
  witness = createTestWitness([{ origin, key }]);
});
afterEach(() => {
  witness.close();
});

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

async function send(body: string | Uint8Array, method = 'POST', at = '/add-checkpoint'): Promise<Answer> {
  const init = { method, ...(method === 'GET' ? {} : { body: Buffer.from(body) }) };
  const response = await witness.handle(new Request(`http://witness.example${at}`, init));
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text: await response.text(),
  };
}

const bodyOf = (old: number | string, proof: readonly (Uint8Array | string)[], note: string): string =>
  [
    `old ${old}`,
    ...proof.map((hash) => (typeof hash === 'string' ? hash : Buffer.from(hash).toString('base64'))),
    '',
    note,
  ].join('\n');

const submit = async (shown: TestLog, old: number, proofFrom = old): Promise<Answer> => {
  const view = shown.view();
  return send(bodyOf(old, await view.prove(proofFrom), view.checkpoint.note));
};

const size = (n: number): Answer => ({ status: 409, type: 'text/x.tlog.size', text: `${n}\n` });

describe('the published example', () => {
  it('of a cosigned checkpoint has the shape that is read here', () => {
    const note = `example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
`;
    const line = `— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
`;
    const blob = Buffer.from(line.split(' ')[2]!.trim(), 'base64');
    expect(blob.length).toBe(4 + 8 + 64);
    expect(Number(blob.readBigUInt64BE(4))).toBe(1679315147);
    const stranger = cosignerOf(witness.cosigner.verifierKey);
    expect(() => stranger.cosigned(note, line)).toThrow(expect.objectContaining({ code: 'audit-invalid' }));
  });
});

describe('200', () => {
  it('is a line of the witness’s key over header, time and the whole text', async () => {
    log.grow(3);
    const answer = await submit(log, 0);
    expect(answer.status).toBe(200);
    const { note } = log.view().checkpoint;
    expect(witness.cosigner.cosigned(note, answer.text)).toBe(`${note}${answer.text}`);

    const [, blob = ''] = /^— witness\.example\/w1 (\S+)\n$/.exec(answer.text) ?? [];
    const bytes = Buffer.from(blob, 'base64');
    const text = note.slice(0, note.indexOf('\n\n') + 1);
    const signed = `cosignature/v1\ntime ${witnessTime / 1000}\n${text}`;
    const raw = Buffer.from(witness.cosigner.verifierKey.split('+').slice(2).join('+'), 'base64');
    expect(raw[0]).toBe(4);
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: raw.subarray(1).toString('base64url') };
    expect(verify(null, Buffer.from(signed), { key: jwk, format: 'jwk' }, bytes.subarray(12))).toBe(true);
  });

  it('follows for every tree that extends the last, for the same tree, and after a restart', async () => {
    let old = 0;
    for (const more of [1, 2, 0, 5, 300]) {
      log.grow(more);
      expect((await submit(log, old)).status).toBe(200);
      old = log.lines.length;
      witness.restart();
    }
  });

  it('is given to a checkpoint that says more than three lines, cosigned with them', async () => {
    log.grow(1);
    const [first, , root] = log.view().checkpoint.note.split('\n');
    const note = signNote(`${first}\n1\n${root}\nanother line\n`, {
      name: origin,
      privateKey: key.privateKey,
    });
    const answer = await send(bodyOf(0, [], note));
    expect(answer.status).toBe(200);
    expect(witness.cosigner.cosigned(note, answer.text)).toContain('another line');
  });

  it('leaves a note that still opens with the log’s own key', async () => {
    log.grow(2);
    const { note } = log.view().checkpoint;
    const cosigned = witness.cosigner.cosigned(note, (await submit(log, 0)).text);
    const opened = openNote(Buffer.from(cosigned), [parseVerifierKey(log.verifierKey)]);
    expect(opened.signedBy).toEqual([verifierOf(origin, key.publicKey)]);
  });
});

describe('400', () => {
  it.each([
    ['nothing', () => ''],
    ['no old size', (note: string) => `\n\n${note}`],
    ['an old size with a leading zero', (note: string) => bodyOf('01', [], note)],
    ['a negative old size', (note: string) => bodyOf('-1', [], note)],
    ['an old size that no number holds', (note: string) => bodyOf('99999999999999999999', [], note)],
    ['a hash that is no base64', (note: string) => bodyOf(0, ['?'], note)],
    ['64 hashes', (note: string) => bodyOf(0, Array(64).fill(Buffer.alloc(32)) as Buffer[], note)],
    ['no empty line', (note: string) => `old 0\n${note.replace('\n\n', '\n')}`],
    ['no signature', (note: string) => bodyOf(0, [], note.replace(/\n—.*\n/, '\n'))],
    ['no checkpoint', () => bodyOf(0, [], 'words\n\n— example.org/log AAAAAAAA\n')],
    ['more than 64 KiB', (note: string) => bodyOf(0, [], note) + ' '.repeat(70_000)],
    ['an old tree larger than the new one', (note: string) => bodyOf(4, [], note)],
  ])('for %s', async (_, body) => {
    log.grow(3);
    expect((await send(body(log.view().checkpoint.note))).status).toBe(400);
    expect((await submit(log, 0)).status).toBe(200);
  });

  it('or a smaller number for anything at all: no bytes make it cosign', async () => {
    log.grow(3);
    const whole = Buffer.from(bodyOf(0, [], log.view().checkpoint.note));
    const spoiling = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(spoiling, async ([at, by]) => {
        const spoilt = Buffer.from(whole);
        spoilt[at] = spoilt[at]! ^ by;
        expect((await send(spoilt)).status).toBeGreaterThanOrEqual(400);
      }),
    );
    expect((await submit(log, 0)).status).toBe(200);
  });
});

describe('403, 404 and 405', () => {
  it('403 for a checkpoint of a known log under an unknown key', async () => {
    const stranger = createTestLog(origin, newLogKey());
    stranger.grow(1);
    expect((await submit(stranger, 0)).status).toBe(403);
  });

  it('404 for a log it does not know, and for any other place', async () => {
    const unknown = createTestLog('example.org/other', key);
    unknown.grow(1);
    expect((await submit(unknown, 0)).status).toBe(404);
    expect((await send('', 'POST', '/')).status).toBe(404);
  });

  it('405 for a question', async () => {
    expect((await send('', 'GET')).status).toBe(405);
  });
});

describe('409', () => {
  it('says what it holds to whoever starts from elsewhere, smaller or larger', async () => {
    log.grow(3);
    expect(await submit(log, 2)).toEqual(size(0));
    await submit(log, 0);
    log.grow(4);
    for (const old of [0, 2, 4, 7]) expect(await submit(log, old)).toEqual(size(3));
    expect((await submit(log, 3)).status).toBe(200);
    expect(await submit(log, 3)).toEqual(size(7));
  });

  it('answers another tree of the same size', async () => {
    log.grow(3);
    await submit(log, 0);
    const other = log.fork(1);
    other.grow(2);
    const answer = await submit(other, 3);
    expect(answer.status).toBe(409);
    expect(answer.type).not.toBe('text/x.tlog.size');
  });

  it('answers a smaller tree, however it is shown', async () => {
    log.grow(3);
    const smaller = log.fork(3);
    log.grow(3);
    await submit(log, 0);
    for (const old of [0, 1, 3]) expect(await submit(smaller, old)).toEqual(size(6));
  });
});

describe('422', () => {
  it('for a proof from another size, a spoilt one, one too short, one too long, and any from nothing', async () => {
    log.grow(5);
    await submit(log, 0);
    log.grow(6);
    const { note } = log.view().checkpoint;
    const proof = await log.view().prove(5);
    const spoilt = [Buffer.alloc(32), ...proof.slice(1)];
    expect((await submit(log, 5, 4)).status).toBe(422);
    for (const bad of [spoilt, proof.slice(1), [...proof, Buffer.alloc(32)], []])
      expect((await send(bodyOf(5, bad, note))).status).toBe(422);
    expect((await submit(log, 5)).status).toBe(200);
  });

  it('for a log that forked before what it holds', async () => {
    log.grow(5);
    const other = log.fork(2);
    other.grow(7);
    await submit(log, 0);
    expect((await submit(other, 5)).status).toBe(422);
  });
});

describe('its memory', () => {
  it('is kept before it answers, whole, and by log', async () => {
    const second = { origin: 'example.org/second', key: newLogKey() };
    witness.close();
    witness = createTestWitness([{ origin, key }, second]);
    const other = createTestLog(second.origin, second.key);
    log.grow(2);
    other.grow(9);
    const answers = [await submit(log, 0), await submit(other, 0)];
    const kept = fs
      .readdirSync(witness.folder)
      .map((name) => fs.readFileSync(path.join(witness.folder, name), 'utf8'));
    expect(kept.sort()).toEqual(
      [log, other].map((one, at) => `${one.view().checkpoint.note}${answers[at]!.text}`).sort(),
    );
    for (const name of fs.readdirSync(witness.folder))
      expect(fs.statSync(path.join(witness.folder, name)).mode & 0o777).toBe(0o600);
  });

  it('is believed only under its own cosignature', async () => {
    log.grow(4);
    await submit(log, 0);
    const [file = ''] = fs.readdirSync(witness.folder);
    const before = fs.readFileSync(path.join(witness.folder, file), 'utf8');
    const forked = log.fork(1);
    forked.grow(1);
    const stranger = createTestWitness([{ origin, key }]);
    for (const spoilt of [forked.view().checkpoint.note, before.replace('\n4\n', '\n2\n'), '']) {
      fs.writeFileSync(path.join(witness.folder, file), spoilt);
      log.grow(1);
      await expect(submit(log, 4)).rejects.toEqual(expect.objectContaining({ code: 'audit-invalid' }));
    }
    stranger.close();
    fs.writeFileSync(path.join(witness.folder, file), before);
    expect((await submit(log, 4)).status).toBe(200);
  });

  it('knows no gap between looking and keeping: of two that start at one tree, one is cosigned', async () => {
    log.grow(3);
    await submit(log, 0);
    const other = log.fork(3);
    log.grow(2);
    other.grow(5);
    const answers = await Promise.all([submit(log, 3), submit(other, 3), submit(log, 3)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  });
});
