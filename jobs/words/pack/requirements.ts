/**
 * What a pack is evidence for, and where in it the evidence lies. Honest where a pack alone shows only a part. R numbers are those of the
 * project's requirements, drawn from the provider's own policies.
 */
export interface Evidenced {
  readonly requirement: string;
  readonly asks: string;
  readonly where: string;
}

export const evidenced: readonly Evidenced[] = [
  {
    requirement: 'R5, R56',
    asks: 'Sent daily; a missed night is known about',
    where: 'Nights table and nights.csv: every date of the period has a row, missing ones are named.',
  },
  {
    requirement: 'R6, R7, R18',
    asks: 'The national check before anything is sent; either opt-out suffices',
    where:
      'Each night’s entry names the rules (rules-1) under which nobody is released without being returned by the national check for that very run. What the check answered about a person is never kept, so no pack can show it.',
  },
  {
    requirement: 'R9, R11, R31',
    asks: 'Informed before any processing',
    where: 'Held back by reason: “not informed before the day”.',
  },
  {
    requirement: 'R10, R12, R13, R15, R46',
    asks: 'An opt-out in the service is honoured, whenever it was made',
    where:
      'Held back by reason: “opted out in the service”, and “objected, or left, after the gate” for choices that came in during the night.',
  },
  {
    requirement: 'R23, R29, R52, R67',
    asks: 'Purpose, lawful basis and agreement recorded',
    where: 'Nights table (terms) and entries.jsonl: purpose, legalBasis, recipientAgreement of each run.',
  },
  {
    requirement: 'R26, R74',
    asks: 'Kept no longer than needed',
    where: 'entries.jsonl: intake-removed and drop-removed, where they fall before the pack’s checkpoint.',
  },
  {
    requirement: 'R25, R45, R79',
    asks: 'Accuracy, restriction, and people wrongly withheld',
    where: 'Held back by reason: each reason that names a fault of data is a fault that can be put right.',
  },
  {
    requirement: 'R48, R82',
    asks: 'Rules are versioned; any run names the version',
    where: 'nights.csv and entries.jsonl: rules and the digest of the configuration of each run.',
  },
  {
    requirement: 'R50, R75',
    asks: 'A disclosure log; signed records',
    where:
      'One signed log; each run has its entry, and the export of this pack is an entry too. manifest.note.',
  },
  {
    requirement: 'R59, R73',
    asks: 'Need to know; only anonymous statistics',
    where: 'The whole pack: totals of this provider only, counts under ten hidden. No person stands in it.',
  },
  {
    requirement: 'R57, R78',
    asks: 'Compliance can be demonstrated to a third party',
    where: 'How to check this pack, below: offline, with the log’s public key alone.',
  },
  {
    requirement: 'DSPT 1.2.4',
    asks: 'The provider complies with the national data opt-out',
    where: 'Nights table: each night that sent, the rules it was decided under, and its proof.',
  },
  {
    requirement: 'DSPT (CAF) E2.c',
    asks: 'National data opt-out policy is applied',
    where: 'As for 1.2.4; entries.jsonl with proofs/.',
  },
  {
    requirement: 'DSPT (CAF) C1.b',
    asks: 'Logs are secured against tampering',
    where:
      'log/: checkpoints of the period and proofs that each extends the one before; proofs/: each entry.',
  },
  {
    requirement: 'DCB3058',
    asks: 'Compliance with national data opt-outs (information standard)',
    where: 'As for 1.2.4. Reasons under which rows were held back before the check: held back by reason.',
  },
  {
    requirement: 'Caldicott 1, 6',
    asks: 'Justify the purpose; comply with the law',
    where: 'Purpose, legal basis and agreement of each run.',
  },
  {
    requirement: 'Caldicott 2, 3, 4',
    asks: 'Only when necessary, the minimum, need to know',
    where: 'Held back by reason; and the pack itself, which holds totals only.',
  },
  {
    requirement: 'Caldicott 5',
    asks: 'Everybody is aware of their responsibilities',
    where: 'Not in this pack: who approved what stands in the log, and is shown by the supplier.',
  },
  {
    requirement: 'Caldicott 7',
    asks: 'The duty to share is as important as the duty to protect',
    where: 'Released, and held back by reason: who is missing for a reason that can be mended.',
  },
  {
    requirement: 'Caldicott 8',
    asks: 'Inform people, and respect what they expect',
    where: 'Held back by reason: “not informed before the day”, “opted out in the service”.',
  },
];

/** What a pack cannot show, and what somebody who knows more can still infer from it. */
export const limits: readonly string[] = [
  'What the national check answered, and how many were asked about. Neither is kept by person, and neither is in a pack.',
  'Somebody who knows the roster of the night can subtract: those who were eligible and are not among the released were not returned, not answered, or objected late. Where few people are concerned, that can be told of a person. Keep this pack as you keep the roster.',
  'Counts under ten. They are hidden, and so are others by which they could be worked out. A count that changes by one from night to night still tells that one person came or went.',
  'That nobody of the provider stands on a list. It would show which other providers stand beside; it rests on the supplier’s word.',
  'The split by reason, where only the total is proved: a proof would need a row for every person. It rests on the supplier’s signature over this pack.',
  'People without a valid NHS number: they stand on no list, for a list names people by their number.',
  'An event that was never written down. The supplier’s own check (audit verify) compares the log with what was sent.',
  'That the log was not rewritten by whoever holds its key. Compare the checkpoint with copies others have kept: an anchor, a witness, an earlier pack.',
];
