/** A drop in a folder of its own, and the recipient who reads it. */
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { formatRunId } from '../../src/domain/run.ts';
import type { RunId } from '../../src/domain/run.ts';
import type { DropStep } from '../../src/drop/disk.ts';
import { createOutboundDrop } from '../../src/drop/outbound-drop.ts';
import type { OutboundDrop } from '../../src/ports.ts';

export interface DropOnDisk {
  readonly drop: OutboundDrop;
  readonly dir: string;
  /** Every step since the beginning, `act place`, the random part of staging folders left out. */
  readonly steps: string[];
  /** Called before each step, which stands in `steps` already; what it throws, the step throws. */
  before: (step: DropStep) => void;
}

export const newFolder = (): string => mkdtempSync(join(tmpdir(), 'drop-'));
export const removeFolder = (dir: string): void => {
  rmSync(dir, { recursive: true, force: true });
};

export function dropOnDisk(dir: string, header: string | null = 'nhs_number'): DropOnDisk {
  const opened: DropOnDisk = {
    drop: createOutboundDrop({
      outboundDir: dir,
      header,
      chance: { bytes: (length) => randomBytes(length) },
      checkpoint: (step) => {
        opened.steps.push(`${step.act} ${step.place.replace(/^\.staging-[0-9a-f]+/, 'staging')}`);
        opened.before(step);
      },
    }),
    dir,
    steps: [],
    before: () => undefined,
  };
  return opened;
}

/**
 * Reads as a recipient who keeps to "no manifest, no drop": null without one, else the texts of manifest and files. Throws if a file of
 * the manifest is missing or has other bytes, or if a file stands beside that the manifest does not name.
 */
export function recipientReads(dir: string, run: RunId): ReadonlyMap<string, string> | null {
  const folder = join(dir, formatRunId(run));
  const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
  if (!existsSync(folder) || !readdirSync(folder).includes('manifest.json')) return null;
  const manifest = text('manifest.json');
  const texts = new Map([['manifest.json', manifest]]);
  const { files } = JSON.parse(manifest) as { files: { name: string; sha256: string }[] };
  for (const { name, sha256 } of files) {
    const content = text(name);
    if (createHash('sha256').update(content).digest('hex') !== sha256) throw new Error(`${name} differs`);
    texts.set(name, content);
  }
  if (readdirSync(folder).length !== texts.size) throw new Error('a file that the manifest does not name');
  return texts;
}

export const stagingFolders = (dir: string): string[] =>
  readdirSync(dir).filter((name) => name.startsWith('.staging-'));
