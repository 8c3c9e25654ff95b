import type { BackupKnown, RestoreKnown } from '../../src/pipeline/backups.ts';
import type { Restored } from '../../src/wiring-restore.ts';

/** What a restore came to: what is lost, what it means for people, what to do next. */
export function describeRestored(restored: Restored): string {
  const { terms, approvedBy, drops, intakes, unreadable, setAside } = restored;
  const lost = terms.lost.map(({ size }) => `a tree of ${size} entries`).join(', ');
  const lines = [
    `The ledger stands as its log had ${terms.size} entries; the next entry says so, and is signed.`,
    lost === ''
      ? 'Nothing larger is known to have been signed.'
      : `Lost for good: ${lost}. Whoever holds its checkpoint, an anchor or a witness too, will report that this log does not agree with it. They are right: show them the entry, keep what they hold, and give the log a new anchor.`,
    approvedBy.length === 0
      ? 'Nobody approved it: allowed only under the test policy without APPROVERS_FILE, and the entry says so.'
      : `Approved by ${approvedBy.join(', ')}.`,
    drops.length === 0
      ? 'Every drop on the disk is known to it.'
      : `Sent already, though this ledger does not know it: ${drops.join(', ')}. These dates are closed.`,
    `Opt-outs carried again from ${intakes.length === 0 ? 'no intake: none is left on the disk' : `the intakes of ${intakes.join(', ')}`}.`,
    ...(unreadable.length === 0 ? [] : [`Could not be read again: the intake of ${unreadable.join(', ')}.`]),
    ...(setAside === null ? [] : [`What stood there lies in ${setAside}.`]),
    ...(terms.standing === 'unreadable'
      ? ['It could not be read, so papers that must die may lie in it: destroy it once it is understood.']
      : []),
    ...knownSince(restored),
    ...(approvedBy.length === 0
      ? []
      : ['The next run is held until a second person has seen that this was done.']),
  ];
  return `${lines.join('\n')}\n`;
}

const knownSince = ({ choices, erasedAgain, leftToErase, terms }: Restored): string[] =>
  choices === null
    ? [
        `Erased again: ${erasedAgain} years. Known of and not yet done again: ${leftToErase} erasures of people. From entry ${String(terms.erasuresUnknownFrom)} on nobody can tell.`,
        '',
        'What to do before the next run: record again every choice that was recorded with `choice record` since the backup, and erase again whom or what was erased with `evidence` since.',
      ]
    : [
        `From the ledger that stood there: its opt-outs, ${choices} recorded choices, and ${erasedAgain} erasures done again.`,
        ...(leftToErase === 0
          ? []
          : [
              `${leftToErase} erasures of people must be done again with \`evidence erase-person\`: that ledger does not continue the backup.`,
            ]),
      ];

/** Two lines of `status`: the last backup, and what the last restore lost. */
export function describeCustody(backup: BackupKnown | null, restored: RestoreKnown | null): string[] {
  return [
    backup === null ? '  no backup was made yet' : `  last backup: ${backup.at}, ${backup.size} entries`,
    ...(restored === null ? [] : [restoredWords(restored)]),
  ];
}

function restoredWords({ at, size, lost, drops }: RestoreKnown): string {
  const sent = drops.length === 0 ? '' : ` Sent before it, unknown to this ledger: ${drops.join(', ')}.`;
  const trees = lost.map((tree) => tree.size).join(', ');
  const gone =
    trees === '' ? '' : ` Lost: trees of ${trees} entries, whose checkpoints will never agree with this log.`;
  return `  restored ${at} to ${size} entries.${gone}${sent}`;
}
