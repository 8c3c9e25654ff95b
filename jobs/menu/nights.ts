import type { Menu } from './enter.ts';

/** The night itself: run it, and see what the last ones came to. */
export const nights: Menu = (program, enter) => {
  program
    .command('run')
    .description('run tonight’s export, or go on with it; a run that has ended is left as it is')
    .option('--date <YYYY-MM-DD>', 'business date (default: today in London)')
    .option('--rehearse', 'do everything except the release', false)
    .option(
      '--wait-for-intake',
      'try every five minutes until 18:00 London while the intake is absent or refused',
      false,
    )
    .option('--end-withheld', 'end an unfinished run with nothing leaving', false)
    .option('--reason <words>', 'why it is ended')
    .option('--json', 'print the result as JSON', false)
    .action(enter(async () => (await import('../commands/run.ts')).run));
  program
    .command('rerun')
    .description(
      'run a date once more with the choices in force now: shows what would change, then makes a new revision beside the old one',
    )
    .option('--date <YYYY-MM-DD>', 'business date (default: today in London)')
    .requiredOption('--reason <words>', 'why; it is an entry of the log')
    .option('--preview', 'only show what would change; nobody is asked about', false)
    .option('--yes', 'go on without asking', false)
    .option('--json', 'print the result as JSON', false)
    .action(enter(async () => (await import('../commands/rerun.ts')).rerun));
  program
    .command('drop')
    .description('what became of a drop')
    .command('collected')
    .description('say that the recipient has it; a file `collected` beside its manifest says the same')
    .option('--date <YYYY-MM-DD>', 'business date (default: today in London)')
    .option('--revision <n>', 'which revision (default: the newest that was published)')
    .action(enter(async () => (await import('../commands/drop.ts')).collected));
  program
    .command('status')
    .description(
      'what the last nights came to; exit 3 if last night is held, withheld or missing, a drop is not collected in time, or the export is stopped',
    )
    .option('--json', 'print the result as JSON', false)
    .option('--metrics', 'print numbers for Prometheus instead; always exit 0', false)
    .action(enter(async () => (await import('../commands/status.ts')).status));
};
