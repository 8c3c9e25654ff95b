/** Requests and messages of the ledger beside those of the log: every intent has its outcome, every message its three entries. */
import type { Finding } from '../../domain/reconciliation.ts';
import type { StoredMessage, StoredRequest } from '../../ports.ts';
import type { Ledgered, LedgeredRun } from './ledgered.ts';
import { hasEnded } from './log-account.ts';
import type { LogAccount, MessageAccount, RequestAccount } from './log-account.ts';
import { isNear } from './runs.ts';
import { atEntry, finding, shown } from './told.ts';

export function* requestFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  const unseen = new Map(log.requests);
  for (const ledgered of ledger.runs) {
    if (!log.runs.has(ledgered.name)) continue;
    for (const request of ledgered.requests) {
      const account = unseen.get(request.localId);
      unseen.delete(request.localId);
      yield* requestDifferences(ledgered.name, request, account);
    }
    yield* uncounted(log, ledgered);
  }
  const missingRuns = new Set(
    [...log.runs.keys()].filter((run) => !ledger.runs.some(({ name }) => name === run)),
  );
  for (const { localId, run, state, position } of unseen.values()) {
    if (missingRuns.has(run)) continue;
    const told = `${state}, first at entry ${position}`;
    yield finding('request-missing', `run ${run}, request ${localId}`, 'no such request in the ledger', told);
  }
  for (const { localId, run, intended, state } of log.requests.values()) {
    if (state !== 'intended' || intended === null || !hasEnded(log, run)) continue;
    const found = 'neither sent, nor void, nor answered, and the run is over';
    yield finding('intent-without-outcome', `run ${run}, request ${localId}`, found, atEntry(intended));
  }
}

function* requestDifferences(
  run: string,
  request: StoredRequest,
  account: RequestAccount | undefined,
): Generator<Finding> {
  const place = `run ${run}, request ${request.localId}`;
  if (account === undefined) {
    if (request.state !== 'planned')
      yield finding('request-without-entry', place, `a request in state ${request.state}`, 'nothing of it');
    return;
  }
  const { intended } = account;
  const columns: readonly (readonly [string, unknown, unknown])[] = [
    ['run', run, account.run],
    ['state', request.state, account.state],
    ['message_id', request.messageId, account.messageId],
    ['sequence', request.sequence, intended?.sequence ?? request.sequence],
    ['subject', request.subject, request.localId.replace(/-[0-9a-f]{16}$/, '')],
    ['sent_at', request.sentAt, request.sentAt === null ? null : request.intendedAt],
  ];
  for (const [column, found, told] of columns) {
    if (shown(found) !== shown(told))
      yield finding('request-differs', `${place}, ${column}`, shown(found), shown(told));
  }
  if (!isNear(request.intendedAt, intended?.at ?? null))
    yield finding('request-differs', `${place}, intended_at`, shown(request.intendedAt), shown(intended?.at));
}

/** Planning has no entry of its own: how many requests of each level there are follows from the gate, from voided and split ones. */
function* uncounted(log: LogAccount, { name, requests }: LedgeredRun): Generator<Finding> {
  const gated = log.runs.get(name)?.gated ?? null;
  const ids = new Set(requests.map(({ localId }) => localId));
  // One that is missing has been named, and its level with it is lost.
  if ([...log.requests.values()].some(({ run, localId }) => run === name && !ids.has(localId))) return;
  const told = new Map<number, number>([[0, gated?.requests ?? 0]]);
  const found = new Map<number, number>();
  const add = (to: Map<number, number>, level: number, count: number): unknown =>
    to.set(level, (to.get(level) ?? 0) + count);
  for (const { localId, level, state } of requests) {
    const account = log.requests.get(localId);
    if (account === undefined && state !== 'planned') continue;
    add(found, level, 1);
    if (account?.state === 'void') add(told, level, account.successors);
    if (account?.state === 'split') add(told, level + 1, account.successors);
  }
  for (const level of [...new Set([...told.keys(), ...found.keys()])].sort((a, b) => a - b)) {
    const [is, should] = [found.get(level) ?? 0, told.get(level) ?? 0];
    if (is !== should)
      yield finding(
        'requests-uncounted',
        `run ${name}, level ${level}`,
        `${is} requests`,
        `${should} requests`,
      );
  }
}

export function* messageFindings(log: LogAccount, ledger: Ledgered): Generator<Finding> {
  const unseen = new Map(log.messages);
  for (const message of ledger.messages) {
    const account = unseen.get(message.messageId);
    unseen.delete(message.messageId);
    if (account === undefined) {
      const place = `message ${message.messageId}`;
      yield finding('message-without-entry', place, 'a message in the ledger', 'nothing of it');
    } else yield* messageDifferences(message, account);
  }
  for (const [messageId, { kept }] of unseen) {
    yield finding('message-missing', `message ${messageId}`, 'no such message in the ledger', atEntry(kept));
  }
}

function* messageDifferences(message: StoredMessage, account: MessageAccount): Generator<Finding> {
  const place = `message ${message.messageId}`;
  const columns: readonly (readonly [string, unknown, unknown])[] = [
    ['local_id', message.localId, account.kept.localId],
    ['acknowledged', message.acknowledged, account.acknowledged],
    ['understood', message.understood, account.understood],
  ];
  for (const [column, found, told] of columns) {
    if (shown(found) !== shown(told))
      yield finding('message-differs', `${place}, ${column}`, shown(found), shown(told));
  }
  if (!isNear(message.receivedAt, account.kept.at))
    yield finding('message-differs', `${place}, received_at`, shown(message.receivedAt), account.kept.at);
}
