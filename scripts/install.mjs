// Installs what the lock file names, if that has not been done yet: so `npm start` and `npm test` are enough on a fresh clone.
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const installed = path.join(root, 'node_modules', '.package-lock.json');
const isCurrent =
  existsSync(installed) &&
  statSync(installed).mtimeMs >= statSync(path.join(root, 'package-lock.json')).mtimeMs;

if (!isCurrent) {
  console.error('Installing what package-lock.json names ...');
  const { status } = spawnSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: process.platform === 'win32',
    },
  );
  process.exitCode = status ?? 1;
}
