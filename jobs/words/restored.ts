import type { Restored } from '../../src/wiring-backups.ts';

/** What a restore came to: what is lost, what it means for people, what to do next. */
export function describeRestored(restored: Restored): string {
  const { terms, approvedBy, drops, intakes, unreadable, setAside } = restored;
  const lost = terms.lost.map(({ size }) => `a tree of ${size} entries`).join(', ');
  const lines = [
    `The ledger stands as its log had ${terms.size} entries; the next entry says so, and is signed.`,
    lost === ''
      ? 'Nothing larger is known to have been signed.'
      : `Lost for good: ${lost}. Whoever holds its checkpoint will report that this log does not agree with it. They are right: show them the entry.`,
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
    '',
    'What to do: record again every choice that was recorded with `choice record` since the backup, before the next run.',
    ...(approvedBy.length === 0
      ? []
      : ['The next run is held until a second person has seen that this was done.']),
  ];
  return `${lines.join('\n')}\n`;
}
