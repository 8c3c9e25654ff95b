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
    .command('anchor')
    .description('show the signed log to every anchor now; exit 4 if one is unreachable, 5 if one refuses')
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/anchor.ts')).anchor));
};
