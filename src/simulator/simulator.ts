import { randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { createAgenda } from './agenda.ts';
import { createTokenDesk } from './authorization.ts';
import type { RouteName } from './call.ts';
import { createDirectory } from './directory.ts';
import type { MailboxAccount } from './directory.ts';
import { createFaultScript, scripted } from './faults.ts';
import type { FaultName, ScriptedFault } from './faults.ts';
import { createMailboxStore } from './mailbox-store.ts';
import { createMeshServer } from './mesh-server.ts';
import { plainEnvelope } from './message.ts';
import type { Envelope } from './message.ts';
import { startOptOutCheck } from './opt-out-check.ts';
import { refuse } from './refusals.ts';
import { summaryOf } from './sent-summary.ts';
import type { SentSummary } from './sent-summary.ts';

export interface SimulatorOptions {
  readonly sharedKey: string;
  /** The clients. The check's own mailbox, and one of a stranger, are there besides. */
  readonly mailboxes: readonly MailboxAccount[];
  /** Nobody unless told. */
  readonly isOptedOut?: (nhsNumber: string) => boolean;
  /** Numbers the check refuses although they are well-formed; none unless told. */
  readonly isRefused?: (nhsNumber: string) => boolean;
  readonly checkMailboxId?: string;
  readonly checkWorkflowId?: string;
  /** From acceptance of the request, by the simulator's clock; 300 and 1500 unless told. */
  readonly receiptDelayMs?: number;
  readonly answerDelayMs?: number;
  /** Every chunk but the last must be larger (version 2); 5 MiB unless told. */
  readonly minimumChunkBytes?: number;
  /** One call carries no more; 100 MB unless told. */
  readonly maximumBodyBytes?: number;
  /** The base clock, milliseconds since 1970; the real one unless told. */
  readonly now?: () => number;
  readonly chance?: (bytes: number) => Uint8Array;
}

/** What the simulator counted since it was made. */
export interface Statistics {
  readonly now: string;
  readonly calls: Readonly<Partial<Record<RouteName, number>>>;
  /** By mailbox: calls that began while another of the same mailbox was not yet answered. */
  readonly overlaps: Readonly<Record<string, number>>;
  readonly faultsWaiting: readonly ScriptedFault[];
}

/** The far side: MESH API v2 and the national check behind it, in memory, with a clock of its own. */
export interface Simulator {
  /** Answers one call as the live service would. A broken connection is `Response.error()`. */
  readonly handle: (request: Request) => Promise<Response>;
  readonly clock: {
    readonly now: () => number;
    /** Moves the clock and does what is then due. */
    readonly advance: (ms: number) => void;
  };
  /** Scripts a fault for the next `times` events it fits. */
  readonly fault: (name: FaultName, said?: { times?: number; delayMs?: number }) => void;
  /** Puts a message into a mailbox, as another mailbox would have sent it; its id. */
  readonly deliver: (envelope: Pick<Envelope, 'from' | 'to'> & Partial<Envelope>, body: Uint8Array) => string;
  /** Every message accepted from a client, in order. Never a number. */
  readonly sent: () => readonly SentSummary[];
  /** Ids of the messages clients acknowledged, in order. */
  readonly acknowledged: () => readonly string[];
  /** How often a message was downloaded (the first chunk of one with several). */
  readonly downloads: (messageId: string) => number;
  /** Calls of a mailbox that began while another of it was under way (conformance 801: one thread per mailbox). */
  readonly overlaps: (mailboxId: string) => number;
  readonly statistics: () => Statistics;
}

/** Taken once, so that a test that replaces the timers does not stop the far side. */
const nextTurn = promisify(setImmediate);

export function createSimulator(options: SimulatorOptions): Simulator {
  const settings = { ...defaults, ...options };
  const agenda = createAgenda(settings.now);
  const store = createMailboxStore(agenda, settings.chance);
  const script = createFaultScript();
  const check = { id: settings.checkMailboxId, name: 'Check for National Data Opt-outs', odsCode: 'X26' };
  const directory = createDirectory([
    ...settings.mailboxes,
    { ...check, workflows: [settings.checkWorkflowId] },
    { id: strangerMailboxId, name: 'A stranger' },
  ]);
  const sent: SentSummary[] = [];
  const acknowledged = new Set<string>();
  const downloads = new Map<string, number>();
  const underWay = new Map<string, number>();
  const overlaps = new Map<string, number>();
  const calls = new Map<RouteName, number>();

  store.onAccepted((message) => void sent.push(summaryOf(message)));
  startOptOutCheck(agenda, store, script, {
    ...settings,
    mailboxId: settings.checkMailboxId,
    workflowId: settings.checkWorkflowId,
    strangerMailboxId,
  });
  const answer = createMeshServer({
    store,
    directory,
    desk: createTokenDesk(settings.sharedKey, directory),
    script,
    now: agenda.now,
    minimumChunkBytes: settings.minimumChunkBytes,
    onDownload: (messageId) => void count(downloads, messageId),
    onAcknowledge: (messageId) => void acknowledged.add(messageId),
    onCall: (route) => void count(calls, route),
  });

  return {
    async handle(request) {
      const mailbox = new URL(request.url).pathname.split('/')[2] ?? '';
      if (count(underWay, mailbox) > 1) count(overlaps, mailbox);
      try {
        const body = await bodyOf(request, settings.maximumBodyBytes);
        await nextTurn();
        agenda.settle();
        return body === null ? refuse('body-too-large', 1) : await answer(request, body);
      } finally {
        count(underWay, mailbox, -1);
      }
    },
    clock: { now: agenda.now, advance: agenda.advance },
    fault(name, said) {
      script.add(scripted(name, said));
    },
    deliver: (envelope, body) =>
      store.deliver({ ...plainEnvelope(envelope.from, envelope.to), ...envelope }, body, agenda.now()).id,
    sent: () => sent,
    acknowledged: () => [...acknowledged],
    downloads: (messageId) => downloads.get(messageId) ?? 0,
    overlaps: (mailboxId) => overlaps.get(mailboxId) ?? 0,
    statistics: () => ({
      now: new Date(agenda.now()).toISOString(),
      calls: Object.fromEntries(calls),
      overlaps: Object.fromEntries(overlaps),
      faultsWaiting: script.waiting(),
    }),
  };
}

const strangerMailboxId = 'X26STRANGER';

const defaults = {
  isOptedOut: () => false,
  isRefused: () => false,
  checkMailboxId: 'X26HC065',
  checkWorkflowId: 'SPINE_NTT_UPHOLDING',
  receiptDelayMs: 300,
  answerDelayMs: 1500,
  minimumChunkBytes: 5 * 1024 * 1024,
  maximumBodyBytes: 100_000_000,
  now: () => Date.now(),
  chance: (bytes: number): Uint8Array => randomBytes(bytes),
} satisfies Partial<SimulatorOptions>;

/** One more (or `by`) in a tally; the new count. */
function count<Key>(tally: Map<Key, number>, key: Key, by = 1): number {
  const next = (tally.get(key) ?? 0) + by;
  if (next === 0) tally.delete(key);
  else tally.set(key, next);
  return next;
}

/** The whole body; null as soon as it is larger than allowed. */
async function bodyOf(request: Request, maximumBytes: number): Promise<Uint8Array | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > maximumBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
