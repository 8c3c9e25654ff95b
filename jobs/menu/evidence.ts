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
    .command('export')
    .description(
      'make the auditor pack of one provider: totals, entries and proofs, signed; it holds no person',
    )
    .requiredOption('--provider <id>', 'provider_id as the intake spells it')
    .requiredOption('--from <YYYY-MM-DD>', 'first business date')
    .requiredOption('--to <YYYY-MM-DD>', 'last business date')
    .requiredOption('--out <dir>', 'a folder that does not exist yet')
    .option('--provider-name <name>', 'its name, for the page')
    .action(enter(async () => (await import('../commands/pack.ts')).exportPack));
  audit
    .command('check-pack <dir>')
    .description('check an auditor pack; exit 5 if anything in it does not hold')
    .option('--verifier-key <key>', 'the log’s verifier key (default: our own)')
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/pack.ts')).check));
};
