/** `npm run bench:audit [-- --entries 10000]`: how long the stand-alone verifier takes, in a process of its own, reading included. */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { signCheckpoint } from '../src/audit/checkpoint.ts';
import { append, emptyFrontier, leafHash, rootOf } from '../src/audit/merkle-tree.ts';
import { verifierKey } from '../src/audit/signed-note.ts';
import { checkpointName, entriesPerSegment, leavesName, segmentName } from '../src/domain/log-format.ts';
import { newestCheckpointName, verifierKeysName } from '../src/domain/log-format.ts';

const origin = 'example.org/bench';
const { values } = parseArgs({ options: { entries: { type: 'string', default: '10000' } } });
const entries = Number(values.entries);
const folder = mkdtempSync(path.join(tmpdir(), 'export-gate-bench-'));

/** A log of heartbeats and padding as long as a usual entry, with a checkpoint every twelve entries, as a night has. */
function write(): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const key = verifierKey(origin, publicKey);
  const put = (name: string, bytes: string): void => {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), bytes);
  };
  let [frontier, lines, hashes, note] = [emptyFrontier, '', '', ''];
  for (let at = 0; at < entries; at += 1) {
    const told =
      at === 0
        ? { what: 'log-opened', origin, verifierKey: key }
        : { what: 'bench', padding: 'x'.repeat(300) };
    const line = `${JSON.stringify({ at: new Date(Date.UTC(2026, 0, 1) + at * 1_800_000).toISOString(), run: '', by: 'bench', ...told })}\n`;
    const leaf = leafHash(Buffer.from(line));
    frontier = append(frontier, leaf);
    lines += line;
    hashes += `${Buffer.from(leaf).toString('hex')}\n`;
    if ((at + 1) % entriesPerSegment === 0 || at === entries - 1) {
      put(segmentName(at), lines);
      put(leavesName(at), hashes);
      [lines, hashes] = ['', ''];
    }
    if ((at + 1) % 12 !== 0 && at !== entries - 1) continue;
    note = signCheckpoint({ origin, size: at + 1, root: rootOf(frontier) }, { name: origin, privateKey });
    put(checkpointName(at + 1), note);
  }
  put(verifierKeysName, `1 ${key}\n`);
  put(newestCheckpointName, note);
  return key;
}

try {
  const key = write();
  const script = path.join(import.meta.dirname, 'verify-audit.mjs');
  const from = performance.now();
  const { status, stdout } = spawnSync(process.execPath, [script, folder, '--key', key], {
    encoding: 'utf8',
  });
  const took = (performance.now() - from) / 1000;
  process.stdout.write(stdout);
  process.stdout.write(
    `${entries} entries verified in ${took.toFixed(2)} s, starting Node and reading included\n`,
  );
  process.exitCode = status ?? 1;
} finally {
  rmSync(folder, { recursive: true });
}
