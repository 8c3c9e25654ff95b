import type { AnchorName } from '../../src/domain/anchoring.ts';
import type { AskedOutcome, GateOutcome } from '../../src/domain/eligibility.ts';
import type { HoldReason } from '../../src/domain/hold.ts';
import type { RunState } from '../../src/domain/run.ts';
import type { WithheldReason } from '../../src/pipeline/end.ts';

/** Codes in plain English (R38). Each table is total: a new code without words does not compile. */
export const gateWords: Readonly<Record<GateOutcome, string>> = {
  'opted-out-in-service': 'opted out in the service',
  restricted: 'processing is restricted',
  'value-unknown': 'something about them is not on its list',
  'number-shared': 'two people of one provider bear the number',
  'number-conflict': 'one id bears two numbers',
  'objected-before': 'had objected since the first run of the date',
  'provider-not-participating': 'their provider does not take part',
  'agreement-expired': 'their provider’s agreement has expired',
  'id-missing': 'no service user id',
  'not-a-service-user': 'staff, not a service user',
  'not-resident': 'not resident on the day',
  'location-invalid': 'no valid location id',
  'number-missing': 'no NHS number',
  'number-invalid': 'not a valid NHS number',
  'number-out-of-range': 'NHS number outside the allowed ranges',
  'not-informed': 'not informed before the day',
  'objection-elsewhere': 'an objection stands on another row of theirs',
  'provider-stopped': 'their provider is stopped (export-gate stop list)',
  asked: 'asked about at the national check',
};

export const askedWords: Readonly<Record<AskedOutcome, string>> = {
  released: 'released',
  'not-cleared': 'not returned by the national check',
  'refused-by-check': 'refused by the national check as invalid',
  'not-answered': 'not answered in time',
  'objected-late': 'objected, or left, after the gate',
};

export const holdWords: Readonly<Record<HoldReason, string>> = {
  'opt-out-unmatched':
    'A recent opt-out belongs to nobody on the roster: an id is probably mistyped. Find whom it means.',
  'roster-jump': 'The roster is more than 40 % larger or smaller than usual.',
  'opt-outs-vanished':
    'Many opt-outs of earlier nights are told of no more. Those people are held back all the same, but the list was probably cut: new opt-outs may be missing.',
  'home-opt-outs-vanished':
    'All opt-outs of a home are told of no more. Those people are held back all the same; ask the home what became of them.',
  'drop-jump': 'The drop is more than 40 % larger or smaller than usual.',
  'removals-none': 'The national check removed nobody from a long list: it may not have checked.',
  'removals-outside-band': 'The national check removed an unusual share.',
  'removals-drifting':
    'Over the last nights the national check removed far fewer or far more than CHECK_BASE_RATE says.',
  'answer-empty': 'The national check returned nobody of a list.',
  'answer-malformed': 'An answer of the national check is not in its format.',
  'answer-truncated': 'An answer of the national check is cut.',
  'answer-repeats': 'An answer of the national check holds a number twice.',
  'answer-not-asked': 'An answer of the national check holds a number that was not asked about.',
  'answer-from-elsewhere': 'Something answered our request from another mailbox than the national check’s.',
  'answer-before-send': 'An answer is older than its request.',
  'answers-differ': 'Two answers to one request differ.',
  'message-not-understood': 'A message of the national check is none of the kinds we know.',
  'too-few-answered': 'Less than 90 % of the numbers asked about were answered.',
  'clock-skew': 'Our clock and MESH’s differ by more than two hours.',
  'clock-moved': 'Our clock and MESH’s came to differ by more than two hours while answers were awaited.',
  'ledger-restored':
    'The ledger was restored: choices recorded and people erased here after its backup may be lost until somebody does it again. See that it was done, then approve.',
};

export const withheldWords: Readonly<Record<WithheldReason, string>> = {
  'legal-basis-expired': 'The legal basis has expired (LEGAL_BASIS_EXPIRES_ON). Nobody was asked about.',
  'recipient-agreement-expired':
    'The recipient’s agreement has expired (RECIPIENT_AGREEMENT_EXPIRES_ON). Nobody was sent.',
  'nobody-to-ask': 'Nobody on the roster may be asked about tonight.',
  'nothing-answered': 'The national check answered nothing before the deadline.',
  'nobody-to-release': 'Nobody was left to release.',
  'answers-too-old': 'The answers had grown too old to be used.',
  'hold-rejected': 'A person looked and rejected the release.',
  'hold-expired': 'Nobody decided on the hold before the answers grew too old.',
  'ended-by-operator': 'A person ended the run (export-gate run --end-withheld).',
  rehearsed: 'This was a rehearsal: everything was done but the release.',
};

export const stateWords: Readonly<Record<RunState, string>> = {
  opened: 'intake verified',
  gated: 'in-service gate passed',
  asked: 'national check asked',
  answered: 'national check answered',
  decided: 'release decided and signed',
  released: 'drop published',
  sealed: 'released and sealed',
  held: 'held: a person must look',
  withheld: 'withheld: nothing left',
  failed: 'failed: nothing left',
};

export const anchorWords: Readonly<Record<AnchorName, string>> = {
  timestamp: 'the time-stamp authority',
  witness: 'the witness',
  folder: 'the second folder',
};
