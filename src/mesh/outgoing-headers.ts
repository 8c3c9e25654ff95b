import { Failure } from '../domain/failure.ts';
import type { OutgoingMessage } from '../ports.ts';

/** Longest value of each header (MESH API v2 specification, send message). */
const longest = {
  'mex-to': 100,
  'mex-workflowid': 300,
  'mex-localid': 300,
  'mex-subject': 500,
  'mex-filename': 300,
} as const;

type EnvelopeHeader = keyof typeof longest;

const envelope = (message: OutgoingMessage): Readonly<Record<EnvelopeHeader, string>> => ({
  'mex-to': message.to,
  'mex-workflowid': message.workflowId,
  'mex-localid': message.localId,
  'mex-subject': message.subject,
  'mex-filename': message.fileName,
});

/** The headers that say from whom to whom and under which names. */
export const envelopeHeaders = (
  message: OutgoingMessage,
  from: string,
): Readonly<Record<string, string>> => ({
  'mex-from': from,
  ...envelope(message),
});

/**
 * Refuses before anything is sent what MESH or the check would refuse, or worse, let vanish: an empty body, a header that is empty or
 * too long, is not printable ASCII, holds a colon (the check never answers such a message) or begins as a URL. Throws `mesh-rejected`.
 */
export function assertSendable(message: OutgoingMessage): void {
  if (message.body.length === 0) throw unsendable('body', 'it is empty');
  for (const [name, value] of Object.entries(envelope(message))) {
    if (value === '') throw unsendable(name, 'it is empty');
    if (value.length > longest[name as EnvelopeHeader])
      throw unsendable(name, `it has ${value.length} characters`);
    if (!/^[\x20-\x7e]+$/.test(value) || value.trim() !== value)
      throw unsendable(name, 'it holds a character that is not printable ASCII, or ends in a space');
    if (value.includes(':')) throw unsendable(name, 'it holds a colon');
  }
}

const unsendable = (place: string, why: string): Failure =>
  new Failure('mesh-rejected', {
    message: `This message cannot be sent: ${why}.`,
    place,
    allowed: 'printable ASCII without colon, not empty, within the limits of MESH',
    hint: 'Nothing was sent. Correct the MESH configuration.',
  });
