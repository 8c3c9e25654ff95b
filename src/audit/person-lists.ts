import type { ListDigest } from '../domain/evidence.ts';
import type { Chance, PersonGroup, PersonLists, PersonRow } from '../ports.ts';
import { blindingBytes, decodeEvidenceList, encodeEvidenceList } from './evidence-encoding.ts';
import type { EvidenceList } from './evidence-encoding.ts';
import { buildEvidenceListByProvider } from './evidence-list.ts';

/** Person-level evidence under fresh blinding; the bytes are what the ledger keeps, the root is what the entry says. */
export function createPersonLists(chance: Chance): PersonLists {
  return {
    build(people) {
      const list = buildEvidenceListByProvider(groups(people), () => chance.bytes(blindingBytes));
      return { digest: digestOf(list), bytes: encodeEvidenceList(list) };
    },
    digestOf: (bytes) => digestOf(decodeEvidenceList(Buffer.from(bytes))),
  };
}

const digestOf = ({ root, providers, rows }: EvidenceList): ListDigest => ({
  root,
  providers: providers.length,
  rows,
});

function* groups(people: Iterable<PersonGroup>): Generator<readonly [string, readonly PersonRow[]]> {
  for (const { providerId, rows } of people) yield [providerId, rows];
}
