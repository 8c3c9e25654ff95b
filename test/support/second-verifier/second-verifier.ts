/** The second verifier as a process that answers many questions. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

import type { Files, Held } from '../../../scripts/verify-audit.mjs';

export interface Question {
  readonly files: Files;
  readonly key: string | null;
  readonly held: readonly Held[];
  /** Verifier keys of witnesses. */
  readonly witnesses: readonly string[];
}

export interface Verdict {
  readonly sound: boolean;
  readonly position: number | null;
  readonly anchored: number;
}

/** The verdicts on these logs, in order. */
export async function askSecond(questions: readonly Question[]): Promise<Verdict[]> {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'answer.mjs')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  for (const { files, key, held, witnesses } of questions) {
    const named = Object.fromEntries([...files].map(([name, bytes]) => [name, base64(bytes)]));
    child.stdin.write(
      `${JSON.stringify({ files: named, key, held: held.map(({ note }) => base64(note)), witnesses })}\n`,
    );
  }
  child.stdin.end();
  const verdicts: Verdict[] = [];
  for await (const line of createInterface({ input: child.stdout }))
    verdicts.push(JSON.parse(line) as Verdict);
  return verdicts;
}
