/**
 * `npm run audit:independent`: a log of ours and proofs out of it, before the tools of those who invented the formats. Needs the Debian
 * packages golang-go and golang-golang-x-mod-dev.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { proveConsistency, proveEntry } from '../../src/audit/proofs.ts';
import { diceOf } from '../support/chance.ts';
import { sampleLog } from '../support/sample-log.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'export-gate-independent-'));
try {
  const dice = diceOf(6962);
  const log = await sampleLog(dice, 1_050, 3);
  const put = (name: string, bytes: string | Buffer): void => {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, bytes);
  };
  for (const [name, bytes] of log.files) put(`log/${name}`, bytes);
  const newest = log.sizes.at(-1)!;
  for (const at of [0, 1, newest - 1, ...Array.from({ length: 60 }, () => dice.below(newest))])
    put(`proofs/${at}.tlog-proof`, (await proveEntry(log.memory.ledger, at)).text);
  for (let times = 0; times < 60; times += 1) {
    const size = dice.pick(log.sizes);
    const older = 1 + dice.below(size);
    put(`proofs/${older}-${size}.consistency`, await proveConsistency(log.memory.ledger, older, size));
  }
  const go = { GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: path.join(folder, 'cache') };
  execFileSync(
    'go',
    ['run', path.join(import.meta.dirname, 'check.go'), `${folder}/log`, `${folder}/proofs`],
    { stdio: 'inherit', env: { ...process.env, ...go } },
  );
} finally {
  rmSync(folder, { recursive: true });
}
