import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { faultNotes, parseFault } from './faults.ts';
import type { ScriptedFault } from './faults.ts';
import { numbersOf, optedOutByShare } from './opted-out.ts';
import type { SimulatorOptions } from './simulator.ts';

/** What the entry point is told: how to make the simulator, what to script, and how to serve it. */
export interface SimulatorFlags {
  readonly port: number;
  readonly mailbox: string;
  readonly simulator: SimulatorOptions;
  readonly faults: readonly ScriptedFault[];
  readonly control: boolean;
  /** PEM texts. With `ca`, clients must show a certificate of that authority. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string | undefined } | null;
}

interface Flags {
  readonly port: number;
  readonly mailbox: string;
  readonly password?: string;
  readonly passwordFile?: string;
  readonly sharedKey?: string;
  readonly sharedKeyFile?: string;
  readonly optOuts?: ReadonlySet<string>;
  readonly optOutShare: number;
  readonly seed: string;
  readonly refuse?: ReadonlySet<string>;
  readonly fault: readonly ScriptedFault[];
  readonly receiptDelayMs: number;
  readonly answerDelayMs: number;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsCa?: string;
  readonly control: boolean;
}

/** Reads the arguments and the files they name. What is wrong with them is said through `say`, then thrown as `CommanderError`. */
export function readSimulatorFlags(argv: readonly string[], say: (text: string) => void): SimulatorFlags {
  const program = command().configureOutput({ writeOut: say, writeErr: say }).parse(argv, { from: 'user' });
  const flags = program.opts<Flags>();
  const password =
    flags.passwordFile ?? flags.password ?? program.error('error: --password or --password-file is missing');
  const sharedKey =
    flags.sharedKeyFile ??
    flags.sharedKey ??
    program.error('error: --shared-key or --shared-key-file is missing');
  if ((flags.tlsCert === undefined) !== (flags.tlsKey === undefined))
    program.error('error: --tls-cert and --tls-key go together');
  const { tlsCert: cert, tlsKey: key, tlsCa: ca, optOuts } = flags;
  const isOptedOut =
    optOuts === undefined
      ? optedOutByShare(flags.optOutShare, flags.seed)
      : (number: string) => optOuts.has(number);
  const { receiptDelayMs, answerDelayMs } = flags;
  const mailboxes = [{ id: flags.mailbox, password, name: 'The client' }];
  const isRefused = (number: string): boolean => flags.refuse?.has(number) ?? false;
  return {
    port: flags.port,
    mailbox: flags.mailbox,
    simulator: { sharedKey, mailboxes, isOptedOut, isRefused, receiptDelayMs, answerDelayMs },
    faults: flags.fault,
    control: flags.control,
    tls: cert === undefined || key === undefined ? null : { cert, key, ca },
  };
}

const command = (): Command =>
  new Command('simulator')
    .description('MESH and the Check for National Data Opt-outs, simulated, on 127.0.0.1.')
    .option('--port <number>', '0: any free port', port, 0)
    .option('--mailbox <id>', 'the client mailbox', 'X26ABC1')
    .option('--password <text>', 'its password')
    .option('--password-file <file>', 'file with the password', secretIn)
    .option('--shared-key <text>', 'the shared key')
    .option('--shared-key-file <file>', 'file with the shared key', secretIn)
    .option('--opt-outs <file>', 'opted-out numbers, one a line', numbersIn)
    .option('--opt-out-share <share>', 'share of numbers opted out when there is no file', share, 0.045)
    .option('--seed <text>', 'which numbers the share picks', 'export-gate')
    .option('--refuse <file>', 'numbers the check calls invalid, one a line', numbersIn)
    .option(
      '--fault <fault>',
      'NAME, NAME:TIMES or NAME:TIMES:DELAY-MS, TIMES * for ever; may be repeated',
      fault,
      [],
    )
    .option('--receipt-delay-ms <number>', 'from request to receipt', wholeNumber, 300)
    .option('--answer-delay-ms <number>', 'from request to answer', wholeNumber, 1500)
    .option('--tls-cert <file>', 'server certificate: serve HTTPS', textOf)
    .option('--tls-key <file>', 'its private key', textOf)
    .option('--tls-ca <file>', 'authority of client certificates: demand one', textOf)
    .option('--control', 'open the levers under /simulator/', false)
    .exitOverride();

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    throw new InvalidArgumentError('Allowed: a file that can be read.');
  }
}

const secretIn = (path: string): string => textOf(path).trim();
const numbersIn = (path: string): ReadonlySet<string> => numbersOf(textOf(path));

function wholeNumber(text: string): number {
  if (!/^[0-9]{1,12}$/.test(text)) throw new InvalidArgumentError('Allowed: a whole number.');
  return Number(text);
}

function port(text: string): number {
  const number = wholeNumber(text);
  if (number > 65_535) throw new InvalidArgumentError('Allowed: 0 to 65535.');
  return number;
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('Allowed: 0 to 1.');
  return value;
}

function fault(text: string, before: readonly ScriptedFault[]): readonly ScriptedFault[] {
  const parsed = parseFault(text);
  if (parsed === null) throw new InvalidArgumentError(`Allowed: ${Object.keys(faultNotes).join(', ')}.`);
  return [...before, parsed];
}
