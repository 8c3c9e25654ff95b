import type { Menu } from './enter.ts';

/** The audit log and what can be shown with it. */
export const evidence: Menu = (program, enter) => {
  const audit = program.command('audit').description('the audit log');
  audit
    .command('verify')
    .description(
      'recompute the whole log, and hold ledger and drops against it; exit 5 if anything is not what it was',
    )
    .option('--outbound <dir>', 'look for drops there, not where the settings in force put them')
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/audit.ts')).verify));
  audit
    .command('replay <run>')
    .description(
      'decide a past run again on the intakes it was decided on; exit 5 where something else comes out',
    )
    .requiredOption('--intake <dirs...>', 'folders that hold those intakes, or are one')
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/replay.ts')).replay));
  audit
    .command('heartbeat')
    .description(
      'sign the log, with one entry a day that says we are here, and show it to the anchors; run it daily, whatever else runs',
    )
    .action(enter(async () => (await import('../commands/audit.ts')).heartbeat));
  audit
    .command('anchor')
    .description('show the signed log to every anchor now; exit 4 if one is unreachable, 5 if one refuses')
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/anchor.ts')).anchor));
  audit
    .command('export-log <dir>')
    .description(
      'write the log into a new folder, or add what is new to an earlier one; anybody can check it',
    )
    .action(enter(async () => (await import('../commands/audit.ts')).exportTo));
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
    .option('--verifier-key <key...>', 'every verifier key the log has had (default: our own)')
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/pack.ts')).check));

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

  const kept = program.command('evidence').description('erase person-level evidence, or keep it');
  kept
    .command('erase-year <year>')
    .description('destroy the key of a year whose time is over; needs a second person')
    .requiredOption('--reason <words>', 'why; it is an entry of the log')
    .option('--text', 'print only the text that the second person signs', false)
    .option('--signature <file>', 'detached Ed25519 signature over that text, base64')
    .action(enter(async () => (await import('../commands/erase.ts')).year));
  kept
    .command('erase-person')
    .description('take one person out of every list; the NHS number comes from a prompt or standard input')
    .requiredOption('--reason <words>', 'why; it is an entry of the log')
    .option('--text', 'print only the text that the second person signs', false)
    .option('--signature <file>', 'detached Ed25519 signature over that text, base64')
    .action(enter(async () => (await import('../commands/erase.ts')).person));
  kept
    .command('legal-hold <set|lift>')
    .description('erase nothing until it is lifted; lifting needs a second person')
    .requiredOption('--reason <words>', 'why; it is an entry of the log')
    .option('--text', 'print only the text that the second person signs', false)
    .option('--signature <file>', 'detached Ed25519 signature over that text, base64')
    .action(enter(async () => (await import('../commands/erase.ts')).legalHold));
};
