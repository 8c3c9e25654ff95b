import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  decodeBase64,
  openNote,
  parseVerifierKey,
  signNote,
  verifierKey,
  verifierOf,
} from '../../src/audit/signed-note.ts';
import type { NoteSigner } from '../../src/audit/signed-note.ts';

const failing = (code: string): unknown => expect.objectContaining({ code });
const invalid = failing('audit-invalid');

/** The signer of an Ed25519 seed (RFC 8410: a PKCS #8 key ends in the seed). */
const signerOf = (name: string, seed: Uint8Array): NoteSigner => ({
  name,
  privateKey: createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  }),
});
const seedOf = (word: string): Buffer => createHash('sha256').update(word).digest();
const keyOf = (signer: NoteSigner): string => verifierKey(signer.name, createPublicKey(signer.privateKey));

// The example of golang.org/x/mod/sumdb/note; its signer key is public too.
const peterKey = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const peterSeed = Buffer.from('AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz', 'base64').subarray(1);
const peter = signerOf('PeterNeumann', peterSeed);
const enochKey = 'EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop';
const text =
  "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const peterLine =
  '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const enochLine =
  '— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n';
const strangerLine = '— stranger.example/log AAAAAAB0ZXN0\n';
const note = `${text}\n${peterLine}`;

const open = (whole: string | Uint8Array, ...keys: string[]) =>
  openNote(Buffer.from(whole), keys.map(parseVerifierKey));

describe('the published examples', () => {
  it('are signed byte for byte', () => {
    expect(signNote(text, peter)).toBe(note);
    expect(keyOf(peter)).toBe(peterKey);
  });

  it('are opened', () => {
    const opened = open(note, peterKey);
    expect(opened.text).toBe(text);
    expect(opened.signedBy.map(({ name, keyId }) => ({ name, keyId }))).toEqual([
      { name: 'PeterNeumann', keyId: 'c74f20a3' },
    ]);
  });

  it('are opened with two signatures', () => {
    const { signedBy } = open(`${text}\n${peterLine}${enochLine}`, enochKey, peterKey);
    expect(signedBy.map(({ name }) => name)).toEqual(['PeterNeumann', 'EnochRoot']);
  });

  it('are opened as the C2SP specification shows them', () => {
    const key = 'example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k';
    const signature =
      'Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=';
    const opened = open(`This is an example message.\n\n— example.com/foo ${signature}\n`, key);
    expect(opened.text).toBe('This is an example message.\n');
  });
});

describe('signing', () => {
  const key = signerOf('example.org/gate', seedOf('gate'));
  const next = signerOf('example.org/gate', seedOf('next'));

  it('and opening give back any text', () => {
    const anyText = fc
      .string({ unit: 'grapheme', maxLength: 40 })
      .map((s) => s.replace(/\p{Cc}/gu, '\n') + '\n');
    fc.assert(
      fc.property(anyText, (words) => {
        expect(open(signNote(words, key), keyOf(key)).text).toBe(words);
      }),
      { numRuns: 100 },
    );
  });

  it.each(['\n', '\n\n\n', 'a\n\n— b AAAAAAB0ZXN0\n', '\uFEFFbyte order mark\n', 'a\u2028b\u0085c\n'])(
    'and opening give back %j',
    (words) => {
      expect(open(signNote(words, key), keyOf(key)).text).toBe(words);
    },
  );

  it('by the old and the new key opens with either', () => {
    const crossSigned = signNote(text, key, next);
    expect(open(crossSigned, keyOf(key)).signedBy).toHaveLength(1);
    expect(open(crossSigned, keyOf(next)).signedBy).toHaveLength(1);
    expect(open(crossSigned, keyOf(key), keyOf(next)).signedBy).toHaveLength(2);
  });

  it.each(['', 'no newline', 'carriage return\r\n', 'tab\t\n', 'nul\0\n', 'half a pair \uD83D\n'])(
    'refuses the text %j',
    (words) => {
      expect(() => signNote(words, key)).toThrow(failing('unexpected'));
    },
  );

  it.each(['', 'two words', 'a+b', 'line\nbreak', 'no-break\u00A0space', 'bell\u0007'])(
    'refuses the key name %j',
    (name) => {
      expect(() => signNote(text, { ...key, name })).toThrow(failing('configuration-invalid'));
      expect(() => verifierOf(name, createPublicKey(key.privateKey))).toThrow(
        failing('configuration-invalid'),
      );
    },
  );

  it('refuses keys that are not Ed25519', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    expect(() => signNote(text, { name: 'example.org/gate', privateKey })).toThrow(
      failing('configuration-invalid'),
    );
  });
});

describe('opening', () => {
  it('passes over keys it does not know, even of the same name or the same id', () => {
    const sameName = peterLine.replace('x08go', 'AAAAA');
    const sameId = peterLine.replace('PeterNeumann', 'PeterNobody');
    const whole = `${text}\n${strangerLine}${sameName}${sameId}${peterLine}`;
    expect(open(whole, peterKey, enochKey).signedBy.map(({ name }) => name)).toEqual(['PeterNeumann']);
  });

  it.each([
    ['no verifier', note, []],
    ['a verifier who did not sign', note, [enochKey]],
    ['only strangers', `${text}\n${strangerLine}`, [peterKey]],
  ])('refuses with %s', (_, whole, keys) => {
    expect(() => open(whole, ...keys)).toThrow(invalid);
  });

  it('refuses a note where one known signature holds and another does not', () => {
    const broken = enochLine.replace('BzmZa0', 'BzmZa1');
    expect(open(`${text}\n${peterLine}${broken}`, peterKey).signedBy).toHaveLength(1);
    expect(() => open(`${text}\n${peterLine}${broken}`, peterKey, enochKey)).toThrow(invalid);
  });

  it('refuses when two known keys share name and id and only one signed', () => {
    const verifier = parseVerifierKey(peterKey);
    const twin = { ...verifier, publicKey: createPublicKey(signerOf('x', seedOf('twin')).privateKey) };
    expect(() => openNote(Buffer.from(note), [verifier, twin])).toThrow(invalid);
  });

  it('counts a signature that stands twice once', () => {
    expect(open(`${text}\n${peterLine}${peterLine}`, peterKey).signedBy).toHaveLength(1);
  });

  it('takes 100 signatures and no more', () => {
    expect(open(`${text}\n${strangerLine.repeat(99)}${peterLine}`, peterKey).text).toBe(text);
    expect(() => open(`${text}\n${strangerLine.repeat(100)}${peterLine}`, peterKey)).toThrow(invalid);
  });

  const signature = peterLine.slice('— PeterNeumann '.length, -1);
  const id = Buffer.from('c74f20a3', 'hex').toString('base64');
  it.each([
    ['nothing', ''],
    ['a blank line', '\n\n'],
    ['text alone', text],
    ['no signature', `${text}\n`],
    ['no blank line', `${text}${peterLine}`],
    ['no last newline', note.slice(0, -1)],
    ['two last newlines', `${note}\n`],
    ['text after the signatures', `${note}more\n`],
    ['carriage returns', note.replaceAll('\n', '\r\n')],
    ['a carriage return', note.replace('=\n', '=\r\n')],
    ['a control character', note.replace('answer', 'ans\u0001wer')],
    ['a tab', note.replace(' answer', '\tanswer')],
    ['a hyphen', note.replace('—', '-')],
    ['an en dash', note.replace('—', '–')],
    ['no space after the dash', note.replace('— ', '—')],
    ['two spaces', note.replace('— ', '—  ')],
    ['a no-break space', note.replace('— P', '—\u00A0P')],
    ['a name with a plus', note.replace('PeterNeumann', 'Peter+Neumann')],
    ['a name with an ideographic space', note.replace('PeterNeumann', 'Peter\u3000Neumann')],
    ['no name', note.replace('— PeterNeumann ', '— ')],
    ['a trailing space', note.replace('=\n', '= \n')],
    ['no padding', note.replace('=\n', '\n')],
    ['more padding', note.replace('=\n', '==\n')],
    ['a base64 form that is not canonical', note.replace('JnAM=', 'JnAN=')],
    ['the URL alphabet', note.replace('x08go/ZJ', 'x08go_ZJ')],
    ['a key id alone', note.replace(signature, id)],
    [
      'a signature cut short',
      note.replace(signature, Buffer.from(signature, 'base64').subarray(0, 67).toString('base64')),
    ],
    [
      'a signature too long',
      note.replace(
        signature,
        Buffer.concat([Buffer.from(signature, 'base64'), Buffer.of(0)]).toString('base64'),
      ),
    ],
    ['a key id alone beside a good signature', `${note}— stranger.example ${id}\n`],
    ['an unreadable line beside a good one', `${note}— stranger ???\n`],
    ['a blank line before a good signature', `${text}\n${strangerLine}\n${peterLine}`],
  ])('refuses %s', (_, whole) => {
    expect(() => open(whole, peterKey)).toThrow(invalid);
  });

  /** What a signer would make who cares for no rule but the signature. */
  const carelessly = (body: Buffer, between: string): Buffer => {
    const blob = Buffer.concat([Buffer.from('c74f20a3', 'hex'), sign(null, body, peter.privateKey)]);
    return Buffer.concat([body, Buffer.from(`${between}— PeterNeumann ${blob.toString('base64')}\n`)]);
  };

  it('refuses bytes that are not UTF-8, even signed', () => {
    for (const bad of [
      Buffer.of(0xff),
      Buffer.of(0xc3),
      Buffer.of(0xc0, 0x80),
      Buffer.of(0xed, 0xa0, 0x80),
    ]) {
      const whole = carelessly(Buffer.concat([bad, Buffer.from('\n')]), '\n');
      expect(() => open(whole, peterKey)).toThrow(invalid);
    }
  });

  it('refuses control characters and a missing blank line, even signed', () => {
    expect(open(carelessly(Buffer.from('fine\n'), '\n'), peterKey).text).toBe('fine\n');
    expect(() => open(carelessly(Buffer.from('a\tb\n'), '\n'), peterKey)).toThrow(invalid);
    expect(() => open(carelessly(Buffer.alloc(0), '?'), peterKey)).toThrow(invalid);
  });

  it('refuses every change of a byte and every cut', () => {
    const bytes = Buffer.from(note);
    const opened = (whole: Uint8Array): boolean => {
      try {
        return open(whole, peterKey).text !== '';
      } catch {
        return false;
      }
    };
    const survivors: number[] = [];
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = [0x01, 0x20, 0x80].map((mask) =>
        bytes.map((byte, i) => (i === at ? byte ^ mask : byte)),
      );
      if ([...changed, bytes.subarray(0, at)].some(opened)) survivors.push(at);
    }
    expect(opened(bytes)).toBe(true);
    expect(survivors).toEqual([]);
  });
});

describe('verifier keys', () => {
  it('are written and read for any key and name', () => {
    const names = fc.constantFrom('example.org/gate', 'é', '名前', '—', '0');
    fc.assert(
      fc.property(names, fc.uint8Array({ minLength: 32, maxLength: 32 }), (name, seed) => {
        const signer = signerOf(name, seed);
        const verifier = parseVerifierKey(keyOf(signer));
        expect(verifier.name).toBe(name);
        expect(verifier.publicKey.equals(createPublicKey(signer.privateKey))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  const typed = (type: number, raw: Buffer): string => {
    const id = createHash('sha256')
      .update('a\n')
      .update(Buffer.of(type))
      .update(raw)
      .digest('hex')
      .slice(0, 8);
    return `a+${id}+${Buffer.concat([Buffer.of(type), raw]).toString('base64')}`;
  };
  it('of the right shape are read', () => {
    expect(parseVerifierKey(typed(1, Buffer.alloc(32, 7))).name).toBe('a');
  });

  it.each([
    ['nothing', ''],
    ['no id', 'PeterNeumann+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'],
    ['another id', peterKey.replace('c74f20a3', 'c74f20a4')],
    ['the id in capitals', peterKey.replace('c74f20a3', 'C74F20A3')],
    ['another name', peterKey.replace('Peter', 'Petra')],
    ['no name', peterKey.replace('PeterNeumann', '')],
    ['a name with a space', peterKey.replace('PeterN', 'Peter N')],
    ['a newline', `${peterKey}\n`],
    ['no key', 'PeterNeumann+c74f20a3+'],
    ['another key', peterKey.replace('ARpc', 'ARpd')],
    ['unpadded base64', typed(1, Buffer.alloc(31, 7)).replaceAll('=', '')],
    ['31 bytes', typed(1, Buffer.alloc(31, 7))],
    ['33 bytes', typed(1, Buffer.alloc(33, 7))],
    ['a cosignature key', typed(4, Buffer.alloc(32, 7))],
    ['an ECDSA key', typed(2, Buffer.alloc(32, 7))],
    ['a signer key', 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz'],
  ])('with %s are refused', (_, key) => {
    expect(() => parseVerifierKey(key)).toThrow(failing('usage'));
  });
});

describe('base64', () => {
  it('has one form for each value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(Buffer.from(bytes));
      }),
    );
    expect(['QQ', 'QQ=', 'QR==', ' QQ==', 'QQ==\n', 'Q-==', '====', 'Q'].map(decodeBase64)).toEqual(
      Array.from({ length: 8 }, () => undefined),
    );
  });
});
