/** Bugs of the gate to plant, one at a time: the simulation must find each. As replacements, which outlive moved lines, not as diffs. */

export interface PlantedBug {
  readonly name: string;
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

const bug = (name: string, file: string, find: string, replace: string): PlantedBug => ({
  name,
  file: `src/${file}`,
  find,
  replace,
});

export const withoutSelfTest: readonly PlantedBug[] = [
  bug('no trial', 'pipeline/intake-decision.ts', '  demandRulesHold(terms);\n', ''),
  bug('no canaries', 'pipeline/intake-decision.ts', '  canaries.demandHeldBack(decision);\n', ''),
  bug(
    'no canaries refused',
    'domain/canary.ts',
    'if (canaries.some((canary) => holds(numbers, canary)))',
    'if (canaries.length < 0)',
  ),
];

export const plantedBugs: readonly PlantedBug[] = [
  bug(
    'the opt-out column is not looked at',
    'domain/eligibility.ts',
    "row.choiceColumn === 'opted_out' || isCarried",
    'isCarried',
  ),
  bug(
    'carried opt-outs are forgotten',
    'domain/eligibility.ts',
    "row.choiceColumn === 'opted_out' || isCarried",
    "row.choiceColumn === 'opted_out'",
  ),
  bug(
    'restricted counts for nothing',
    'domain/eligibility.ts',
    "row.restricted === 'yes' ? 'restricted'",
    "row.restricted === 'no' ? null",
  ),
  bug(
    'an unknown value is as good as none',
    'domain/eligibility.ts',
    "listed.includes('unknown') ? 'value-unknown' : null",
    'null',
  ),
  bug(
    'told today is told before',
    'domain/eligibility.ts',
    'row.informedOn < businessDate',
    'row.informedOn <= businessDate',
  ),
  bug(
    'any notice will do',
    'domain/eligibility.ts',
    'row.noticeVersion === provider.noticeVersion',
    "provider.noticeVersion !== ''",
  ),
  bug(
    'an agreement never ends',
    'domain/provider.ts',
    'provider.agreementExpiresOn !== null && provider.agreementExpiresOn >= date',
    "provider.agreementExpiresOn !== '' && date !== ''",
  ),
  bug(
    'a period has no end',
    'domain/service-user.ts',
    'from !== null && from <= date && to !== null && to >= date',
    'from !== null && from <= date',
  ),
  bug(
    'the date of release is not looked at',
    'domain/eligibility.ts',
    'const dates = [terms.businessDate, terms.releaseDate];\n  if (provider',
    'const dates = [terms.businessDate];\n  if (provider',
  ),
  bug(
    'an objection stays on its row',
    'domain/eligibility.ts',
    "(objectedElsewhere ? 'objection-elsewhere'",
    "(objectedElsewhere && isStopped ? 'objection-elsewhere'",
  ),
  bug('a shared number is anybody’s', 'domain/roster.ts', "? 'number-shared' : null", '? null : null'),
  bug('two numbers are as good as one', 'domain/roster.ts', "? 'number-conflict' : null", '? null : null'),
  bug('an id is spelt one way', 'domain/service-user.ts', 'id.toLowerCase().toUpperCase()', 'id'),
  bug(
    'a tie goes to opting in',
    'domain/in-service-choice.ts',
    'latestOptOut >= latestOptIn',
    'latestOptOut > latestOptIn',
  ),
  bug(
    'anybody may opt somebody in',
    'domain/in-service-choice.ts',
    "const entitled = row.decidedBy === 'self' || row.decidedBy === 'attorney' || row.decidedBy === 'deputy';",
    "const entitled = row.decidedBy !== 'unknown';",
  ),
  bug(
    'an opt-out without a time is none',
    'domain/in-service-choice.ts',
    'later(standing.latestOptOut, row.requestedAt ?? readAt)',
    'later(standing.latestOptOut, row.requestedAt)',
  ),
  bug(
    'a late objection is too late',
    'domain/eligibility.ts',
    "if (!facts.stillAllowed) return 'objected-late';",
    '',
  ),
  bug(
    'the newest intake is not read again',
    'pipeline/intake-decision.ts',
    'const [newest, ...others] = found.toSorted((a, b) => b.producedAt - a.producedAt);',
    'const [newest, ...others] = found.toSorted((a, b) => a.producedAt - b.producedAt);',
  ),
  bug(
    'choices recorded here are not heard',
    'pipeline/intake-decision.ts',
    'for await (const choice of recordedChoices(pipeline)) book.add(choice);',
    '',
  ),
  bug(
    'what was decided is not doubted at the link',
    'pipeline/release.ts',
    'if (!(await isStillSo(pipeline, tx, run, release)))',
    'if (release.choicesHeard < 0)',
  ),
  bug(
    'what waits is sent as planned',
    'pipeline/ask.ts',
    'if (!(await plannedOnAllHeard(tx, run))) return false;',
    '',
  ),
  bug(
    'an answer may hold anybody',
    'domain/national-check.ts',
    "if (!list.every((number) => holds(asked, number))) return { kind: 'refused', fault: 'answer-not-asked' };",
    '',
  ),
  bug(
    'an answer may be cut off',
    'domain/national-check.ts',
    "if (body.length % length !== 0) return { kind: 'refused', fault: 'answer-truncated' };",
    '',
  ),
  bug(
    'an answer may repeat itself',
    'domain/national-check.ts',
    "if (list.length !== returned.length) return { kind: 'refused', fault: 'answer-repeats' };",
    '',
  ),
  bug(
    'a blank answer clears everybody',
    'domain/national-check.ts',
    'returned: new Float64Array() };',
    'returned: asked };',
  ),
  bug(
    'an answer may come from anywhere',
    'pipeline/understand.ts',
    'if (headers.from.toUpperCase() !== check.mailboxId.toUpperCase())',
    "if (headers.from === '')",
  ),
  bug(
    'an answer may come before its question',
    'pipeline/understand.ts',
    "if (sentBefore(reading.request, headers.stampedAt)) return odd(reading, 'answer-before-send');",
    '',
  ),
  bug(
    'silence clears',
    'pipeline/answers.ts',
    "if (list === undefined || list.returned === null) return 'unanswered';",
    "if (list === undefined || list.returned === null) return 'returned';",
  ),
  bug(
    'whoever is not in the answer is cleared too',
    'domain/eligibility.ts',
    "      return 'not-cleared';",
    "      return 'released';",
  ),
  bug(
    'opt-outs are carried nowhere',
    'pipeline/intake-decision.ts',
    'await ledger.carry([...seen.toCarry(earlier, accepted)]);',
    '',
  ),
  bug(
    'any opt-in lifts what is carried',
    'domain/in-service-choice.ts',
    'standing.latestOptIn !== null && standing.latestOptIn > since',
    'standing.latestOptIn !== null && since >= -Infinity',
  ),
  bug(
    'acknowledged before it is kept',
    'pipeline/collect.ts',
    '  const bytes = encodeMessage(raw);',
    '  await mailbox.acknowledge(messageId);\n  const bytes = encodeMessage(raw);',
  ),
  bug(
    'a decision found after a crash is linked as it was',
    'pipeline/release.ts',
    '  const unlinked = isRehearsal(run) ? [] : await drop.unlink(run);',
    "  const again = await takePublished(pipeline, run);\n  await ledger.transact(claim, (tx) => markReleased(pipeline, tx, run, again));\n  if (again.folder !== '') return;\n  const unlinked = isRehearsal(run) ? [] : await drop.unlink(run);",
  ),
  bug(
    'a hold holds nobody',
    'pipeline/decide.ts',
    'if (reasons.length > 0 && !approved)',
    'if (reasons.length > 99 && !approved)',
  ),
  bug('a stop is not heard before asking', 'pipeline/ask.ts', '    await demandNotStopped(tx);\n', ''),
];
