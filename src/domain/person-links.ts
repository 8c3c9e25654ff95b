import { Column } from './column.ts';
import type { NhsNumber } from './nhs-number.ts';
import { NumberNodes } from './number-nodes.ts';
import { foldId } from './service-user.ts';

/**
 * Who is one person: rows linked by an id, in any spelling of its case, or by a valid number, and on from there until nothing
 * changes. A forest of nodes, one for each id and each number, joined where a row bears both.
 */
export class PersonLinks {
  readonly #ids = new Map<string, number>();
  readonly #numbers = new NumberNodes();
  readonly #parent = new Column();
  readonly #folded = new Column();

  /** The node of an id as it is spelt; joined with the node of its folded spelling. */
  idNode(id: string): number {
    const known = this.#ids.get(id);
    if (known !== undefined) return known;
    const node = this.strangerNode();
    this.#ids.set(id, node);
    const folded = foldId(id);
    this.#folded.set(node, folded === id ? node : this.idNode(folded));
    this.join(node, this.foldedNode(node));
    return node;
  }

  /** The node of a valid number. */
  numberNode(number: NhsNumber): number {
    // The check digit follows from the other nine, and nine digits make a small key.
    const key = Math.floor(number / 10);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    const node = this.strangerNode();
    this.#numbers.set(key, node);
    return node;
  }

  /** Whether a row bears this valid number. */
  bears(number: NhsNumber): boolean {
    return this.#numbers.get(Math.floor(number / 10)) !== undefined;
  }

  /** A node for a row that bears neither an id nor a valid number: linked to nobody. */
  strangerNode(): number {
    const node = this.#parent.push(this.#parent.length);
    this.#folded.push(node);
    return node;
  }

  /** The node of the folded spelling of an id's node. */
  foldedNode(idNode: number): number {
    return this.#folded.at(idNode);
  }

  /** Whether a row bears this id in any spelling. */
  knows(id: string): boolean {
    return this.folded(foldId(id)) !== undefined;
  }

  /** The node of a folded id, if a row bears it in any spelling. */
  folded(foldedId: string): number | undefined {
    return this.#ids.get(foldedId);
  }

  get nodes(): number {
    return this.#parent.length;
  }

  join(a: number, b: number): void {
    this.#parent.set(this.personOf(a), this.personOf(b));
  }

  /** The one node that stands for the person; the same for all their nodes once every row is in. */
  personOf(node: number): number {
    let at = node;
    for (;;) {
      const up = this.#parent.at(at);
      if (up === at) return at;
      const above = this.#parent.at(up);
      this.#parent.set(at, above);
      at = above;
    }
  }
}
