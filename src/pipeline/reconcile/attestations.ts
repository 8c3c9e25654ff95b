/** The one entry of a run that every controller may be shown, beside the entries that are not for them: both must say the same. */
import type { AttestedList, ListDigest } from '../../domain/evidence.ts';
import type { Finding } from '../../domain/reconciliation.ts';
import type { LogAccount, RunAccount } from './log-account.ts';
import type { Ledgered } from './ledgered.ts';
import { toldLists } from './lists.ts';
import { atEntry, finding, shown } from './told.ts';
import type { Told } from './told.ts';

export function* attestationFindings(log: LogAccount, { runs }: Ledgered): Generator<Finding> {
  const keys = new Map(runs.map(({ name, run }) => [name, run.keyId]));
  for (const [name, account] of log.runs) {
    const ended = account.released ?? account.end;
    if (account.attested !== null) {
      const keyDied = log.destroyedKeys.get(keys.get(name) ?? '')?.position ?? Infinity;
      yield* differences(name, account, account.attested, toldLists(account, keyDied));
    } else if (ended !== null)
      yield finding('attestation-missing', `run ${name}`, 'no attestation', atEntry(ended));
  }
}

function* differences(
  run: string,
  account: RunAccount,
  attested: Told<'run-attested'>,
  lists: ReadonlyMap<AttestedList['list'], ListDigest>,
): Generator<Finding> {
  const { opened, released } = account;
  const told = [...lists].map(([list, { root, providers }]) => ({ list, root, providers }));
  const columns: readonly (readonly [string, unknown, unknown])[] = [
    ['outcome', attested.outcome, released === null ? 'nothing-sent' : 'sent'],
    ['lists', inOrder(attested.lists), inOrder(released === null ? [] : told)],
    ['rules', attested.rules, opened.rules],
    ['configuration', attested.configuration, opened.configuration],
    ['legal basis', attested.legalBasis, opened.legalBasis],
    ['recipient agreement', attested.recipientAgreement, opened.recipientAgreement],
    ['purpose', attested.purpose, opened.purpose],
  ];
  for (const [column, found, told] of columns) {
    if (shown(found) !== shown(told))
      yield finding(
        'attestation-differs',
        `run ${run}, ${atEntry(attested)}, ${column}`,
        shown(found),
        shown(told),
      );
  }
}

const inOrder = (lists: readonly AttestedList[]): readonly AttestedList[] =>
  lists
    .map(({ list, root, providers }) => ({ list, root, providers }))
    .toSorted((a, b) => (a.list < b.list ? -1 : 1));
