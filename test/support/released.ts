/** A drop as its consumer reads it. */
import fs from 'node:fs';
import path from 'node:path';

/** Numbers of all files of a drop together, each once, ascending; null where there is no manifest, for then there is no drop. */
export function releasedIn(folder: string): string[] | null {
  if (!fs.existsSync(path.join(folder, 'manifest.json'))) return null;
  const files = fs.readdirSync(folder).filter((name) => name.endsWith('.csv'));
  const numbers = files.flatMap((name) =>
    fs.readFileSync(path.join(folder, name), 'utf8').split('\n').slice(1, -1),
  );
  return [...new Set(numbers)].sort();
}
