/**
 * What a time-stamp authority answered (RFC 3161 section 2.4.2), believed only where every part fits the question and the signature leads to
 * an authority that we were told to believe. Revocation is not looked up: a token is judged as it came, at the time it names.
 */
import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import { Certificate, ContentInfo, ExtKeyUsage, PKIStatus, SignedData, TimeStampResp, TSTInfo } from 'pkijs';
import type { SignedDataVerifyResult, SignerInfo } from 'pkijs';
import { copied, imprintOf, sha256Id } from './timestamp-request.ts';
import type { Question } from './timestamp-request.ts';

/** Why a token is not believed; the text is ours, whatever the authority said. */
export class Disbelief extends Error {}

const contentTypeId = '1.2.840.113549.1.9.3';
const extKeyUsageId = '2.5.29.37';
const timeStampingId = '1.3.6.1.5.5.7.3.8';
/** RFC 5816 and, for older authorities, RFC 2634: which certificate signed, bound into what is signed. */
const signingCertificateIds = { v1: '1.2.840.113549.1.9.16.2.12', v2: '1.2.840.113549.1.9.16.2.47' } as const;
const digests: Readonly<Record<string, string>> = {
  [sha256Id]: 'sha256',
  '2.16.840.1.101.3.4.2.2': 'sha384',
  '2.16.840.1.101.3.4.2.3': 'sha512',
};

/** Checks an answer in DER. Resolves with the time it names; throws `Disbelief`. */
export async function believeTimestamp(
  answer: Uint8Array,
  question: Question,
  authorities: readonly Certificate[],
): Promise<Date> {
  const token = tokenIn(answer);
  const info = infoIn(token);
  demandAnswered(info, question);
  const [signer] = token.signerInfos;
  if (signer === undefined || token.signerInfos.length !== 1)
    throw new Disbelief('it has not exactly one signer');
  demandSigned(signer);
  const { signerCertificate } = await verified(token, question, authorities);
  if (!(signerCertificate instanceof Certificate)) throw new Disbelief('it names no certificate');
  demandForTimeStamping(signerCertificate);
  demandBound(signer, signerCertificate);
  return info.genTime;
}

/** Reads what may be anything: the libraries throw whatever they like at bytes that are not what they expect. */
function reading<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof Disbelief) throw thrown;
    throw new Disbelief(`${what} cannot be read`);
  }
}

const tokenIn = (answer: Uint8Array): SignedData =>
  reading('the answer', () => {
    const { offset, result } = asn1js.fromBER(copied(answer));
    if (offset !== answer.length) throw new Disbelief('something stands behind the answer');
    const { status, timeStampToken } = new TimeStampResp({ schema: result });
    // Granted with modifications: those are then checked like everything else.
    const isGranted = [PKIStatus.granted, PKIStatus.grantedWithMods].includes(status.status);
    if (!isGranted || timeStampToken === undefined)
      throw new Disbelief(`the authority refused (status ${status.status})`);
    if (timeStampToken.contentType !== ContentInfo.SIGNED_DATA)
      throw new Disbelief('the token is not signed data');
    return new SignedData({ schema: timeStampToken.content });
  });

const infoIn = ({ encapContentInfo: { eContentType, eContent } }: SignedData): TSTInfo =>
  reading('the token', () => {
    if (eContentType !== tstInfoId || eContent === undefined) throw new Disbelief('the token holds no time');
    return TSTInfo.fromBER(eContent.getValue());
  });
const tstInfoId = '1.2.840.113549.1.9.16.1.4';

function demandAnswered(info: TSTInfo, { data, nonce, policy }: Question): void {
  const { hashAlgorithm, hashedMessage } = info.messageImprint;
  const isOurs =
    hashAlgorithm.algorithmId === sha256Id && imprintOf(data).equals(Buffer.from(hashedMessage.getValue()));
  if (info.version !== 1) throw new Disbelief('the token is of an unknown version');
  if (!isOurs) throw new Disbelief('it is about something else');
  const echoed = info.nonce === undefined ? null : Buffer.from(info.nonce.valueBlock.valueHexView);
  if (echoed === null || !echoed.equals(nonce)) throw new Disbelief('it answers another question');
  if (policy !== null && info.policy !== policy) throw new Disbelief('it was issued under another policy');
  if (Number.isNaN(info.genTime.getTime())) throw new Disbelief('its time is none');
}

function demandSigned({ digestAlgorithm, signedAttrs }: SignerInfo): void {
  if (digests[digestAlgorithm.algorithmId] === undefined)
    throw new Disbelief('its digest is too weak or unknown');
  const types = (signedAttrs?.attributes ?? []).filter(({ type }) => type === contentTypeId);
  const [value] = (types[0]?.values as asn1js.ObjectIdentifier[] | undefined) ?? [];
  if (types.length !== 1 || value?.valueBlock.toString() !== tstInfoId)
    throw new Disbelief('what is signed is not said to be a time stamp');
}

/** Signature and chain; every certificate of the chain must be valid at the time that the token names. */
async function verified(
  token: SignedData,
  { data }: Question,
  authorities: readonly Certificate[],
): Promise<SignedDataVerifyResult> {
  const terms = { signer: 0, data: copied(data), trustedCerts: [...authorities], checkChain: true };
  try {
    const result = await token.verify({ ...terms, extendedMode: true });
    if (result.signatureVerified === true && result.signerCertificateVerified === true) return result;
  } catch {
    throw new Disbelief('its signature does not lead to an authority of ANCHOR_TSA_CA_FILE at its time');
  }
  throw new Disbelief('its signature does not hold');
}

/** RFC 3161 section 2.3: a key for time stamps and nothing else, and said critically. */
function demandForTimeStamping({ extensions = [] }: Certificate): void {
  const usages = extensions.filter(({ extnID }) => extnID === extKeyUsageId);
  const [usage] = usages;
  const purposes = usage?.parsedValue instanceof ExtKeyUsage ? usage.parsedValue.keyPurposes : [];
  if (
    usages.length === 1 &&
    usage?.critical === true &&
    purposes.length === 1 &&
    purposes[0] === timeStampingId
  )
    return;
  throw new Disbelief('its key is not one for time stamps only');
}

function demandBound({ signedAttrs }: SignerInfo, certificate: Certificate): void {
  const bytes = Buffer.from(certificate.toSchema().toBER());
  const bound = reading('the signed attributes', () =>
    (signedAttrs?.attributes ?? []).flatMap(({ type, values }) =>
      type === signingCertificateIds.v1 || type === signingCertificateIds.v2
        ? [isBoundBy(type, (values as asn1js.BaseBlock[])[0], bytes)]
        : [],
    ),
  );
  if (bound.length > 0 && bound.every(Boolean)) return;
  throw new Disbelief('it does not say which certificate signed it');
}

/** SigningCertificate{,V2}: the first of the list is the signer's: an algorithm if it is not the usual one, then the digest. */
function isBoundBy(type: string, value: asn1js.BaseBlock | undefined, certificate: Uint8Array): boolean {
  const first = partsOf(partsOf(value)[0])[0];
  const parts = partsOf(first);
  const [head] = parts;
  const named =
    head instanceof asn1js.Sequence
      ? String((partsOf(head)[0] as asn1js.ObjectIdentifier).valueBlock)
      : sha256Id;
  const algorithm = type === signingCertificateIds.v1 ? 'sha1' : digests[named];
  const digest = parts.find((part) => part instanceof asn1js.OctetString);
  if (algorithm === undefined || digest === undefined) return false;
  return createHash(algorithm).update(certificate).digest().equals(Buffer.from(digest.getValue()));
}

const partsOf = (block: asn1js.BaseBlock | undefined): readonly asn1js.BaseBlock[] =>
  block instanceof asn1js.Sequence ? block.valueBlock.value : [];
