/**
 * How a log lies in a folder, exported or anchored: names that sort in the order of the entries, and nothing that depends on a clock.
 *
 *   entries/000000000000.jsonl   the stored lines, a thousand a file, named by the position of the first; only the last file grows
 *   checkpoints/000000001234     every signed checkpoint, named by its size
 *   checkpoint                   the newest of them; replaced last, so that a reader sees nothing that is not there yet
 *   verifier-keys                a line a key: the first tree size that it may sign, a space, the verifier key
 *   anchors/<anchor>-<size>      what an anchor gave back for the checkpoint of that size
 *   lists/<date>-r<n>-<list>     person-level lists, where they are exported with the log
 */
export const entriesPerSegment = 1000;

const widest = 12;
const padded = (n: number): string => String(n).padStart(widest, '0');

/** The file that holds the entry at this position. */
export const segmentName = (position: number): string =>
  `entries/${padded(position - (position % entriesPerSegment))}.jsonl`;

export const checkpointName = (size: number): string => `checkpoints/${padded(size)}`;
export const newestCheckpointName = 'checkpoint';
export const verifierKeysName = 'verifier-keys';
export const receiptName = (anchor: string, size: number): string => `anchors/${anchor}-${padded(size)}`;
