import type { Command } from 'commander';
import type { ExitCode } from '../../src/domain/failure.ts';

/**
 * Makes an action of a command's room. The room is loaded only when somebody asks for it, so that help costs nothing; what it
 * resolves to is the exit code.
 */
export type Enter = <Args extends unknown[]>(
  load: () => Promise<(...args: Args) => Promise<ExitCode>>,
) => (...args: Args) => Promise<void>;

/** Names the commands of one topic, with their options and a line each; no command does anything here. */
export type Menu = (program: Command, enter: Enter) => void;
