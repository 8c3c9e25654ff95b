import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { takeAdvanceLock } from '../../src/ledger/advance-lock.ts';
import { startChild } from './child.ts';

describe('the right to advance runs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'lock-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const busyBy = (pid: number): unknown =>
    expect.objectContaining({ code: 'busy', message: expect.stringContaining(`(pid ${pid})`) });

  it('is taken by one at a time and can be given back', async () => {
    const lock = await takeAdvanceLock(folder);
    await expect(takeAdvanceLock(folder)).rejects.toEqual(busyBy(process.pid));
    // Asking in vain must not have loosened what is held.
    await expect(takeAdvanceLock(folder)).rejects.toEqual(busyBy(process.pid));
    await lock.release();
    await lock.release();
    const next = await takeAdvanceLock(folder);
    await lock.release();
    await expect(takeAdvanceLock(folder)).rejects.toEqual(busyBy(process.pid));
    await next.release();
  });

  it('is given back even where its pid file cannot be removed: else a scheduler would be busy with itself for ever', async () => {
    const lock = await takeAdvanceLock(folder);
    await rm(path.join(folder, 'advance.pid'));
    await mkdir(path.join(folder, 'advance.pid'));
    await lock.release();
    const next = await takeAdvanceLock(folder);
    await next.release();
  });

  it('is refused at once while another process has it, and free when that one is killed', async () => {
    const child = startChild('lock-holder.ts', folder);
    await child.wrote(1);
    expect(child.lines).toEqual(['held']);
    const started = performance.now();
    await expect(takeAdvanceLock(folder)).rejects.toEqual(busyBy(child.pid));
    expect(performance.now() - started).toBeLessThan(5_000);
    await child.kill();
    const lock = await takeAdvanceLock(folder);
    await lock.release();
  });

  it('is refused to another process while we have it, even after others asked here', async () => {
    const lock = await takeAdvanceLock(folder);
    await expect(takeAdvanceLock(folder)).rejects.toEqual(busyBy(process.pid));
    const child = startChild('lock-holder.ts', folder);
    await child.wrote(1);
    expect(child.lines).toEqual(['busy']);
    await child.kill();
    await lock.release();
  });

  it('is refused without a name when nobody can say who has it', async () => {
    const lock = await takeAdvanceLock(folder);
    await rm(path.join(folder, 'advance.pid'));
    const thrown: unknown = await takeAdvanceLock(folder).catch((failure: unknown) => failure);
    expect(thrown).toMatchObject({ code: 'busy', message: expect.not.stringContaining('pid') });
    await lock.release();
  });

  it('leaves files that only we may read', async () => {
    const deep = path.join(folder, 'var');
    const lock = await takeAdvanceLock(deep);
    for (const name of await readdir(deep)) {
      expect((await stat(path.join(deep, name))).mode & 0o777).toBe(0o600);
    }
    await lock.release();
  });
});
