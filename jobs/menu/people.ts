import { Option } from 'commander';
import type { Menu } from './enter.ts';

/** What people have told us, and what we answer them. */
export const people: Menu = (program, enter) => {
  const choice = program
    .command('choice')
    .description('choices told to us rather than found on the care record');
  choice
    .command('record')
    .description('record a choice; in force from the next decision on')
    .requiredOption('--service-user <id>', 'id on the care record; never an NHS number')
    .requiredOption('--choice <opt_out|opt_in>', 'what was chosen')
    .requiredOption('--channel <verbal|written|digital>', 'how it was said')
    .requiredOption('--decided-by <self|attorney|deputy|relative|staff>', 'who decided')
    .option('--requested-at <RFC 3339>', 'when it was first asked for (default: now)')
    .action(enter(async () => (await import('../commands/choice.ts')).record));
  choice
    .command('show')
    .requiredOption('--service-user <id>', 'id on the care record')
    .action(enter(async () => (await import('../commands/choice.ts')).show));

  program
    .command('person')
    .description('whether a person was ever sent; the NHS number comes from a prompt or standard input')
    .requiredOption('--reason <words>', 'why this is looked up; it is an entry of the log')
    .option('--text', 'print only the text that the data protection lead signs', false)
    .option('--signature <file>', 'detached Ed25519 signature over that text, base64')
    .option('--key <file>', 'private key of the data protection lead (Ed25519, PEM, mode 600): sign here')
    .option('--thorough', 'read and check every list whole instead of asking the index', false)
    .option('--proof <dir>', 'write proofs about the run that --run names')
    .option('--run <run>', 'such as 2026-11-22/r1')
    .addOption(new Option('--json', 'as JSON').default(false).conflicts('csv'))
    .addOption(new Option('--csv', 'as CSV').default(false))
    .action(enter(async () => (await import('../commands/person.ts')).person));
};
