/** Which request a message speaks of, from its headers alone. */
import type { ReceivedMessage } from '../domain/national-check.ts';
import type { LedgerReader, RawMessage, StoredRequest } from '../ports.ts';

/** The headers of a message as the check's rules name them; empty where absent. */
export interface MessageHeaders extends Omit<ReceivedMessage, 'body'> {
  /** When MESH stamped it: UTC, fourteen digits. */
  readonly stampedAt: string;
}

export function headersOf(raw: RawMessage): MessageHeaders {
  const headers = raw.parts[0]?.headers ?? {};
  const header = (name: string): string => headers[`mex-${name}`] ?? '';
  return {
    messageType: header('messagetype').trim().toUpperCase(),
    from: header('from'),
    workflowId: header('workflowid'),
    localId: header('localid'),
    linkedMessageId: header('linkedmsgid'),
    subject: header('subject'),
    stampedAt: header('statustimestamp'),
  };
}

/**
 * The request a message names by its local id; for MESH's own report also by the id of the message that failed, for that alone is certain to
 * be in it (MESH API v2 specification, reports). Names that speak of two different messages bind nothing.
 */
export async function requestOf(ledger: LedgerReader, raw: RawMessage): Promise<StoredRequest | null> {
  const { messageType, localId, linkedMessageId: linked } = headersOf(raw);
  const named = localId === '' ? null : await ledger.request(localId);
  if (named === null)
    return messageType === 'REPORT' && localId === '' && linked !== '' ? ledger.requestSentAs(linked) : null;
  return linked === '' || named.messageId === null || named.messageId === linked ? named : null;
}
