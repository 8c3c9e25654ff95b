#!/usr/bin/env -S node --heap-growing-percent=15 --semi-space-growth-factor=1
import { Command, CommanderError } from 'commander';
import { asFailure, exitCodeOf, exitCodes } from '../src/domain/failure.ts';
import type { ExitCode } from '../src/domain/failure.ts';
import type { Enter } from './menu/enter.ts';
import { evidence } from './menu/evidence.ts';
import { holds } from './menu/holds.ts';
import { installation } from './menu/installation.ts';
import { nights } from './menu/nights.ts';
import { people } from './menu/people.ts';
import { describeFailure } from './words/failures.ts';

/** The command line: parses, hands over, and turns what comes back into an exit code. Results on stdout, words on stderr. */

const program = new Command('export-gate')
  .description(
    'Sends the NHS numbers of those who take part, were informed and have not opted out; nobody else.',
  )
  .showHelpAfterError()
  // Each option belongs to the word before it: `stop --reason` is not `stop lift --reason`.
  .enablePositionalOptions()
  .exitOverride();

let exitCode: ExitCode = exitCodes.done;

const enter: Enter =
  (load) =>
  async (...args) => {
    exitCode = await (await load())(...args);
  };

for (const menu of [nights, holds, people, evidence, installation]) menu(program, enter);

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
