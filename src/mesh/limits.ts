/** Everything the client does not do for ever. Sizes in bytes, times in milliseconds. */
export interface MeshLimits {
  /** Until the connection stands, TLS included. */
  readonly connectMs: number;
  /** Silence on the connection, in either direction. */
  readonly idleMs: number;
  /** One call from beginning to end. */
  readonly overallMs: number;
  /** A connection nobody uses is closed after this long, before a firewall forgets it without a word. */
  readonly keepMs: number;
  readonly headerBytes: number;
  /** Body of an answer that is no message: a page of the inbox, an id. */
  readonly answerBytes: number;
  /** Body of a refusal, of which a few words are shown. */
  readonly refusalBytes: number;
  /** One part of a message, as it comes over the wire; MESH sends at most 100 MB. */
  readonly partBytes: number;
  /** All parts of a message together, as they come over the wire. */
  readonly messageBytes: number;
  /** A message unpacked. */
  readonly decodedBytes: number;
  readonly parts: number;
  /** Pages of one look into the inbox, each of up to 500 messages. */
  readonly pages: number;
  /** Calls made in all before a failure that may pass is passed on. */
  readonly attempts: number;
  /** Greatest wait before the second attempt; doubles with each one, up to `backoffCapMs`. */
  readonly backoffMs: number;
  readonly backoffCapMs: number;
  /** Longest wait that MESH may ask for by `retry-after`. */
  readonly retryAfterCapMs: number;
}

const mebibyte = 1024 * 1024;

export const meshLimits: MeshLimits = {
  connectMs: 15_000,
  idleMs: 60_000,
  overallMs: 600_000,
  keepMs: 10_000,
  headerBytes: 16 * 1024,
  answerBytes: mebibyte,
  refusalBytes: 64 * 1024,
  partBytes: 100 * mebibyte,
  messageBytes: 128 * mebibyte,
  decodedBytes: 128 * mebibyte,
  parts: 1000,
  pages: 200,
  attempts: 4,
  backoffMs: 500,
  backoffCapMs: 10_000,
  retryAfterCapMs: 60_000,
};
