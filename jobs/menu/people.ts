import type { Menu } from './enter.ts';

/** What people have told us. */
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
};
