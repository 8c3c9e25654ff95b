import type { Menu } from './enter.ts';

/** The audit log and what can be shown with it. */
export const evidence: Menu = (program, enter) => {
  const audit = program.command('audit').description('the audit log');
  audit
    .command('verify')
    .description('recompute the whole log; exit 5 if a byte is not what it was')
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/audit.ts')).verify));
  audit
    .command('heartbeat')
    .description('sign the log, with one entry a day that says we are here; run it daily, whatever else runs')
    .action(enter(async () => (await import('../commands/audit.ts')).heartbeat));
  audit
    .command('export-log <dir>')
    .description(
      'write the log into a new folder, or add what is new to an earlier one; anybody can check it',
    )
    .action(enter(async () => (await import('../commands/audit.ts')).exportTo));

  const prove = audit.command('prove').description('proofs that public tools can check');
  const whole = 'the whole log need not be shown';
  prove
    .command('entry <position>')
    .description(`that an entry stands under the newest checkpoint; ${whole} (C2SP tlog-proof)`)
    .option('--out <file>', 'write it there')
    .action(enter(async () => (await import('../commands/audit.ts')).entryProof));
  prove
    .command('run <run>')
    .description('the same for every entry of a run, such as 2026-11-22/r1')
    .option('--out <dir>', 'write a file for each entry there')
    .action(enter(async () => (await import('../commands/audit.ts')).runProof));
  prove
    .command('consistency <old> <new>')
    .description('that the checkpoint of one size extends that of another')
    .option('--out <file>', 'write it there')
    .action(enter(async () => (await import('../commands/audit.ts')).consistencyProof));
};
