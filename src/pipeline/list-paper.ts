import type { PersonListName, PersonListPiece, PersonPlaces } from '../ports.ts';

/** The paper that keeps a list from the decision to the release. */
export const listPaper = (list: PersonListName): string => `list:${list}`;

/** A list decided but not released yet, and the people it will bring into the index; `null` of a list that is not to be indexed. */
export interface PendingList {
  readonly pieces: readonly PersonListPiece[];
  readonly places: readonly PersonPlaces[] | null;
}

interface ListHead {
  readonly pieces: readonly { readonly first: string; readonly length: number }[];
  readonly places: readonly { readonly providerId: string; readonly length: number }[];
}

/** A line of JSON with names and lengths, then the pieces, then the tokens. */
export function encodeList({ pieces, places }: PendingList): Uint8Array {
  const named = places ?? [];
  const head: ListHead = {
    pieces: pieces.map(({ first, bytes }) => ({ first, length: bytes.length })),
    places: named.map(({ providerId, tokens }) => ({ providerId, length: tokens.length })),
  };
  const parts = [...pieces.map(({ bytes }) => bytes), ...named.map(({ tokens }) => tokens)];
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...parts]);
}

const openingBrace = 0x7b;

/** Reads back what `encodeList` wrote; the paper of an earlier version is the list itself and nothing else. */
export function decodeList(paper: Uint8Array): PendingList {
  if (paper[0] !== openingBrace) return { pieces: [{ first: '', bytes: paper }], places: null };
  let at = paper.indexOf(0x0a) + 1;
  const head = JSON.parse(Buffer.from(paper.subarray(0, at)).toString()) as ListHead;
  const take = (length: number): Uint8Array => paper.subarray(at, (at += length));
  return {
    pieces: head.pieces.map(({ first, length }) => ({ first, bytes: take(length) })),
    places: head.places.map(({ providerId, length }) => ({ providerId, tokens: take(length) })),
  };
}
