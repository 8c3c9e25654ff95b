import type { PersonLinks } from './person-links.ts';
import { none } from './kept-rows.ts';
import type { KeptRows } from './kept-rows.ts';
import { foldId } from './service-user.ts';

/** Number nodes and (folded) id nodes that contradict themselves across rows resident on the business date or on the date of release. */
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
  const met = new Uint8Array(links.nodes);
  const metAgain = new Uint8Array(links.nodes);
  const meet = (node: number): void => {
    if (met[node] === 1) metAgain[node] = 1;
    met[node] = 1;
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
    meet(number);
    if (folded !== number) meet(folded);
  }
  const shared = new Set<number>();
  const conflicting = new Set<number>();
  const numberOf = new Map<number, number>();
  const bearers = new Map<string, number>();
  for (const { number, id, folded, index } of present()) {
    if (metAgain[folded] === 1) {
      if ((numberOf.get(folded) ?? number) !== number) conflicting.add(folded);
      numberOf.set(folded, number);
    }
    if (metAgain[number] === 1 && rows.presence.at(index) === 2) {
      const place = `${number}/${foldId(rows.texts.at(rows.provider.at(index)))}`;
      if ((bearers.get(place) ?? id) !== id) shared.add(number);
      bearers.set(place, id);
    }
  }
  return { shared, conflicting };
}
