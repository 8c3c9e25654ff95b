import type { Menu } from './enter.ts';

/** What a run is held for, and deciding on it; stopping everything. */
export const holds: Menu = (program, enter) => {
  const hold = program.command('hold').description('look at what a run is held for, and decide');
  hold
    .command('list')
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/hold.ts')).list));
  hold
    .command('show <id>')
    .option('--text', 'print only the text that an approver signs', false)
    .action(enter(async () => (await import('../commands/hold.ts')).show));
  hold
    .command('approve <id>')
    .requiredOption('--signature <file>', 'detached Ed25519 signature over `hold show --text`, base64')
    .requiredOption('--reason <words>', 'why it may leave')
    .action(enter(async () => (await import('../commands/hold.ts')).approve));
  hold
    .command('reject <id>')
    .requiredOption('--reason <words>', 'why nothing may leave')
    .action(enter(async () => (await import('../commands/hold.ts')).reject));

  const provider = '--provider <id>';
  const stop = program
    .command('stop')
    .description('stop asking and releasing at once, everything or one provider; lifting needs two people')
    .option(provider, 'provider_id as the intake spells it (default: everything)')
    .option('--reason <words>', 'why; it is an entry of the log')
    .action(enter(async () => (await import('../commands/stop.ts')).stop));
  stop
    .command('lift')
    .description('lift a stop; somebody else signs')
    .option(provider, 'provider_id (default: the stop of everything)')
    .requiredOption('--reason <words>', 'why; it is an entry of the log')
    .option('--text', 'print only the text that the second person signs', false)
    .option('--signature <file>', 'detached Ed25519 signature over that text, base64')
    .action(enter(async () => (await import('../commands/stop.ts')).lift));
  stop
    .command('list')
    .description('show what is stopped')
    .option('--all', 'also what was lifted', false)
    .option('--json', 'as JSON', false)
    .action(enter(async () => (await import('../commands/stop.ts')).list));
};
