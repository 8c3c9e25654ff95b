/** X.509 certificates for tests, made here and now: ECDSA on P-256, DER written by hand (RFC 5280), so that no tool is needed. */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { isIPv4 } from 'node:net';

/** PEM. */
export interface Certified {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certified {
  /** A certificate for a server or a client; `names` are DNS names and IPv4 addresses. */
  issue(purpose: 'server' | 'client', names: readonly string[], validity?: Validity): Certified;
}

export interface Validity {
  readonly from: string;
  readonly to: string;
}

const usual: Validity = { from: '2020-01-01', to: '2049-01-01' };

/** A certificate authority of its own, trusted by nobody who is not told to. */
export function createAuthority(name: string): Authority {
  const { publicKey, privateKey } = newKey();
  const issuer = { name, key: privateKey };
  const extensions = [extension('2.5.29.19', true, sequence(boolean(true))), keyUsage(0x06)];
  const cert = certificate({ subject: name, publicKey, extensions, validity: usual }, issuer);
  return {
    cert,
    key: pemOfKey(privateKey),
    issue(purpose, names, validity = usual) {
      const own = newKey();
      const use = purpose === 'server' ? '1.3.6.1.5.5.7.3.1' : '1.3.6.1.5.5.7.3.2';
      const ownExtensions = [
        keyUsage(0x80),
        extension('2.5.29.37', false, sequence(objectId(use))),
        extension('2.5.29.17', false, sequence(...names.map(alternativeName))),
      ];
      const subject = names[0] ?? purpose;
      return {
        cert: certificate({ subject, publicKey: own.publicKey, extensions: ownExtensions, validity }, issuer),
        key: pemOfKey(own.privateKey),
      };
    },
  };
}

const newKey = (): { publicKey: KeyObject; privateKey: KeyObject } =>
  generateKeyPairSync('ec', { namedCurve: 'prime256v1' });

const pemOfKey = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();

interface Contents {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly extensions: readonly Buffer[];
  readonly validity: Validity;
}

/** RFC 5280, section 4.1. */
function certificate(contents: Contents, issuer: { name: string; key: KeyObject }): string {
  const algorithm = sequence(objectId('1.2.840.10045.4.3.2'));
  const { from, to } = contents.validity;
  const unsigned = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    distinguishedName(issuer.name),
    sequence(time(from), time(to)),
    distinguishedName(contents.subject),
    contents.publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...contents.extensions)),
  );
  const signed = sequence(unsigned, algorithm, bits(sign('sha256', unsigned, issuer.key)));
  const lines = signed.toString('base64').replaceAll(/(.{64})/g, '$1\n');
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`;
}

function der(tag: number, ...contents: readonly Buffer[]): Buffer {
  const body = Buffer.concat(contents);
  const length = body.length < 128 ? [body.length] : [0x82, body.length >> 8, body.length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...length]), body]);
}

const sequence = (...contents: readonly Buffer[]): Buffer => der(0x30, ...contents);
const boolean = (value: boolean): Buffer => der(0x01, Buffer.from([value ? 0xff : 0]));
const bits = (body: Buffer, unused = 0): Buffer => der(0x03, Buffer.from([unused]), body);
const time = (date: string): Buffer => der(0x17, Buffer.from(`${date.slice(2).replaceAll('-', '')}000000Z`));

function objectId(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest.flatMap(base128)];
  return der(0x06, Buffer.from(bytes));
}

function base128(value: number): number[] {
  const digits = [value & 0x7f];
  for (let rest = value >> 7; rest > 0; rest >>= 7) digits.unshift((rest & 0x7f) | 0x80);
  return digits;
}

const distinguishedName = (commonName: string): Buffer =>
  sequence(der(0x31, sequence(objectId('2.5.4.3'), der(0x0c, Buffer.from(commonName)))));

const extension = (id: string, critical: boolean, value: Buffer): Buffer =>
  sequence(objectId(id), ...(critical ? [boolean(true)] : []), der(0x04, value));

const keyUsage = (flags: number): Buffer => extension('2.5.29.15', true, bits(Buffer.from([flags])));

const alternativeName = (name: string): Buffer =>
  isIPv4(name) ? der(0x87, Buffer.from(name.split('.').map(Number))) : der(0x82, Buffer.from(name));
