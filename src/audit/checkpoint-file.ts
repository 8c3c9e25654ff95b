import { randomUUID } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import path from 'node:path';

/**
 * Replaces the checkpoint file durably: written beside, flushed, renamed, folder flushed. A reader sees the old or
 * the new one whole; two writers never share the file beside.
 */
export async function publishCheckpointFile(file: string, note: string): Promise<void> {
  const beside = `${file}.${randomUUID()}`;
  const written = await open(beside, 'wx', 0o600);
  try {
    await written.writeFile(note);
    await written.sync();
  } finally {
    await written.close();
  }
  await rename(beside, file);
  const folder = await open(path.dirname(file), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** What the checkpoint file holds; empty where there is none yet. */
export async function readCheckpointFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw thrown;
  }
}
