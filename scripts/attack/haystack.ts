/** Where a digest is looked for: any 16 bytes anywhere in the artefacts. */
import type { Artefact } from './artefacts.ts';

const window = 16;

/**
 * Two bitmaps over the first and the next four bytes of every place turn away all but a few digests in no time; those few are looked for
 * in earnest.
 */
export class Haystack {
  readonly #artefacts: readonly Artefact[];
  readonly #bits: number;
  readonly #first: Uint8Array;
  readonly #next: Uint8Array;

  constructor(artefacts: readonly Artefact[]) {
    this.#artefacts = artefacts;
    const places = artefacts.reduce((sum, { bytes }) => sum + bytes.length, 0);
    this.#bits = Math.min(31, Math.max(20, Math.ceil(Math.log2(64 * places + 1))));
    this.#first = new Uint8Array(2 ** (this.#bits - 3));
    this.#next = new Uint8Array(2 ** (this.#bits - 3));
    for (const { bytes } of artefacts)
      for (let at = 0; at + window <= bytes.length; at++) {
        this.#mark(this.#first, bytes, at);
        this.#mark(this.#next, bytes, at + 4);
      }
  }

  /** The artefact in which the first 16 bytes of a digest stand, or null. */
  find(digest: Buffer): string | null {
    if (!this.#isMarked(this.#first, digest, 0) || !this.#isMarked(this.#next, digest, 4)) return null;
    const needle = digest.subarray(0, window);
    return this.#artefacts.find(({ bytes }) => bytes.includes(needle))?.place ?? null;
  }

  #place(bytes: Buffer, at: number): number {
    return bytes.readUInt32BE(at) >>> (32 - this.#bits);
  }

  #mark(bits: Uint8Array, bytes: Buffer, at: number): void {
    const place = this.#place(bytes, at);
    bits[place >>> 3] = (bits[place >>> 3] ?? 0) | (1 << (place & 7));
  }

  #isMarked(bits: Uint8Array, bytes: Buffer, at: number): boolean {
    const place = this.#place(bytes, at);
    return ((bits[place >>> 3] ?? 0) & (1 << (place & 7))) !== 0;
  }
}
