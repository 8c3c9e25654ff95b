import { createPrivateKey, generateKeyPairSync, randomInt, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

/** Just enough of X.509 (RFC 5280) to make an authority and what it signs, so that tests need no other program. */

const tlv = (tag: number, ...contents: readonly Buffer[]): Buffer => {
  const content = Buffer.concat(contents);
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.from([0x82, content.length >> 8, content.length & 255]);
  return Buffer.concat([Buffer.from([tag]), length, content]);
};
const sequence = (...parts: readonly Buffer[]): Buffer => tlv(0x30, ...parts);
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const oid = (bytes: string): Buffer => tlv(0x06, hex(bytes));
const time = (iso: string): Buffer => tlv(0x18, Buffer.from(iso));
const commonName = (name: string): Buffer =>
  sequence(tlv(0x31, sequence(oid('550403'), tlv(0x0c, Buffer.from(name)))));
const ecdsaWithSha256 = sequence(oid('2a8648ce3d040302'));
const extension = (id: string, value: Buffer): Buffer => sequence(oid(id), tlv(0x04, value));

const pem = (der: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${der.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;

export interface Certified {
  readonly cert: string;
  readonly key: string;
}
export interface Authority extends Certified {
  /** A certificate for 127.0.0.1 and localhost, good for a server and for a client. */
  readonly issue: (name: string) => Certified;
}

function certificate(
  subject: string,
  issuer: string,
  publicKey: KeyObject,
  issuerKey: KeyObject,
  isAuthority: boolean,
): string {
  const loopback = [tlv(0x87, hex('7f000001')), tlv(0x82, Buffer.from('localhost'))];
  const body = sequence(
    tlv(0xa0, hex('020102')),
    tlv(0x02, Buffer.from([1 + randomInt(127)])),
    ecdsaWithSha256,
    commonName(issuer),
    sequence(time('20200101000000Z'), time('20991231235959Z')),
    commonName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tlv(
      0xa3,
      sequence(
        extension('551d13', sequence(...(isAuthority ? [hex('0101ff')] : []))),
        extension('551d11', sequence(...loopback)),
      ),
    ),
  );
  const signature = sign('sha256', body, issuerKey);
  return pem(sequence(body, ecdsaWithSha256, tlv(0x03, hex('00'), signature)));
}

const keyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keyText = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A new authority, trusted by nobody until a test says so. */
export function createAuthority(name: string): Authority {
  const own = keyPair();
  const key = keyText(own.privateKey);
  return {
    cert: certificate(name, name, own.publicKey, own.privateKey, true),
    key,
    issue(subject) {
      const { publicKey, privateKey } = keyPair();
      const cert = certificate(subject, name, publicKey, createPrivateKey(key), false);
      return { cert, key: keyText(privateKey) };
    },
  };
}
