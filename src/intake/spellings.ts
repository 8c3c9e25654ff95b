import { foldId } from '../domain/service-user.ts';

/** Ids as they are spelt, to find those that differ only in case. */
export class Spellings {
  readonly #first = new Map<string, string>();
  readonly #others = new Set<string>();

  /** Whether another spelling of this id was seen first; true once for each other spelling. */
  differs(id: string): boolean {
    const folded = foldId(id);
    const first = this.#first.get(folded);
    if (first === undefined) this.#first.set(folded, id);
    if (first === undefined || first === id || this.#others.has(id)) return false;
    this.#others.add(id);
    return true;
  }
}
