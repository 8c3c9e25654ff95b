import type { Envelope } from './message.ts';
import type { ApiVersion } from './refusals.ts';
import { refuse, refuseField } from './refusals.ts';

/** Longest value of each header on send (MESH API v2 specification, send message). */
const limits = {
  'mex-to': 100,
  'mex-workflowid': 300,
  'mex-chunk-range': 20,
  'mex-subject': 500,
  'mex-localid': 300,
  'mex-partnerid': 500,
  'mex-filename': 300,
  'mex-content-encrypted': 20,
  'mex-content-compressed': 20,
  'mex-content-checksum': 100,
  'mex-content-type': 100,
} as const;
type SendHeader = keyof typeof limits;

// eslint-disable-next-line no-control-regex -- control characters are what is looked for
const control = /[\u0000-\u001f]/;
const url = /^https?:\/\//i;

/** The envelope the headers describe, or the refusal they earn. `from` is the authorised mailbox. */
export function readEnvelope(headers: Headers, from: string, version: ApiVersion): Envelope | Response {
  const value = (name: SendHeader): string => headers.get(name)?.trim() ?? '';
  const names = Object.keys(limits) as SendHeader[];
  for (const name of ['mex-to', 'mex-workflowid'] as const)
    if (headers.get(name) === null) return refuseField('header', name, 'field required');
  for (const name of names)
    if (value(name).length > limits[name])
      return refuseField('header', name, `at most ${limits[name]} characters`);
  const withUrl = (['mex-to', 'mex-workflowid', 'mex-content-checksum'] as const).some((name) =>
    url.test(value(name)),
  );
  if (withUrl || names.some((name) => control.test(value(name)))) return refuse('header-malformed', version);
  if (!/^[A-Za-z0-9\s:/-]*$/.test(value('mex-content-checksum'))) return refuse('checksum-invalid', version);
  if (value('mex-to') === '') return refuse('recipient-missing', version);
  if (value('mex-workflowid') === '') return refuseField('header', 'mex-workflowid', 'must not be empty');
  if (![null, from].includes(headers.get('mex-from'))) return refuse('sender-invalid', version);
  return {
    from,
    to: value('mex-to').toUpperCase(),
    workflowId: value('mex-workflowid'),
    localId: value('mex-localid'),
    subject: value('mex-subject'),
    fileName: value('mex-filename'),
    partnerId: value('mex-partnerid'),
    checksum: value('mex-content-checksum'),
    contentType:
      [value('mex-content-type'), headers.get('content-type') ?? ''].find((type) => type !== '') ?? octets,
    compressed: isYes(value('mex-content-compressed')),
    encrypted: isYes(value('mex-content-encrypted')),
  };
}

const octets = 'application/octet-stream';
const isYes = (flag: string): boolean => /^(y|yes|t|true|on|1)$/i.test(flag);

export interface ChunkRange {
  readonly number: number;
  readonly total: number;
}

/** `n:total` with n from 1 to total; absent or empty is `1:1`; null for anything else. */
export function readChunkRange(value: string | null): ChunkRange | null {
  const text = value?.trim() ?? '';
  if (text === '') return { number: 1, total: 1 };
  const match = /^([1-9][0-9]{0,8}):([1-9][0-9]{0,8})$/.exec(text);
  const range = { number: Number(match?.[1] ?? 0), total: Number(match?.[2] ?? 0) };
  return range.number === 0 || range.number > range.total ? null : range;
}

/** Transport compression: none, gzip, or (null) one that MESH does not know. */
export function readEncoding(headers: Headers): '' | 'gzip' | null {
  const encoding = (headers.get('content-encoding') ?? '').trim().toLowerCase();
  return encoding === '' || encoding === 'gzip' ? encoding : null;
}
