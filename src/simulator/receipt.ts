import type { StoredMessage } from './message.ts';
import { microTime } from './stamps.ts';

export const receiptStages = [
  'validate_non_empty_file',
  'validate_is_unique_upload',
  'validate_in_order',
] as const;
export type ReceiptStage = (typeof receiptStages)[number];

export interface ReceiptFacts {
  readonly request: StoredMessage;
  /** Bytes and lower-case hex SHA-256 of the unpacked file. */
  readonly size: number;
  readonly sha256: string;
  readonly receivedAt: number;
  /** The first stage that failed, or null; stages after it were not run. */
  readonly failed: ReceiptStage | null;
}

/**
 * The JSON of a receipt, in the shape of a captured one: some times in it are integers of twenty digits, which no careless JSON reader
 * survives unchanged.
 */
export function receiptJson({ request, size, sha256, receivedAt, failed }: ReceiptFacts): string {
  const submission = `submission-${request.id}`;
  const stop = failed === null ? receiptStages.length : receiptStages.indexOf(failed) + 1;
  const receipt = {
    version: 1,
    id: `job-${request.id}`,
    status: failed === null ? 'pending' : 'failed',
    received: new Date(receivedAt).toISOString(),
    submitted: new Date(request.createdAt).toISOString(),
    finished: failed === null ? null : new Date(receivedAt).toISOString(),
    stages: receiptStages.slice(0, stop).map((stage) => ({
      stage,
      ts: bareInteger(receivedAt),
      passed: stage !== failed,
      details: null,
    })),
    runs: [],
    sender_id: request.from,
    agent_id: 'mesh',
    dataset_id: 'mesh_to_pos',
    metadata: {
      submission_id: submission,
      sender_id: request.from,
      filename: request.fileName,
      filesize: size,
      file_hash: sha256,
      file_type: 'csv',
      request: {
        submission_id: submission,
        submitted_timestamp: bareInteger(request.createdAt),
        extra: {
          sending_mailbox: request.from,
          landing_mailbox: request.to,
          transfer_id: `transfer-${request.id}`,
          message_id: request.id,
          filename: request.fileName,
          local_id: request.localId,
          message_type: 'DATA',
          subject: request.subject,
          encrypted: request.encrypted,
          compressed: request.compressed,
        },
      },
    },
    pipeline_result: null,
    test_scope: null,
  };
  return JSON.stringify(receipt).replaceAll(/"integer ([0-9]{20})"/g, '$1');
}

/** A marker that becomes a bare integer in the JSON, which JavaScript cannot hold as a number. */
const bareInteger = (at: number): string => `integer ${microTime(at)}`;
