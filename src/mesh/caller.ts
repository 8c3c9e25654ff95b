import { Failure } from '../domain/failure.ts';
import type { Chance, Clock } from '../ports.ts';
import { authorizationHeader, freshStamp } from './authorization.ts';
import type { Credentials } from './authorization.ts';
import { failureOfAnswer, retryAfterMs } from './error-shapes.ts';
import type { MeshLimits } from './limits.ts';
import { withRetries } from './retry.ts';
import type { Attempt } from './retry.ts';
import type { Wire, WireAnswer, WireOutcome } from './wire.ts';

/** A call of the mailbox, before it is authorised. */
export interface MeshCall {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Behind `/messageexchange`, percent-encoded. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly maximumBytes?: number;
}

export interface Caller {
  readonly mailboxId: string;
  readonly limits: MeshLimits;
  /**
   * Makes the call until it succeeds, each time with a token of its own; only for calls that do no harm when made twice. Throws what
   * the last attempt met: the codes of `Wire.exchange` and of `failureOfAnswer`.
   */
  call(call: MeshCall): Promise<WireAnswer>;
  /** Makes the call exactly once, on a connection of its own. */
  callOnce(call: MeshCall): Promise<WireOutcome>;
}

export interface CallerParts {
  readonly wire: Wire;
  readonly credentials: Credentials;
  readonly clock: Clock;
  readonly chance: Chance;
  readonly limits: MeshLimits;
  readonly signal: AbortSignal;
}

/** Version 2, and nothing else beside it: several types in one value are refused (MESH API v2 specification, versioning). */
const accept = 'application/vnd.mesh.v2+json';

/** Calls of one mailbox, authorised. */
export function createCaller(parts: CallerParts): Caller {
  const { wire, credentials, clock, chance, limits } = parts;

  const exchange = (call: MeshCall, ownConnection: boolean): Promise<WireOutcome> =>
    wire.exchange(
      {
        method: call.method,
        path: `/messageexchange${call.path}`,
        headers: {
          accept,
          'accept-encoding': 'identity',
          ...call.headers,
          authorization: authorizationHeader(credentials, freshStamp(clock.now(), chance.bytes(16))),
        },
        body: call.body ?? new Uint8Array(),
        maximumBytes: call.maximumBytes ?? limits.answerBytes,
        ownConnection,
      },
      placeOf(call),
    );

  const attempt = async (call: MeshCall): Promise<Attempt<WireAnswer>> => {
    const outcome = await exchange(call, false);
    if (outcome.kind === 'broken') return { succeeded: false, failure: outcome.failure, waitMs: 0 };
    if (outcome.status < 300) return { succeeded: true, value: outcome };
    const waitMs = retryAfterMs(outcome.headers, clock.now());
    return { succeeded: false, failure: failureOfAnswer(outcome, placeOf(call)), waitMs };
  };

  return {
    mailboxId: credentials.mailboxId,
    limits,
    call: (call) => withRetries(() => attempt(call), parts),
    callOnce: (call) => exchange(call, true),
  };
}

/** The call in words for a message: without its query, which only repeats what is configured. */
export const placeOf = ({ method, path }: MeshCall): string =>
  `${method} /messageexchange${path.replace(/\?.*$/, '')}`;

/** `mesh-malformed` for an answer that came whole but says something MESH does not say. */
export const notAsAgreed = (call: MeshCall, why: string): Failure =>
  new Failure('mesh-malformed', {
    message: `MESH answered in a way that is not in its specification: ${why}.`,
    place: placeOf(call),
    hint: 'Nothing of it was used. If it comes again, report it to the MESH service desk.',
  });
