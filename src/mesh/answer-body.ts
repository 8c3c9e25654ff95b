import type { IncomingMessage } from 'node:http';
import type { Failure } from '../domain/failure.ts';
import type { Framing } from './framing.ts';
import { malformedAnswer, tooLarge } from './wire-faults.ts';

export interface BodyTerms {
  readonly place: string;
  readonly framing: Framing | null;
  readonly maximumBytes: number;
}

/**
 * The bytes of a body, whole or not at all: `mesh-malformed` when it is not framed or ends early, `mesh-too-large` as soon as it is
 * known to be larger than `maximumBytes`. Never rejects.
 */
export function readBody(response: IncomingMessage, terms: BodyTerms): Promise<Uint8Array | Failure> {
  const { place, framing, maximumBytes } = terms;
  return new Promise((resolve) => {
    const endedEarly = (): void => {
      resolve(malformedAnswer(place, 'it ended before it was whole'));
    };
    response.on('error', endedEarly);
    response.on('close', endedEarly);
    if (framing === null) {
      resolve(malformedAnswer(place, 'it does not say once and clearly how long it is'));
      return;
    }
    if (framing.kind === 'length' && framing.bytes > maximumBytes) {
      resolve(tooLarge(place, `${framing.bytes} bytes of at most ${maximumBytes}`));
      return;
    }
    const pieces: Buffer[] = [];
    let length = 0;
    response.on('data', (piece: Buffer) => {
      length += piece.length;
      if (length <= maximumBytes) pieces.push(piece);
      else {
        pieces.length = 0;
        resolve(tooLarge(place, `more than ${maximumBytes} bytes`));
      }
    });
    response.on('end', () => {
      if (response.complete) resolve(Buffer.concat(pieces, Math.min(length, maximumBytes)));
      else endedEarly();
    });
  });
}
