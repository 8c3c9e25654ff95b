/** How the world can differ from what the log says of it: no proof of hashing sees a step that was never told (design, section 7). */

export const findingCodes = [
  'log-out-of-order',
  'run-without-entry',
  'run-missing',
  'run-differs',
  'run-out-of-order',
  'totals-unbalanced',
  'totals-differ',
  'request-without-entry',
  'request-missing',
  'request-differs',
  'request-out-of-order',
  'requests-uncounted',
  'intent-without-outcome',
  'message-without-entry',
  'message-missing',
  'message-differs',
  'message-out-of-order',
  'hold-without-entry',
  'hold-missing',
  'hold-differs',
  'attestation-missing',
  'attestation-differs',
  'list-without-entry',
  'list-missing',
  'list-altered',
  'index-alive',
  'index-short',
  'key-alive',
  'key-missing',
  'key-without-step',
  'choices-differ',
  'carried-forgotten',
  'legal-hold-differs',
  'stop-differs',
  'intake-forgotten',
  'receipt-without-entry',
  'receipt-missing',
  'configuration-without-entry',
  'configuration-missing',
  'configuration-differs',
  'drop-without-entry',
  'drop-missing',
  'drop-not-removed',
  'drop-unfinished',
  'drop-stranger',
  'staging-left',
  'manifest-altered',
  'drop-file-altered',
  'drop-file-missing',
  'checkpoint-unknown',
  'checkpoint-invalid',
  'checkpoint-early',
] as const;
export type FindingCode = (typeof findingCodes)[number];

/** One difference. No text of it names a person. */
export interface Finding {
  readonly code: FindingCode;
  /** A drop or file by its place under the outbound folder, or a row by its name in the ledger, or an entry by its position. */
  readonly place: string;
  readonly found: string;
  /** What the log says of it. */
  readonly told: string;
}
