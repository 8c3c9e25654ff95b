import type { Menu } from './enter.ts';

/** What a run is held for, and deciding on it. */
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
};
