/** A time-stamp authority for tests, made here and now, with a lever for everything that it may get wrong. */
import { createHash, randomBytes, webcrypto } from 'node:crypto';
import * as asn1js from 'asn1js';
import {
  AlgorithmIdentifier,
  Attribute,
  BasicConstraints,
  Certificate,
  ContentInfo,
  EncapsulatedContentInfo,
  Extension,
  ExtKeyUsage,
  IssuerAndSerialNumber,
  MessageImprint,
  PKIStatus,
  PKIStatusInfo,
  SignedAndUnsignedAttributes,
  SignedData,
  SignerInfo,
  TimeStampReq,
  TimeStampResp,
  TSTInfo,
} from 'pkijs';

export type KeyPair = Awaited<ReturnType<typeof newKeys>>;

export interface Certified {
  readonly certificate: Certificate;
  readonly keys: KeyPair;
}

export interface CertificateTerms {
  readonly name?: string;
  readonly isAuthority?: boolean;
  readonly from?: Date;
  readonly to?: Date;
  /** Purposes of the key, and whether they are said critically. */
  readonly purposes?: readonly string[] | null;
  readonly critical?: boolean;
}

export const stampedAt = new Date('2026-11-22T03:00:00Z');
export const policyOfTests = '1.3.6.1.4.1.99999.1';
export const timeStamping = '1.3.6.1.5.5.7.3.8';
const tstInfo = '1.2.840.113549.1.9.16.1.4';
const algorithm = { name: 'ECDSA', namedCurve: 'P-256' };

const newKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);

const exactly = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer;
const named = (type: string, value: string): asn1js.Sequence =>
  new asn1js.Sequence({
    value: [
      new asn1js.Set({
        value: [
          new asn1js.Sequence({
            value: [new asn1js.ObjectIdentifier({ value: type }), new asn1js.Utf8String({ value })],
          }),
        ],
      }),
    ],
  });

/** A certificate of this issuer, or of itself. */
export async function certify(terms: CertificateTerms, issuer?: Certified): Promise<Certified> {
  const { isAuthority = false, purposes = isAuthority ? null : [timeStamping], critical = true } = terms;
  const keys = await newKeys();
  const certificate = new Certificate({
    version: 2,
    serialNumber: new asn1js.Integer({ valueHex: exactly(Uint8Array.of(1, ...randomBytes(8))) }),
  });
  const name = named('2.5.4.3', terms.name ?? `test ${randomBytes(4).toString('hex')}`);
  certificate.subject.fromSchema(name);
  if (issuer === undefined) certificate.issuer.fromSchema(name);
  else certificate.issuer = issuer.certificate.subject;
  certificate.notBefore.value = terms.from ?? new Date('2020-01-01');
  certificate.notAfter.value = terms.to ?? new Date('2049-01-01');
  await certificate.subjectPublicKeyInfo.importKey(keys.publicKey);
  const usage = new asn1js.BitString({
    valueHex: exactly(Uint8Array.of(isAuthority ? 0x06 : 0x80)),
    unusedBits: isAuthority ? 1 : 7,
  });
  const extension = (extnID: string, isCritical: boolean, value: asn1js.BaseBlock): Extension =>
    new Extension({ extnID, critical: isCritical, extnValue: value.toBER() });
  certificate.extensions = [
    extension('2.5.29.19', true, new BasicConstraints({ cA: isAuthority }).toSchema()),
    extension('2.5.29.15', true, usage),
    ...(purposes === null
      ? []
      : [extension('2.5.29.37', critical, new ExtKeyUsage({ keyPurposes: [...purposes] }).toSchema())]),
  ];
  await certificate.sign((issuer?.keys ?? keys).privateKey, 'SHA-256');
  return { certificate, keys };
}

export const derOf = (certificate: Certificate): Buffer => Buffer.from(certificate.toSchema().toBER());
export const pemOf = (certificate: Certificate): string =>
  `-----BEGIN CERTIFICATE-----\n${derOf(certificate)
    .toString('base64')
    .replaceAll(/(.{64})/g, '$1\n')
    .trimEnd()}\n-----END CERTIFICATE-----\n`;

/** What the authority gets wrong; nothing unless told. */
export interface Misdeeds {
  readonly status?: PKIStatus;
  readonly withoutToken?: boolean;
  readonly at?: Date;
  readonly imprint?: Uint8Array;
  readonly imprintAlgorithm?: string;
  /** Null: none. */
  readonly nonce?: Uint8Array | null;
  readonly policy?: string;
  readonly version?: number;
  readonly contentType?: string;
  readonly signedType?: string;
  readonly digest?: 'SHA-1' | 'SHA-256' | 'SHA-512';
  readonly boundTo?: Certificate | null;
  readonly boundBy?: 'v1' | 'v2';
  readonly certificates?: readonly Certificate[];
  readonly signers?: number;
  readonly signature?: (signature: Uint8Array) => Uint8Array;
}

/** Answers a request in DER as this signer, with the certificates above it. */
export async function stamp(
  request: Uint8Array,
  signer: Certified,
  above: readonly Certificate[],
  misdeeds: Misdeeds = {},
): Promise<Uint8Array> {
  const asked = TimeStampReq.fromBER(exactly(request));
  const status = new PKIStatusInfo({ status: misdeeds.status ?? PKIStatus.granted });
  const answer = new TimeStampResp({ status });
  if (misdeeds.withoutToken !== true) answer.timeStampToken = await token(asked, signer, above, misdeeds);
  return new Uint8Array(answer.toSchema().toBER());
}

function infoOf(asked: TimeStampReq, misdeeds: Misdeeds): TSTInfo {
  const { imprint, imprintAlgorithm, nonce } = misdeeds;
  const info = new TSTInfo({
    version: misdeeds.version ?? 1,
    policy: misdeeds.policy ?? asked.reqPolicy ?? policyOfTests,
    messageImprint: new MessageImprint({
      hashAlgorithm:
        imprintAlgorithm === undefined
          ? asked.messageImprint.hashAlgorithm
          : new AlgorithmIdentifier({ algorithmId: imprintAlgorithm }),
      hashedMessage:
        imprint === undefined
          ? asked.messageImprint.hashedMessage
          : new asn1js.OctetString({ valueHex: exactly(imprint) }),
    }),
    serialNumber: new asn1js.Integer({ valueHex: exactly(Uint8Array.of(1, ...randomBytes(7))) }),
    genTime: misdeeds.at ?? stampedAt,
  });
  if (nonce === undefined) {
    if (asked.nonce !== undefined) info.nonce = asked.nonce;
  } else if (nonce !== null) info.nonce = new asn1js.Integer({ valueHex: exactly(nonce) });
  return info;
}

async function token(
  asked: TimeStampReq,
  { certificate, keys }: Certified,
  above: readonly Certificate[],
  misdeeds: Misdeeds,
): Promise<ContentInfo> {
  const content = infoOf(asked, misdeeds).toSchema().toBER();
  const digest = misdeeds.digest ?? 'SHA-256';
  const hashed = await webcrypto.subtle.digest(digest, content);
  const attributes = [
    new Attribute({
      type: '1.2.840.113549.1.9.3',
      values: [new asn1js.ObjectIdentifier({ value: misdeeds.signedType ?? tstInfo })],
    }),
    new Attribute({ type: '1.2.840.113549.1.9.4', values: [new asn1js.OctetString({ valueHex: hashed })] }),
    ...(misdeeds.boundTo === null
      ? []
      : [binding(misdeeds.boundTo ?? certificate, misdeeds.boundBy ?? 'v2')]),
  ];
  const signed = new SignedData({
    version: 3,
    encapContentInfo: new EncapsulatedContentInfo({ eContentType: misdeeds.contentType ?? tstInfo }),
    certificates: [...(misdeeds.certificates ?? [certificate, ...above])],
  });
  // Set afterwards: the constructor would cut it into pieces, which DER does not allow.
  signed.encapContentInfo.eContent = new asn1js.OctetString({ valueHex: content });
  for (let at = 0; at < (misdeeds.signers ?? 1); at += 1) {
    signed.signerInfos.push(
      new SignerInfo({
        version: 1,
        sid: new IssuerAndSerialNumber({
          issuer: certificate.issuer,
          serialNumber: certificate.serialNumber,
        }),
        signedAttrs: new SignedAndUnsignedAttributes({ type: 0, attributes }),
      }),
    );
    await signed.sign(keys.privateKey, at, digest);
  }
  for (const one of signed.signerInfos) {
    if (misdeeds.signature !== undefined)
      one.signature = new asn1js.OctetString({
        valueHex: exactly(misdeeds.signature(new Uint8Array(one.signature.getValue()))),
      });
  }
  return new ContentInfo({ contentType: ContentInfo.SIGNED_DATA, content: signed.toSchema(true) });
}

/** SigningCertificate (SHA-1) or SigningCertificateV2 (SHA-256, which goes without saying). */
function binding(certificate: Certificate, by: 'v1' | 'v2'): Attribute {
  const digest = createHash(by === 'v1' ? 'sha1' : 'sha256')
    .update(derOf(certificate))
    .digest();
  const id = new asn1js.Sequence({ value: [new asn1js.OctetString({ valueHex: exactly(digest) })] });
  const value = new asn1js.Sequence({ value: [new asn1js.Sequence({ value: [id] })] });
  return new Attribute({ type: `1.2.840.113549.1.9.16.2.${by === 'v1' ? 12 : 47}`, values: [value] });
}
