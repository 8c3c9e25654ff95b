import type { Menu } from './enter.ts';

/** Keys, ledger, configuration, and a look at an intake before a night believes it. */
export const installation: Menu = (program, enter) => {
  const keys = program.command('keys').description('the keys of this installation');
  keys
    .command('init')
    .description('make those that do not exist yet')
    .action(enter(async () => (await import('../commands/keys.ts')).init));
  keys
    .command('show')
    .description('names and public halves, no secrets')
    .action(enter(async () => (await import('../commands/keys.ts')).show));
  keys
    .command('rotate')
    .description(
      'change the key that signs the log: announced under the old one, signed by both, the old one destroyed',
    )
    .action(enter(async () => (await import('../commands/keys.ts')).rotate));

  const intake = program.command('intake').description('look at an intake folder');
  intake
    .command('check <dir>')
    .description('report every fault of a folder at once; exit 6 if a run would refuse it')
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/intake.ts')).check));

  const ledger = program.command('ledger').description('the ledger in PostgreSQL');
  ledger
    .command('prepare')
    .description(
      'make or bring up its tables as DATABASE_OWNER_URL, and give the role of DATABASE_URL its rights',
    )
    .action(enter(async () => (await import('../commands/ledger.ts')).prepare));

  program
    .command('backup <dir>')
    .description(
      'copy the ledger into a new folder, sealed and read back; no keys, and nothing that must die',
    )
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/backup.ts')).backup));
  program
    .command('restore <dir>')
    .description('put a backup in the place of the ledger; needs a second person, and says what is lost')
    .requiredOption('--reason <words>', 'why; it stands in the log, and every provider may be shown it')
    .option('--signature <file>', 'detached Ed25519 signature of an approver over `restore --text`, base64')
    .option('--newest-checkpoint <file>', 'the newest checkpoint that somebody else holds')
    .option('--text', 'change nothing; print the text that the approver signs', false)
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/backup.ts')).restore));

  const config = program.command('config').description('the configuration');
  config
    .command('check')
    .description('check that everything a run needs is set, and show what is in force without secrets')
    .action(enter(async () => (await import('../commands/config.ts')).check));
  config
    .command('changes')
    .description('show guarded settings that differ from those in force')
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/config.ts')).changes));
  config
    .command('approve')
    .description('bring changed guarded settings into force; somebody else signs')
    .option('--text', 'print only the text that an approver signs', false)
    .option('--signature <file>', 'detached Ed25519 signature over that text, base64')
    .option('--reason <words>', 'why they are changed')
    .action(enter(async () => (await import('../commands/config.ts')).approve));
};
