import type { Chance, PersonLists } from '../ports.ts';
import { blindingBytes, encodeEvidenceList } from './evidence-encoding.ts';
import { buildEvidenceList } from './evidence-list.ts';

/** Person-level evidence under fresh blinding; the bytes are what the ledger keeps, the root is what the entry says. */
export function createPersonLists(chance: Chance): PersonLists {
  return {
    build(rows) {
      const list = buildEvidenceList(rows, () => chance.bytes(blindingBytes));
      const digest = { root: list.root, providers: list.providers.length, rows: list.rows };
      return { digest, bytes: encodeEvidenceList(list) };
    },
  };
}
