/** A witness as an anchor: the client of the C2SP tlog-witness protocol. */
import { Failure } from '../domain/failure.ts';
import type { Anchor, AnchoredLog, Cosigner } from '../ports.ts';
import { placeOf, post } from './post.ts';
import type { Posted } from './post.ts';
import { refused, unreachable } from './refusals.ts';

export interface WitnessAnchorOptions {
  /** Submission prefix; `/add-checkpoint` is added. */
  readonly url: string;
  readonly cosigner: Cosigner;
  readonly timeoutMs?: number;
}

const mostBytes = 16 * 1024;
const usualTimeout = 30_000;
/** The first try with what we remember, the next with what the witness says it holds; more would be a witness that changes its mind. */
const mostTries = 3;

/**
 * An anchor that shows each checkpoint to a witness with the proof that it extends the one shown before. The receipt is the checkpoint with
 * the witness's cosignature, which anybody can check who has its key.
 */
export function createWitnessAnchor({
  url,
  cosigner,
  timeoutMs = usualTimeout,
}: WitnessAnchorOptions): Anchor {
  const submission = new URL(`${url.replace(/\/+$/, '')}/add-checkpoint`);
  const place = placeOf(submission);

  const ask = async (log: AnchoredLog, from: number, signal: AbortSignal): Promise<Posted> => {
    const proof = (await log.prove(from)).map((hash) => Buffer.from(hash).toString('base64'));
    const body = Buffer.from(`${[`old ${from}`, ...proof].join('\n')}\n\n${log.checkpoint.note}`);
    return post(
      { url: submission, contentType: 'text/plain; charset=utf-8', body, mostBytes, timeoutMs },
      signal,
    );
  };

  return {
    name: 'witness',
    target: `${url} ${cosigner.verifierKey}`,
    remembers: true,
    async take(log, signal) {
      const { size, note } = log.checkpoint;
      let from = Math.min(log.anchored, size);
      for (let tries = 0; tries < mostTries; tries += 1) {
        const answer = await ask(log, from, signal);
        if (answer.status === 200) return Buffer.from(cosignedBy(cosigner, note, { answer, place }));
        if (answer.status !== 409) throw notTaken(answer, { place, from, size });
        const held = sizeIn(answer);
        if (held === null || held === from)
          throw from === size ? another(place, size) : unclear(answer, place);
        if (held > size) throw holdsMore(place, held, size);
        from = held;
      }
      throw unreachable('The witness does not say twice that it holds the same tree.', { place });
    },
  };
}

function cosignedBy(
  cosigner: Cosigner,
  note: string,
  { answer, place }: { readonly answer: Posted; readonly place: string },
): string {
  try {
    return cosigner.cosigned(note, answer.body.toString());
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw unreachable('The witness answered with something that is not its cosignature of this checkpoint.', {
      place,
      allowed: cause.detail.allowed ?? '',
      hint: 'Compare ANCHOR_WITNESS_KEY with the key that the witness publishes.',
      cause,
    });
  }
}

/** The size that a witness says it holds; null if it says none. */
function sizeIn({ contentType, body }: Posted): number | null {
  const [, digits = ''] = /^(0|[1-9][0-9]*)\n$/.exec(body.toString()) ?? [];
  const size = digits === '' ? NaN : Number(digits);
  return contentType === 'text/x.tlog.size' && Number.isSafeInteger(size) ? size : null;
}

const another = (place: string, size: number): Failure =>
  refused('The witness has cosigned another log of this size.', { place, found: `${size} entries` });

const holdsMore = (place: string, held: number, size: number): Failure =>
  refused('The witness has cosigned more than this log holds.', {
    place,
    found: `${held} entries`,
    allowed: `${size} entries`,
  });

const unclear = ({ status }: Posted, place: string): Failure =>
  unreachable('The witness refused the checkpoint and did not say what it holds.', {
    place,
    found: `HTTP ${status}`,
  });

interface Shown {
  readonly place: string;
  readonly from: number;
  readonly size: number;
}

/** 422 says that our proof does not start from the tree it holds: of that many entries it has seen others. */
function notTaken({ status }: Posted, { place, from, size }: Shown): Failure {
  const found = `HTTP ${status}`;
  switch (status) {
    case 422:
      return refused('The witness has cosigned a log that this one does not extend.', {
        place,
        found: `${found}: ${from} entries do not lead to ${size}`,
      });
    case 403:
      return unreachable('The witness does not know the key that this log is signed with.', {
        place,
        found,
        hint: 'Give the witness the verifier key of `export-gate keys show`.',
      });
    case 404:
      return unreachable('The witness does not know this log, or nothing answers there.', {
        place,
        found,
        hint: 'See ANCHOR_WITNESS_URL; give the witness the verifier key of `export-gate keys show`.',
      });
    default:
      return unreachable('The witness did not take the checkpoint.', { place, found });
  }
}
