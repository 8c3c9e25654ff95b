/** A growing column of whole numbers, four bytes each: how the roster holds half a million rows in a few megabytes. */
export class Column {
  #cells = new Int32Array(16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds a cell and gives its index. */
  push(value: number): number {
    if (this.#length === this.#cells.length) {
      const wider = new Int32Array(this.#cells.length * 2);
      wider.set(this.#cells);
      this.#cells = wider;
    }
    this.#cells[this.#length] = value;
    return this.#length++;
  }

  at(index: number): number {
    const value = this.#cells[index];
    if (value === undefined || index >= this.#length) throw new RangeError(`column has no cell ${index}`);
    return value;
  }

  set(index: number, value: number): void {
    if (index >= this.#length) throw new RangeError(`column has no cell ${index}`);
    this.#cells[index] = value;
  }

  /** The cells as bytes, four each in the machine's order. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#cells.buffer, 0, this.#length * 4);
  }
}

/** Texts kept once each and known by a small number. */
export class Texts {
  readonly #numbers = new Map<string, number>();
  readonly #texts: string[] = [];

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    this.#numbers.set(text, this.#texts.length);
    return this.#texts.push(text) - 1;
  }

  get all(): readonly string[] {
    return this.#texts;
  }

  at(number: number): string {
    const text = this.#texts[number];
    if (text === undefined) throw new RangeError(`no text ${number}`);
    return text;
  }
}
