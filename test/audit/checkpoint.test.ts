import { createPublicKey, generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  checkpointText,
  openCheckpoint,
  parseCheckpoint,
  signCheckpoint,
} from '../../src/audit/checkpoint.ts';
import { emptyRoot, leafHash } from '../../src/audit/merkle-tree.ts';
import { signNote, verifierOf } from '../../src/audit/signed-note.ts';
import type { NoteSigner, NoteVerifier } from '../../src/audit/signed-note.ts';

const failing = (code: string): unknown => expect.objectContaining({ code });
const invalid = failing('audit-invalid');

const origin = 'example.org/export-gate';
const signerNamed = (name: string): NoteSigner => ({
  name,
  privateKey: generateKeyPairSync('ed25519').privateKey,
});
const verifierFor = ({ name, privateKey }: NoteSigner): NoteVerifier =>
  verifierOf(name, createPublicKey(privateKey));
const root = leafHash(Buffer.from('one entry'));
const base64 = Buffer.from(root).toString('base64');
const checkpoint = { origin, size: 1, root };

describe('the text of a checkpoint', () => {
  it('is read as the C2SP specification shows it', () => {
    const text = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
    const read = parseCheckpoint(text);
    expect(read).toMatchObject({ origin: 'example.com/behind-the-sofa', size: 20852163 });
    expect(checkpointText(read)).toBe(text);
  });

  it('says the same when read back', () => {
    const sizes = fc.oneof(fc.integer({ min: 1 }), fc.constantFrom(1, 2 ** 32, Number.MAX_SAFE_INTEGER));
    const roots = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(fc.constantFrom(origin, 'a log', 'é+'), sizes, roots, (name, size, hash) => {
        const given = { origin: name, size, root: Buffer.from(hash) };
        expect(parseCheckpoint(checkpointText(given))).toEqual(given);
      }),
    );
  });

  it('of the empty log bears the root of the empty tree', () => {
    const text = `${origin}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n`;
    expect(checkpointText({ origin, size: 0, root: emptyRoot() })).toBe(text);
    expect(parseCheckpoint(text).size).toBe(0);
    expect(() => parseCheckpoint(`${origin}\n0\n${base64}\n`)).toThrow(invalid);
  });

  it.each([
    ['nothing', ''],
    ['an empty origin', `\n1\n${base64}\n`],
    ['two lines', `${origin}\n1\n`],
    ['no last newline', `${origin}\n1\n${base64}`],
    ['a blank line at the end', `${origin}\n1\n${base64}\n\n`],
    ['an extension line', `${origin}\n1\n${base64}\nextension\n`],
    ['an empty size', `${origin}\n\n${base64}\n`],
    ['a leading zero', `${origin}\n01\n${base64}\n`],
    ['two zeros', `${origin}\n00\n${base64}\n`],
    ['a sign', `${origin}\n+1\n${base64}\n`],
    ['a negative size', `${origin}\n-1\n${base64}\n`],
    ['a fraction', `${origin}\n1.0\n${base64}\n`],
    ['an exponent', `${origin}\n1e3\n${base64}\n`],
    ['hexadecimal', `${origin}\n0x1\n${base64}\n`],
    ['other digits', `${origin}\n\u0661\n${base64}\n`],
    ['white space', `${origin}\n1 \n${base64}\n`],
    ['a size beyond 2^53 - 1', `${origin}\n9007199254740992\n${base64}\n`],
    ['a carriage return', `${origin}\n1\r\n${base64}\n`],
    ['a short root', `${origin}\n1\nAAAA\n`],
    ['a long root', `${origin}\n1\n${Buffer.alloc(33).toString('base64')}\n`],
    ['a root without padding', `${origin}\n1\n${base64.replace('=', '')}\n`],
    ['a root in hex', `${origin}\n1\n${Buffer.from(root).toString('hex')}\n`],
  ])('is refused with %s', (_, text) => {
    expect(() => parseCheckpoint(text)).toThrow(invalid);
  });

  it.each([
    { ...checkpoint, origin: '' },
    { ...checkpoint, origin: `evil\n999` },
    { ...checkpoint, origin: `evil\n999\n${base64}\n` },
    { ...checkpoint, size: -1 },
    { ...checkpoint, size: 1.5 },
    { ...checkpoint, size: 1e21 },
    { ...checkpoint, size: NaN },
    { ...checkpoint, size: 0 },
    { ...checkpoint, root: root.subarray(1) },
  ])('is not written for %j', (bad) => {
    expect(() => checkpointText(bad)).toThrow(invalid);
  });
});

describe('a signed checkpoint', () => {
  const gate = signerNamed(origin);
  const next = signerNamed(origin);
  const witness = signerNamed('witness.example');
  const open = (note: string, ...signers: NoteSigner[]) =>
    openCheckpoint(Buffer.from(note), origin, signers.map(verifierFor));

  it('opens with the key of its log', () => {
    const opened = open(signCheckpoint(checkpoint, gate), gate);
    expect(opened).toMatchObject({ origin, size: 1 });
    expect(Buffer.from(opened.root).equals(root)).toBe(true);
    expect(opened.signedBy).toEqual([verifierFor(gate)]);
  });

  it('opens with either key while the key is being changed', () => {
    const note = signCheckpoint(checkpoint, gate, next);
    expect(open(note, gate).size).toBe(1);
    expect(open(note, next).size).toBe(1);
  });

  it('tells of other known keys that signed too', () => {
    const note = signNote(checkpointText(checkpoint), gate, witness);
    expect(open(note, witness, gate).signedBy.map(({ name }) => name)).toEqual([origin, 'witness.example']);
  });

  it('is signed by nobody but its log', () => {
    expect(() => signCheckpoint(checkpoint, witness)).toThrow(failing('configuration-invalid'));
    expect(() => signCheckpoint(checkpoint, gate, witness)).toThrow(failing('configuration-invalid'));
    expect(() => signCheckpoint({ ...checkpoint, size: -1 }, gate)).toThrow(invalid);
  });

  it.each([
    [
      'of another log',
      signCheckpoint({ ...checkpoint, origin: 'other.example' }, { ...gate, name: 'other.example' }),
      [{ ...gate, name: 'other.example' }],
    ],
    ['signed by a witness only', signNote(checkpointText(checkpoint), witness), [gate, witness]],
    ['signed by a key we do not know', signCheckpoint(checkpoint, next), [gate]],
    ['with another size', signCheckpoint(checkpoint, gate).replace('\n1\n', '\n2\n'), [gate]],
    ['that is a note but no checkpoint', signNote('hello\n', gate), [gate]],
    ['with an extension line', signNote(`${checkpointText(checkpoint)}more\n`, gate), [gate]],
    ['that is no note', checkpointText(checkpoint), [gate]],
  ])('%s is refused', (_, note, signers) => {
    expect(() => open(note, ...signers)).toThrow(invalid);
  });
});
