import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

export interface Manifest {
  readonly businessDate: string;
  readonly producedAt: string;
  readonly supplier: string;
  readonly files: readonly ManifestFile[];
}

export interface ManifestFile {
  readonly name: string;
  /** Data rows, without the header. */
  readonly rows: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Writes `manifest.json`, which comes last: until it stands, the folder is not an intake. */
export function writeManifest(folder: string, manifest: Manifest): void {
  fs.writeFileSync(path.join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, {
    mode: 0o600,
  });
}

/** One line of a CSV file (RFC 4180): the cells of the columns, each quoted only where it must be. */
export function csvLine<C extends string>(columns: readonly C[], row: Readonly<Record<C, string>>): string {
  let line = '';
  for (const column of columns) {
    const cell = row[column];
    line += quotable.test(cell) ? `,"${cell.replaceAll('"', '""')}"` : `,${cell}`;
  }
  return line.slice(1);
}

const quotable = /[",\r\n]/;
const pieceLength = 1 << 20;

/** A text file that grows line by line and is written in pieces of about 1 MiB, so that its length costs no memory. */
export class LineFile {
  readonly #name: string;
  readonly #descriptor: number;
  readonly #hash = createHash('sha256');
  #pending = '';
  #lines = 0;

  constructor(file: string) {
    this.#name = path.basename(file);
    this.#descriptor = fs.openSync(file, 'w', 0o600);
  }

  write(line: string): void {
    this.#pending += `${line}\n`;
    this.#lines++;
    if (this.#pending.length >= pieceLength) this.#flush();
  }

  /** Writes what is left, and says of the file what a manifest says: its first line is the header. */
  close(): ManifestFile {
    this.#flush();
    fs.closeSync(this.#descriptor);
    return { name: this.#name, rows: this.#lines - 1, sha256: this.#hash.digest('hex') };
  }

  #flush(): void {
    const bytes = Buffer.from(this.#pending, 'utf8');
    this.#pending = '';
    this.#hash.update(bytes);
    for (let written = 0; written < bytes.length;) written += fs.writeSync(this.#descriptor, bytes, written);
  }
}
