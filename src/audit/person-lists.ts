import { asFailure } from '../domain/failure.ts';
import type { Chance, PersonGroup, PersonListReading, PersonLists, PersonRow } from '../ports.ts';
import { blindingBytes, decodeEvidenceList, encodeEvidenceList, rowAt } from './evidence-encoding.ts';
import type { EvidenceList } from './evidence-encoding.ts';
import { buildEvidenceListByProvider, verifyEvidenceList } from './evidence-list.ts';

/** Person-level evidence under fresh blinding; the bytes are what the ledger keeps, the root is what the entry says. */
export function createPersonLists(chance: Chance): PersonLists {
  return {
    build(people) {
      const list = buildEvidenceListByProvider(groups(people), () => chance.bytes(blindingBytes));
      const digest = { root: list.root, providers: list.providers.length, rows: list.rows };
      return { digest, bytes: encodeEvidenceList(list) };
    },

    read(bytes): PersonListReading {
      try {
        return readingOf(decodeEvidenceList(Buffer.from(bytes)));
      } catch (thrown) {
        const { code, detail } = asFailure(thrown);
        if (code !== 'audit-invalid') throw thrown;
        return { digest: null, fault: `unreadable at ${detail.place ?? 'its beginning'}`, people: [] };
      }
    },
  };
}

function readingOf(list: EvidenceList): PersonListReading {
  const finding = verifyEvidenceList(list);
  const { providerId, block } = finding ?? {};
  const where = providerId === undefined ? '' : ` in provider ${JSON.stringify(providerId)}`;
  const blocks = block === undefined ? '' : `, block ${block}`;
  return {
    digest: { root: list.root, providers: list.providers.length, rows: list.rows },
    fault: finding === undefined ? null : `${finding.fault}${where}${blocks}`,
    people: peopleOf(list),
  };
}

function* peopleOf({ providers }: EvidenceList): Generator<PersonGroup> {
  for (const provider of providers) {
    const rows = Array.from({ length: provider.rows }, (_, row) => {
      const bytes = rowAt(provider, row);
      return { code: bytes.readUInt8(), pseudonym: bytes.subarray(1) };
    });
    yield { providerId: provider.providerId, rows };
  }
}

function* groups(people: Iterable<PersonGroup>): Generator<readonly [string, readonly PersonRow[]]> {
  for (const { providerId, rows } of people) yield [providerId, rows];
}
