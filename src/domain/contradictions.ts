import type { PersonLinks } from './person-links.ts';
import { none } from './kept-rows.ts';
import type { KeptRows } from './kept-rows.ts';
import { foldId } from './service-user.ts';

/** Number nodes and (folded) id nodes that contradict themselves across rows resident on the business date. */
export interface Contradictions {
  /** Numbers that two ids of one provider bear, both service users: who is meant cannot be known (R25). */
  readonly shared: ReadonlySet<number>;
  /** Ids that bear two valid numbers. */
  readonly conflicting: ReadonlySet<number>;
}

/**
 * Finds shared numbers and conflicting ids. Service users' ids differ byte for byte here, so that two spellings count as two
 * bearers; conflicts and providers group spellings. Each choice can only hold back more. Only numbers and ids on two rows or more are remembered.
 */
export function contradictions(rows: KeptRows, links: PersonLinks): Contradictions {
  const rowsOf = new Uint8Array(links.nodes);
  const count = (node: number): void => {
    rowsOf[node] = Math.min(2, (rowsOf[node] ?? 0) + 1);
  };
  const present = function* (): Generator<{ number: number; id: number; folded: number; index: number }> {
    for (let index = 0; index < rows.length; index++) {
      const number = rows.numberNode.at(index);
      if (number === none || rows.presence.at(index) === 0) continue;
      const id = rows.idNode.at(index);
      yield { number, id, folded: links.foldedNode(id), index };
    }
  };
  for (const { number, folded } of present()) {
    count(number);
    if (folded !== number) count(folded);
  }
  const shared = new Set<number>();
  const conflicting = new Set<number>();
  const numberOf = new Map<number, number>();
  const bearers = new Map<string, number>();
  for (const { number, id, folded, index } of present()) {
    if (rowsOf[folded] === 2) {
      if ((numberOf.get(folded) ?? number) !== number) conflicting.add(folded);
      numberOf.set(folded, number);
    }
    if (rowsOf[number] === 2 && rows.presence.at(index) === 2) {
      const place = `${number}/${foldId(rows.texts.at(rows.provider.at(index)))}`;
      if ((bearers.get(place) ?? id) !== id) shared.add(number);
      bearers.set(place, id);
    }
  }
  return { shared, conflicting };
}
