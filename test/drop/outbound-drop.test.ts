import {
  appendFileSync,
  chmodSync,
  chownSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { Failure } from '../../src/domain/failure.ts';
import type { DropAct } from '../../src/drop/disk.ts';
import { createOutboundDrop } from '../../src/drop/outbound-drop.ts';
import { firstRun, perLocationPlan, singlePlan, testNumbers } from '../support/drop-plans.ts';
import { dropOnDisk, newFolder, recipientReads, removeFolder, stagingFolders } from './drop-on-disk.ts';
import type { DropOnDisk } from './drop-on-disk.ts';

const failing = (code: string): unknown => expect.objectContaining({ code });
const systemError = (code: string): Error => Object.assign(new Error(code), { code });
const plan = singlePlan(testNumbers(3));
const drop = 'nhs-numbers.csv';

let dir: string;
let opened: DropOnDisk;
beforeEach(() => {
  dir = newFolder();
  opened = dropOnDisk(dir);
});
afterEach(() => {
  removeFolder(dir);
});

const date = (): string => join(dir, firstRun.businessDate);
const folder = (): string => join(date(), 'r1');

/** Does this once, on disk, just before the first step of that kind (on a place that ends so). */
function once(act: DropAct, placeEnd: string, work: (path: string) => void): void {
  let done = false;
  opened.before = (step) => {
    if (done || step.act !== act || !step.place.endsWith(placeEnd)) return;
    done = true;
    work(join(dir, step.place));
  };
}

describe('publishing', () => {
  it('takes these steps and no others, in this order', async () => {
    await opened.drop.publish(plan);
    expect(opened.steps).toEqual([
      'make-folder staging',
      'create-file staging/nhs-numbers.csv',
      'write-piece staging/nhs-numbers.csv',
      'write-piece staging/nhs-numbers.csv',
      'flush-file staging/nhs-numbers.csv',
      'check-file staging/nhs-numbers.csv',
      'create-file staging/manifest.json',
      'write-piece staging/manifest.json',
      'flush-file staging/manifest.json',
      'check-file staging/manifest.json',
      'make-folder 2026-11-22',
      'flush-folder .',
      'make-folder 2026-11-22/r1',
      'flush-folder 2026-11-22',
      'link 2026-11-22/r1/nhs-numbers.csv',
      'flush-folder 2026-11-22/r1',
      'link 2026-11-22/r1/manifest.json',
      'flush-folder 2026-11-22/r1',
      'remove-staging staging',
    ]);
  });

  it('links nothing of a plan before all of it is written and checked', async () => {
    await opened.drop.publish(perLocationPlan());
    const acts = opened.steps.map((step) => step.split(' ')[0]);
    expect(acts.indexOf('link')).toBeGreaterThan(acts.lastIndexOf('check-file'));
  });

  it('leaves files only the owner reads, in folders only the owner enters, each linked once', async () => {
    await opened.drop.publish(plan);
    for (const path of [date(), folder()]) expect(statSync(path).mode & 0o777).toBe(0o700);
    for (const name of [drop, 'manifest.json']) {
      const stats = statSync(join(folder(), name));
      expect([stats.mode & 0o777, stats.nlink]).toEqual([0o600, 1]);
    }
  });

  it('writes no header when there is none, and refuses one that is no plain word', async () => {
    const bare = dropOnDisk(dir, null);
    await bare.drop.publish(plan);
    expect(recipientReads(dir, firstRun)?.get(drop)).toMatch(/^(999[0-9]{7}\n){3}$/);
    const chance = { bytes: (length: number) => new Uint8Array(length) };
    for (const header of ['', '=1+1', 'a,b', 'a"b', 'a\nb', '9990000018']) {
      expect(() => createOutboundDrop({ outboundDir: dir, header, chance })).toThrow(
        failing('configuration-invalid'),
      );
    }
  });

  it('lets no field of the plan stand in for one of its own', async () => {
    const manifest = { rows: 0, files: [], format: 'x', run: 'x', revision: 9, businessDate: 'x', note: 1 };
    await opened.drop.publish({ ...plan, manifest });
    const text = readFileSync(join(folder(), 'manifest.json'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      format: 'drop-1',
      businessDate: '2026-11-22',
      revision: 1,
      run: '2026-11-22/r1',
      note: 1,
      files: [{ name: drop }],
      rows: 3,
    });
  });

  it('takes half a million numbers in pieces', async () => {
    const numbers = testNumbers(500_000);
    await opened.drop.publish(singlePlan(numbers));
    const pieces = opened.steps.filter((step) => step.startsWith('write-piece') && step.endsWith('.csv'));
    expect(pieces).toHaveLength(51);
    expect(statSync(join(folder(), drop)).size).toBe('nhs_number\n'.length + 500_000 * 11);
  });
});

describe('what was written is read back', () => {
  const corruptions: [string, (path: string) => void][] = [
    [
      'a digit changed',
      (path) => {
        edit(path, (text) => text.replace(/[0-9]\n$/, (end) => (end[0] === '0' ? '1\n' : '0\n')));
      },
    ],
    [
      'two rows swapped',
      (path) => {
        edit(path, (text) => text.replace(/(.*\n)(.*\n)$/, '$2$1'));
      },
    ],
    [
      'a row missing',
      (path) => {
        edit(path, (text) => text.replace(/.*\n$/, ''));
      },
    ],
    [
      'a row twice',
      (path) => {
        edit(path, (text) => text.replace(/(.*\n)$/, '$1$1'));
      },
    ],
    [
      'the end cut off',
      (path) => {
        truncateSync(path, statSync(path).size - 1);
      },
    ],
    [
      'CRLF',
      (path) => {
        edit(path, (text) => text.replaceAll('\n', '\r\n'));
      },
    ],
    [
      'another header',
      (path) => {
        edit(path, (text) => text.replace('nhs_number', 'nhs-number'));
      },
    ],
    [
      'no header',
      (path) => {
        edit(path, (text) => text.replace('nhs_number\n', ''));
      },
    ],
    [
      'nothing',
      (path) => {
        truncateSync(path, 0);
      },
    ],
    [
      'an empty row more',
      (path) => {
        appendFileSync(path, '\n');
      },
    ],
  ];
  const edit = (path: string, change: (text: string) => string): void => {
    const text = readFileSync(path, 'utf8');
    const changed = change(text);
    if (changed === text) throw new Error('nothing was corrupted');
    writeFileSync(path, changed);
  };

  it.each(corruptions)('%s: refused, and nothing of it stays', async (_what, corrupt) => {
    once('check-file', drop, corrupt);
    await expect(opened.drop.publish(plan)).rejects.toEqual(failing('drop-recheck-failed'));
    expect(readdirSync(dir)).toEqual([]);
  });

  it('a manifest with a byte more is refused too', async () => {
    once('check-file', 'manifest.json', (path) => {
      appendFileSync(path, ' ');
    });
    await expect(opened.drop.publish(plan)).rejects.toEqual(failing('drop-recheck-failed'));
    expect(readdirSync(dir)).toEqual([]);
  });

  it('rehearsing finds it as well', async () => {
    once('check-file', drop, (path) => {
      truncateSync(path, 0);
    });
    await expect(opened.drop.rehearse(plan)).rejects.toEqual(failing('drop-recheck-failed'));
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('a disk that fails', () => {
  it('at any one step: said as it is, cleaned up, and publishing again ends whole (fault 17)', async () => {
    await opened.drop.publish(plan);
    const steps = [...opened.steps];
    const firstLink = steps.findIndex((step) => step.startsWith('link'));
    for (const [index, name] of steps.entries()) {
      removeFolder(date());
      const trouble = dropOnDisk(dir);
      trouble.before = () => {
        if (trouble.steps.length === index + 1) throw systemError('EIO');
      };
      const thrown: unknown = await trouble.drop.publish(plan).catch((reason: unknown) => reason);
      expect(thrown).toBeInstanceOf(Failure);
      const { code, detail } = thrown as Failure;
      expect([name, code, detail.found]).toEqual([
        name,
        'drop-write-failed',
        index >= firstLink ? 'outcome unknown' : 'EIO',
      ]);
      expect(stagingFolders(dir)).toHaveLength(name.startsWith('remove-staging') ? 1 : 0);
      await opened.drop.publish(plan);
      expect(recipientReads(dir, firstRun)?.size).toBe(2);
      expect(stagingFolders(dir)).toEqual([]);
    }
  });

  it('is really flushed, once for each step that says so', async () => {
    const probe = await open(dir);
    const sync = jest.spyOn(Object.getPrototypeOf(probe) as FileHandle, 'sync');
    await probe.close();
    try {
      await opened.drop.publish(plan);
      const flushes = opened.steps.filter((step) => step.startsWith('flush-'));
      expect(sync).toHaveBeenCalledTimes(flushes.length);
      removeFolder(date());
      sync.mockClear().mockRejectedValueOnce(systemError('EIO'));
      await expect(opened.drop.publish(plan)).rejects.toEqual(failing('drop-write-failed'));
      expect(sync).toHaveBeenCalledTimes(1);
    } finally {
      sync.mockRestore();
    }
  });

  it('never flushes again what could not be flushed: the next attempt writes a new file', async () => {
    once('flush-file', drop, () => {
      throw systemError('EIO');
    });
    await expect(opened.drop.publish(plan)).rejects.toEqual(failing('drop-write-failed'));
    expect(opened.steps.filter((step) => step.startsWith('flush-file'))).toHaveLength(1);
    expect(opened.steps.at(-1)).toBe('remove-staging staging');
  });

  it.each(['EXDEV', 'EPERM', 'ENOTSUP'])(
    'that cannot link (%s) is a fault of the place; nothing is copied',
    async (code) => {
      once('link', drop, () => {
        throw systemError(code);
      });
      await expect(opened.drop.publish(plan)).rejects.toEqual(failing('place-unsafe'));
      expect(readdirSync(folder())).toEqual([]);
    },
  );

  it('keeps what is not the disk as it is', async () => {
    once('link', drop, () => {
      throw new TypeError('something else');
    });
    await expect(opened.drop.publish(plan)).rejects.toThrow(TypeError);
  });
});

describe('leftovers', () => {
  it('of dead writers are swept, and nothing else is', async () => {
    mkdirSync(join(dir, `.staging-${'0a'.repeat(16)}`));
    writeFileSync(join(dir, `.staging-${'0a'.repeat(16)}`, drop), '9990000018\n');
    mkdirSync(join(dir, '.staging-of-somebody'));
    writeFileSync(join(dir, 'readme.txt'), '');
    await opened.drop.publish(plan);
    expect(readdirSync(dir).sort()).toEqual(['.staging-of-somebody', '2026-11-22', 'readme.txt']);
  });

  it('that are links are unlinked, not followed', async () => {
    const elsewhere = newFolder();
    writeFileSync(join(elsewhere, 'kept'), '');
    symlinkSync(elsewhere, join(dir, `.staging-${'0a'.repeat(16)}`));
    await opened.drop.publish(plan);
    expect([stagingFolders(dir), readdirSync(elsewhere)]).toEqual([[], ['kept']]);
    removeFolder(elsewhere);
  });

  it('a stalled writer links nothing once another has swept', async () => {
    once('link', drop, () => {
      for (const name of stagingFolders(dir)) rmSync(join(dir, name), { recursive: true });
    });
    await expect(opened.drop.publish(plan)).rejects.toEqual(failing('drop-write-failed'));
    expect(readdirSync(folder())).toEqual([]);
  });

  it('are swept by whatever writes or removes, so that their writer cannot go on', async () => {
    for (const work of [
      () => opened.drop.unlink(firstRun),
      () => opened.drop.rehearse(plan),
      () => opened.drop.remove(firstRun.businessDate),
    ]) {
      mkdirSync(join(dir, `.staging-${'0a'.repeat(16)}`));
      await work();
      expect(stagingFolders(dir)).toEqual([]);
    }
  });
});

describe('unsafe places', () => {
  const everything = (): (() => Promise<unknown>)[] => [
    () => opened.drop.publish(plan),
    () => opened.drop.rehearse(plan),
    () => opened.drop.look(firstRun),
    () => opened.drop.published(firstRun),
    () => opened.drop.unlink(firstRun),
    () => opened.drop.remove(firstRun.businessDate),
  ];
  const allRefuse = async (): Promise<void> => {
    for (const work of everything()) await expect(work()).rejects.toEqual(failing('place-unsafe'));
    expect(stagingFolders(dir)).toEqual([]);
  };
  /** Moves a folder away and puts a link to it in its place. */
  const behindLink = (path: string): void => {
    const away = `${path}-away`;
    renameSync(path, away);
    symlinkSync(away, path);
  };

  it('an outbound folder that is missing, a link, or a file', async () => {
    rmSync(dir, { recursive: true });
    for (const work of [...everything(), () => opened.drop.dates()]) {
      await expect(work()).rejects.toEqual(failing('place-unsafe'));
    }
    mkdirSync(dir, { mode: 0o700 });
    behindLink(dir);
    await allRefuse();
    rmSync(dir);
    removeFolder(`${dir}-away`);
    writeFileSync(dir, '');
    await expect(opened.drop.publish(plan)).rejects.toEqual(failing('place-unsafe'));
  });

  it('a date or a revision that is a link', async () => {
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    behindLink(folder());
    await allRefuse();
    rmSync(date(), { recursive: true });
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    behindLink(date());
    await allRefuse();
  });

  it('a date that is a link: nothing is made behind it', async () => {
    mkdirSync(date(), { mode: 0o700 });
    behindLink(date());
    await allRefuse();
    expect(readdirSync(`${date()}-away`)).toEqual([]);
  });

  it('a name in staging that somebody took: neither written to nor followed', async () => {
    const elsewhere = join(dir, 'elsewhere.txt');
    writeFileSync(elsewhere, 'kept');
    for (const take of [
      (path: string) => {
        writeFileSync(path, 'kept');
      },
      (path: string) => {
        symlinkSync(elsewhere, path);
      },
    ]) {
      once('create-file', drop, take);
      await expect(opened.drop.publish(plan)).rejects.toEqual(failing('drop-write-failed'));
      expect(readFileSync(elsewhere, 'utf8')).toBe('kept');
    }
  });

  it.each([0o720, 0o702, 0o777, 0o1777])('a folder others may write to (%o) (fault 20)', async (mode) => {
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    for (const path of [folder(), date(), dir]) {
      chmodSync(path, mode);
      await allRefuse();
      chmodSync(path, 0o700);
    }
    chmodSync(dir, 0o755);
    await opened.drop.publish(plan);
  });

  const asRoot = process.geteuid?.() === 0 ? it : it.skip;
  asRoot('a folder or a file of another account', async () => {
    await opened.drop.publish(plan);
    for (const path of [folder(), date(), dir]) {
      chownSync(path, 65534, 65534);
      await allRefuse();
      chownSync(path, 0, 0);
    }
    chownSync(join(folder(), drop), 65534, 65534);
    await expect(opened.drop.publish(plan)).rejects.toEqual(failing('place-unsafe'));
  });

  it('a file of the drop that is a link, a folder, or writable by others', async () => {
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    symlinkSync('/dev/null', join(folder(), 'manifest.json'));
    await allRefuse();
    rmSync(join(folder(), 'manifest.json'));
    mkdirSync(join(folder(), drop));
    await allRefuse();
    removeFolder(date());
    await opened.drop.publish(plan);
    chmodSync(join(folder(), drop), 0o666);
    await expect(opened.drop.publish(plan)).rejects.toEqual(failing('place-unsafe'));
  });
});

describe('what stands there already', () => {
  it('is compared, not replaced, even if it appears between the look and the link (fault 19)', async () => {
    once('link', drop, (path) => {
      writeFileSync(path, 'other', { mode: 0o600 });
    });
    await expect(opened.drop.publish(plan)).rejects.toEqual(failing('drop-exists-different'));
    expect(readFileSync(join(folder(), drop), 'utf8')).toBe('other');
    rmSync(join(folder(), drop));
    opened.before = () => undefined;
    once('link', drop, (path) => {
      linkSync(join(dir, stagingFolders(dir)[0]!, drop), path);
    });
    await opened.drop.publish(plan);
    expect(recipientReads(dir, firstRun)?.size).toBe(2);
  });

  it('is flushed before it counts as kept', async () => {
    await opened.drop.publish(plan);
    opened.steps.length = 0;
    await opened.drop.publish(plan);
    expect(opened.steps.slice(-5)).toEqual([
      'flush-file 2026-11-22/r1/nhs-numbers.csv',
      'flush-file 2026-11-22/r1/manifest.json',
      'flush-folder 2026-11-22/r1',
      'flush-folder 2026-11-22/r1',
      'remove-staging staging',
    ]);
  });

  it('and is no part of the plan: refused before anything is linked, and never removed', async () => {
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    writeFileSync(join(folder(), 'note.txt'), '', { mode: 0o600 });
    await expect(opened.drop.publish(plan)).rejects.toEqual(failing('drop-exists-different'));
    await expect(opened.drop.remove(firstRun.businessDate)).rejects.toEqual(failing('place-unsafe'));
    expect(readdirSync(folder())).toEqual(['note.txt']);
    rmSync(join(folder(), 'note.txt'));
    mkdirSync(join(date(), 'other'), { mode: 0o700 });
    await expect(opened.drop.remove(firstRun.businessDate)).rejects.toEqual(failing('place-unsafe'));
  });

  it('is unlinked for good when it is unfinished', async () => {
    once('link', 'manifest.json', () => {
      throw systemError('EIO');
    });
    await expect(opened.drop.publish(plan)).rejects.toEqual(failing('drop-write-failed'));
    opened.steps.length = 0;
    await opened.drop.unlink(firstRun);
    expect(opened.steps).toEqual(['unlink 2026-11-22/r1/nhs-numbers.csv', 'flush-folder 2026-11-22/r1']);
  });

  it('is removed manifest first, and that for good, before its files go', async () => {
    await opened.drop.publish(plan);
    opened.steps.length = 0;
    await opened.drop.remove(firstRun.businessDate);
    expect(opened.steps).toEqual([
      'unlink 2026-11-22/r1/manifest.json',
      'flush-folder 2026-11-22/r1',
      'unlink 2026-11-22/r1/nhs-numbers.csv',
      'flush-folder 2026-11-22/r1',
      'remove-folder 2026-11-22/r1',
      'flush-folder 2026-11-22',
      'remove-folder 2026-11-22',
      'flush-folder .',
    ]);
  });
});

describe('a published drop that is read back', () => {
  it('is flushed before it counts, for its writer may have died before that (fault 18)', async () => {
    await opened.drop.publish(plan);
    opened.steps.length = 0;
    await opened.drop.published(firstRun);
    expect(opened.steps).toEqual([
      'flush-file 2026-11-22/r1/nhs-numbers.csv',
      'flush-file 2026-11-22/r1/manifest.json',
      'flush-folder .',
      'flush-folder 2026-11-22',
      'flush-folder 2026-11-22/r1',
    ]);
  });

  const changes: [string, () => void][] = [
    [
      'a file with a byte more',
      () => {
        appendFileSync(join(folder(), drop), '\n');
      },
    ],
    [
      'a file missing',
      () => {
        rmSync(join(folder(), drop));
      },
    ],
    [
      'a file more',
      () => {
        writeFileSync(join(folder(), 'location-1-101234567.csv'), '');
      },
    ],
    [
      'a stranger',
      () => {
        writeFileSync(join(folder(), 'note.txt'), '');
      },
    ],
    [
      'a manifest cut short',
      () => {
        truncateSync(join(folder(), 'manifest.json'), 40);
      },
    ],
    [
      'a manifest of another run',
      () => {
        renameSync(folder(), join(date(), 'r2'));
      },
    ],
    [
      'a manifest that is no manifest',
      () => {
        writeFileSync(join(folder(), 'manifest.json'), '{}');
      },
    ],
  ];
  it.each(changes)('with %s is refused', async (what, change) => {
    await opened.drop.publish(plan);
    change();
    const run = what === 'a manifest of another run' ? { ...firstRun, revision: 2 } : firstRun;
    await expect(opened.drop.published(run)).rejects.toEqual(failing('drop-recheck-failed'));
  });
});

describe('an inventory', () => {
  it('names what is no part of a drop, wherever it lies, and changes nothing', async () => {
    await opened.drop.publish(plan);
    const steps = opened.steps.length;
    mkdirSync(join(date(), 'r2'), { mode: 0o700 });
    mkdirSync(join(date(), 'r0x'), { mode: 0o700 });
    writeFileSync(join(folder(), 'notes.txt'), 'mine');
    symlinkSync(join(folder(), drop), join(folder(), 'location-1-1099000101.csv'));
    writeFileSync(join(dir, 'nhs-numbers.csv'), 'lying about');
    mkdirSync(join(dir, 'lost+found'));
    const staging = `.staging-${'0'.repeat(32)}`;
    mkdirSync(join(dir, staging), { mode: 0o700 });
    writeFileSync(join(folder(), 'manifest.json'), 'no manifest any more');
    chmodSync(join(folder(), drop), 0o666);
    const inventory = await opened.drop.inventory();
    expect(inventory).toMatchObject({
      drops: [{ run: firstRun, files: [], manifest: { note: null } }],
      staging: [staging],
      strangers: [
        '2026-11-22/r0x',
        '2026-11-22/r1/location-1-1099000101.csv',
        `2026-11-22/r1/${drop}`,
        '2026-11-22/r1/notes.txt',
        'nhs-numbers.csv',
      ],
    });
    expect(opened.steps).toHaveLength(steps);
  });

  it('of a folder that is not there is empty', async () => {
    const nowhere = createOutboundDrop({
      outboundDir: join(dir, 'none'),
      header: null,
      chance: { bytes: () => new Uint8Array() },
    });
    expect(await nowhere.inventory()).toEqual({ drops: [], staging: [], strangers: [] });
  });
});
