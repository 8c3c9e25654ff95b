/** Every way this program can fail to do what it was asked, and what each means at its three edges. */

/** Exit codes of the command line (README, "Exit codes"). */
export const exitCodes = {
  done: 0,
  unexpected: 1,
  usage: 2,
  withheld: 3,
  partnerUnavailable: 4,
  auditInvalid: 5,
  intakeRefused: 6,
  busy: 7,
  interrupted: 8,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** `never`: the same call fails again. `again`: safe to try at once. `later`: when the partner or the file is back. */
export type Retry = 'never' | 'again' | 'later';

interface Meaning {
  readonly exit: ExitCode;
  readonly http: number;
  readonly retry: Retry;
}

const means = (exit: keyof typeof exitCodes, http: number, retry: Retry): Meaning => ({
  exit: exitCodes[exit],
  http,
  retry,
});

const meanings = {
  unexpected: means('unexpected', 500, 'never'),
  usage: means('usage', 400, 'never'),
  'configuration-invalid': means('usage', 500, 'never'),
  'master-key-missing': means('usage', 500, 'never'),
  'master-key-wrong': means('usage', 500, 'never'),
  'place-unsafe': means('usage', 500, 'never'),
  'legal-basis-expired': means('withheld', 409, 'never'),

  'intake-missing': means('intakeRefused', 409, 'later'),
  'manifest-missing': means('intakeRefused', 409, 'later'),
  'manifest-invalid': means('intakeRefused', 409, 'later'),
  'manifest-stale': means('intakeRefused', 409, 'later'),
  'manifest-from-the-future': means('intakeRefused', 409, 'later'),
  'manifest-of-another-date': means('intakeRefused', 409, 'later'),
  'intake-file-missing': means('intakeRefused', 409, 'later'),
  'intake-file-named-twice': means('intakeRefused', 409, 'later'),
  'intake-file-altered': means('intakeRefused', 409, 'later'),
  'intake-file-short': means('intakeRefused', 409, 'later'),
  'intake-header': means('intakeRefused', 409, 'later'),
  'intake-malformed': means('intakeRefused', 409, 'later'),
  'intake-id-unsafe': means('intakeRefused', 409, 'later'),
  'intake-provider-twice': means('intakeRefused', 409, 'later'),
  'intake-totals': means('intakeRefused', 409, 'never'),

  'mesh-unreachable': means('partnerUnavailable', 502, 'later'),
  'mesh-unavailable': means('partnerUnavailable', 503, 'later'),
  'mesh-tls': means('partnerUnavailable', 502, 'never'),
  'mesh-forbidden': means('partnerUnavailable', 502, 'never'),
  'mesh-not-found': means('partnerUnavailable', 502, 'never'),
  'mesh-gone': means('partnerUnavailable', 502, 'never'),
  'mesh-rejected': means('partnerUnavailable', 502, 'never'),
  'mesh-malformed': means('partnerUnavailable', 502, 'again'),
  'mesh-too-large': means('partnerUnavailable', 502, 'never'),
  'mesh-send-unknown': means('partnerUnavailable', 502, 'never'),

  'drop-exists-different': means('withheld', 409, 'never'),
  'drop-recheck-failed': means('withheld', 500, 'never'),
  'drop-write-failed': means('withheld', 500, 'later'),

  'self-test-failed': means('unexpected', 500, 'never'),
  'canary-survived': means('unexpected', 500, 'never'),
  'canary-lost': means('unexpected', 500, 'never'),

  'paper-unreadable': means('withheld', 500, 'never'),
  'key-destroyed': means('withheld', 410, 'never'),
  'ledger-failed': means('unexpected', 500, 'later'),
  'queue-unreachable': means('unexpected', 503, 'later'),
  'ledger-newer': means('usage', 500, 'never'),
  'checkpoint-not-shown': means('unexpected', 500, 'later'),
  'audit-invalid': means('auditInvalid', 500, 'never'),
  'audit-unreconciled': means('auditInvalid', 500, 'never'),
  'anchor-unreachable': means('partnerUnavailable', 502, 'later'),
  'anchor-refused': means('auditInvalid', 502, 'never'),
  'anchor-overdue': means('withheld', 503, 'later'),
  'configuration-unapproved': means('usage', 403, 'never'),
  'configuration-changed': means('usage', 409, 'never'),
  'lookup-refused': means('usage', 403, 'never'),
  'evidence-destroyed': means('usage', 410, 'never'),
  'not-replayable': means('usage', 410, 'never'),
  'backup-invalid': means('auditInvalid', 500, 'never'),
  'restore-refused': means('usage', 403, 'never'),
  'approval-refused': means('usage', 403, 'never'),
  'hold-decided': means('usage', 409, 'never'),
  'export-stopped': means('withheld', 409, 'later'),
  'run-not-found': means('usage', 404, 'never'),
  'run-unfinished': means('usage', 409, 'later'),
  'transition-refused': means('unexpected', 409, 'never'),
  busy: means('busy', 409, 'later'),
  'epoch-stale': means('interrupted', 409, 'later'),
  interrupted: means('interrupted', 503, 'again'),
  'evidence-kept': means('usage', 409, 'never'),
} as const satisfies Record<string, Meaning>;

export type FailureCode = keyof typeof meanings;
export const failureCodes = Object.keys(meanings) as readonly FailureCode[];

export const exitCodeOf = (code: FailureCode): ExitCode => meanings[code].exit;
export const httpStatusOf = (code: FailureCode): number => meanings[code].http;
export const retryOf = (code: FailureCode): Retry => meanings[code].retry;

/** What a person needs to act: where, what stood there (NHS numbers masked), what is allowed, what to do next. */
export interface FailureDetail {
  readonly message: string;
  readonly place?: string;
  readonly found?: string;
  readonly allowed?: string;
  readonly hint?: string;
  readonly cause?: unknown;
}

/** The only error this program throws on purpose. Its text never holds an NHS number. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly detail: FailureDetail;

  constructor(code: FailureCode, detail: FailureDetail) {
    super(detail.message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = 'Failure';
    this.code = code;
    this.detail = detail;
  }
}

/** The failure itself, or `unexpected` around whatever was thrown; a stranger's message may hold anything, so it is not repeated. */
export function asFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  const kind = thrown instanceof Error ? thrown.name : typeof thrown;
  return new Failure('unexpected', {
    message: `Something unforeseen went wrong (${kind}).`,
    hint: 'Nothing more was done. Run the same command again; if it fails again, report this with the lines above it.',
    cause: thrown,
  });
}
