import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';

/** What a witness is told. */
export interface WitnessFlags {
  /** The name of its key, as its cosignatures bear it. */
  readonly name: string;
  /** Where its key and its memory lie. */
  readonly folder: string;
  /** Verifier keys of the logs it knows; a log that changes its key is given with both. */
  readonly logs: readonly string[];
  readonly host: string;
  readonly port: number;
  /** PEM texts. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
}

/** Reads the arguments. What is wrong with them is said on stderr, then thrown as `CommanderError`. */
export function readWitnessFlags(argv: readonly string[]): WitnessFlags {
  const program = new Command('export-gate-witness')
    .description(
      'Cosigns checkpoints of the logs it knows, each only if it extends those before (C2SP tlog-witness).',
    )
    .requiredOption('--name <name>', 'name of its key, such as witness.example/w1')
    .requiredOption('--folder <dir>', 'where its key and its memory lie; lose it, and it has seen nothing')
    .requiredOption(
      '--log <verifier key>',
      'of a log it is to know (export-gate keys show); may be repeated, also for a log that changes its key',
      (text: string, before: readonly string[] | undefined) => [...(before ?? []), text],
    )
    .option('--host <address>', 'where it listens', '127.0.0.1')
    .option('--port <number>', 'likewise; 0: any that is free', portOf, 8702)
    .option('--tls-cert <file>', 'certificate chain, PEM', pem)
    .option('--tls-key <file>', 'its private key, PEM', pem)
    .exitOverride()
    .parse(argv, { from: 'user' });
  const { log, tlsCert: cert, tlsKey: key, ...flags } = program.opts<Flags>();
  if ((cert === undefined) !== (key === undefined))
    program.error('error: --tls-cert and --tls-key go together');
  return { ...flags, logs: log, tls: cert === undefined || key === undefined ? null : { cert, key } };
}

interface Flags {
  readonly name: string;
  readonly folder: string;
  readonly log: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port < 65_536) return port;
  throw new InvalidArgumentError('A port is a number from 0 to 65535.');
}

function pem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new InvalidArgumentError('The file cannot be read.');
  }
}
