import { Failure } from '../../src/domain/failure.ts';
import { readNumberCell } from '../../src/domain/nhs-number.ts';
import type { NhsNumber } from '../../src/domain/nhs-number.ts';

const question = 'NHS number (it is not shown): ';
/** Longer than any number, however it is spaced; nothing is read without an end. */
const longest = 64;

/**
 * Reads one NHS number: from a prompt that shows nothing where a person sits at a terminal, else from standard input. Ten digits, or 3-3-4
 * with single spaces; any valid number, whatever the ranges in force, for somebody may ask about one that should never have been sent.
 * Throws `usage`; what was typed is not repeated.
 */
export async function askNumber(
  input: NodeJS.ReadStream = process.stdin,
  output: NodeJS.WriteStream = process.stderr,
): Promise<NhsNumber> {
  const typed = input.isTTY ? await promptHidden(input, output) : await readAll(input);
  const read = readNumberCell(typed.trim());
  if (read.kind === 'valid') return read.number;
  throw new Failure('usage', {
    message: read.kind === 'missing' ? 'No NHS number was given.' : 'This is not a valid NHS number.',
    place: 'standard input',
    allowed: 'ten digits, or 3-3-4 with single spaces, with a right check digit',
    hint: 'Nothing was looked up or changed. Give it again; never as an argument, where others can read it.',
  });
}

async function readAll(input: NodeJS.ReadStream): Promise<string> {
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > longest) break;
  }
  return text;
}

const enterKeys = ['\r', '\n', '\u0004'];
const eraseKeys = ['\u007f', '\b'];
const interruptKey = '\u0003';

/** Raw mode keeps the terminal from writing what is typed; it is put back whatever happens. */
async function promptHidden(input: NodeJS.ReadStream, output: NodeJS.WriteStream): Promise<string> {
  output.write(question);
  input.setRawMode(true);
  let typed = '';
  try {
    for await (const chunk of input) {
      for (const key of String(chunk)) {
        if (enterKeys.includes(key)) return typed;
        if (key === interruptKey) throw interrupted();
        typed = eraseKeys.includes(key) ? typed.slice(0, -1) : typed + key;
      }
      if (typed.length > longest) break;
    }
    return typed;
  } finally {
    input.setRawMode(false);
    output.write('\n');
  }
}

const interrupted = (): Failure =>
  new Failure('interrupted', {
    message: 'Nothing was asked.',
    hint: 'Run the command again when you are ready.',
  });
