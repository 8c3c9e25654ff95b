/** Types of verify-audit.mjs, for the tests; the script itself needs none. */
export interface Fault {
  /** The first entry that is not what it should be; null where a file beside the entries is at fault. */
  readonly position: number | null;
  /** The last entry that it may be: further on only where the folder does not tell which. */
  readonly until: number | null;
  readonly what: string;
}
export interface Held {
  readonly name: string;
  readonly note: Uint8Array;
}
/** What an anchor gave back, as far as it can be checked here. */
export interface Receipt {
  readonly anchor: string;
  readonly size: number;
  readonly checked: boolean;
  readonly at: string | null;
}
/** A verifier key, read. */
export interface Key {
  readonly text: string;
  readonly name: string;
  readonly id: string;
}
export interface Report {
  readonly sound: boolean;
  readonly fault: Fault | null;
  readonly faults: readonly Fault[];
  readonly origin: string | null;
  readonly size: number;
  readonly root: string | null;
  readonly checkpoints: number;
  readonly keys: readonly { readonly from: number; readonly verifierKey: string }[];
  readonly trusted: boolean;
  readonly anchored: number;
  readonly receipts: readonly Receipt[];
  readonly nights: readonly {
    readonly run: string;
    readonly position: number;
    readonly numbers: number | null;
  }[];
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  readonly silentDays: readonly string[];
}
export type Files = ReadonlyMap<string, Buffer>;
export function checkLog(
  files: Files,
  options?: { key?: string | null; held?: readonly Held[]; witnesses?: readonly Key[] },
): Report;
/** `type`: 1 for a log, 4 for a witness. */
export function parseKey(text: string, type?: 1 | 4): Key | null;
export function checkProof(
  text: string,
  known: {
    keys: readonly { readonly from: number; readonly verifierKey: string }[];
    files?: Files | null;
    held?: readonly Held[];
  },
): string | null;
export function readFolder(folder: string): Map<string, Buffer>;
export function run(args: readonly string[]): { readonly code: number; readonly words: string };
