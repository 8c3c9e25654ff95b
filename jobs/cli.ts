#!/usr/bin/env -S node --heap-growing-percent=15 --semi-space-growth-factor=1
import { Command, CommanderError } from 'commander';
import { asFailure, exitCodeOf, exitCodes } from '../src/domain/failure.ts';
import type { ExitCode } from '../src/domain/failure.ts';
import { describeFailure } from './words/failures.ts';

/** The command line: parses, hands over, and turns what comes back into an exit code. Results on stdout, words on stderr. */

const program = new Command('export-gate')
  .description(
    'Sends the NHS numbers of those who take part, were informed and have not opted out; nobody else.',
  )
  .showHelpAfterError()
  .exitOverride();

let exitCode: ExitCode = exitCodes.done;

/** Loads the command's room only when it is asked for, so that help costs nothing. */
const enter =
  <Args extends unknown[]>(load: () => Promise<(...args: Args) => Promise<ExitCode>>) =>
  async (...args: Args): Promise<void> => {
    exitCode = await (await load())(...args);
  };

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
  .option('--json', 'print the result as JSON', false)
  .action(enter(async () => (await import('./commands/run.ts')).run));
program
  .command('status')
  .description('what the last nights came to; exit 3 if last night is held, withheld or missing')
  .option('--json', 'print the result as JSON', false)
  .action(enter(async () => (await import('./commands/status.ts')).status));

const hold = program.command('hold').description('look at what a run is held for, and decide');
hold
  .command('list')
  .option('--json', 'as JSON', false)
  .action(enter(async () => (await import('./commands/hold.ts')).list));
hold
  .command('show <id>')
  .option('--text', 'print only the text that an approver signs', false)
  .action(enter(async () => (await import('./commands/hold.ts')).show));
hold
  .command('approve <id>')
  .requiredOption('--signature <file>', 'detached Ed25519 signature over `hold show --text`, base64')
  .requiredOption('--reason <words>', 'why it may leave')
  .action(enter(async () => (await import('./commands/hold.ts')).approve));
hold
  .command('reject <id>')
  .requiredOption('--reason <words>', 'why nothing may leave')
  .action(enter(async () => (await import('./commands/hold.ts')).reject));

const keys = program.command('keys').description('the keys of this installation');
keys
  .command('init')
  .description('make those that do not exist yet')
  .action(enter(async () => (await import('./commands/keys.ts')).init));
keys
  .command('show')
  .description('names and public halves, no secrets')
  .action(enter(async () => (await import('./commands/keys.ts')).show));

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
  .action(enter(async () => (await import('./commands/choice.ts')).record));
choice
  .command('show')
  .requiredOption('--service-user <id>', 'id on the care record')
  .action(enter(async () => (await import('./commands/choice.ts')).show));

program
  .command('intake')
  .description('look at an intake folder')
  .command('check <dir>')
  .description('report every fault of a folder at once; exit 6 if a run would refuse it')
  .option('--json', 'as JSON', false)
  .action(enter(async () => (await import('./commands/intake.ts')).check));
program
  .command('audit')
  .description('the audit log')
  .command('verify')
  .description('recompute the whole log; exit 5 if a byte is not what it was')
  .option('--json', 'as JSON', false)
  .action(enter(async () => (await import('./commands/audit.ts')).verify));
program
  .command('config')
  .description('the configuration')
  .command('check')
  .description('check that everything a run needs is set, and show what is in force without secrets')
  .action(enter(async () => (await import('./commands/config.ts')).check));

process.umask(0o077);
try {
  await program.parseAsync();
  process.exitCode = exitCode;
} catch (thrown) {
  if (thrown instanceof CommanderError)
    process.exitCode = thrown.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  else {
    const failure = asFailure(thrown);
    process.stderr.write(describeFailure(failure));
    process.exitCode = exitCodeOf(failure.code);
  }
}
