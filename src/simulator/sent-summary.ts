import { createHash } from 'node:crypto';
import type { StoredMessage } from './message.ts';
import { contentOf, countLines } from './request-file.ts';

/** What a client sent, told without a word of its content. */
export interface SentSummary {
  readonly messageId: string;
  readonly from: string;
  readonly to: string;
  readonly workflowId: string;
  readonly localId: string;
  readonly subject: string;
  readonly fileName: string;
  readonly acceptedAt: number;
  /** Of the unpacked content: lines, and lower-case hex SHA-256. */
  readonly lines: number;
  readonly sha256: string;
}

/** Content whose gzip is broken counts as empty. */
export function summaryOf(message: StoredMessage): SentSummary {
  const content = contentOf(message) ?? Buffer.alloc(0);
  const { from, to, workflowId, localId, subject, fileName, acceptedAt } = message;
  const told = { from, to, workflowId, localId, subject, fileName, acceptedAt };
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { messageId: message.id, ...told, lines: countLines(content), sha256 };
}
