import type { Chance, PersonGroup, PersonLists, PersonRow } from '../ports.ts';
import { blindingBytes, encodeEvidenceList } from './evidence-encoding.ts';
import { buildEvidenceListByProvider } from './evidence-list.ts';

/** Person-level evidence under fresh blinding; the bytes are what the ledger keeps, the root is what the entry says. */
export function createPersonLists(chance: Chance): PersonLists {
  return {
    build(people) {
      const list = buildEvidenceListByProvider(groups(people), () => chance.bytes(blindingBytes));
      const digest = { root: list.root, providers: list.providers.length, rows: list.rows };
      return { digest, bytes: encodeEvidenceList(list) };
    },
  };
}

function* groups(people: Iterable<PersonGroup>): Generator<readonly [string, readonly PersonRow[]]> {
  for (const { providerId, rows } of people) yield [providerId, rows];
}
