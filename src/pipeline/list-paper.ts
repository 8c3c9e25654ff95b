import type { PersonListName, PersonListPiece, PersonPlaces } from '../ports.ts';

/** The papers that keep a list, and the places of its people in the index, from the decision to the release. */
export const listPaper = (list: PersonListName): string => `list:${list}`;
export const placesPaper = (list: PersonListName): string => `places:${list}`;

export const encodePieces = (pieces: readonly PersonListPiece[]): Uint8Array =>
  encodeParts(pieces.map(({ first, bytes }) => [first, bytes]));

export const decodePieces = (paper: Uint8Array): PersonListPiece[] =>
  decodeParts(paper).map(([first, bytes]) => ({ first, bytes }));

export const encodePlaces = (places: readonly PersonPlaces[]): Uint8Array =>
  encodeParts(places.map(({ providerId, tokens }) => [providerId, tokens]));

export const decodePlaces = (paper: Uint8Array): PersonPlaces[] =>
  decodeParts(paper).map(([providerId, tokens]) => ({ providerId, tokens }));

type Part = readonly [name: string, bytes: Uint8Array];

/** A line of JSON with each part's name and length, then the parts. */
function encodeParts(parts: readonly Part[]): Uint8Array {
  const head = JSON.stringify(parts.map(([name, bytes]) => [name, bytes.length]));
  return Buffer.concat([Buffer.from(`${head}\n`), ...parts.map(([, bytes]) => bytes)]);
}

function decodeParts(paper: Uint8Array): Part[] {
  let at = paper.indexOf(0x0a) + 1;
  const head = JSON.parse(Buffer.from(paper.subarray(0, at)).toString()) as [string, number][];
  return head.map(([name, length]) => [name, paper.subarray(at, (at += length))]);
}
