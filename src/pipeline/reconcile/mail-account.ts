/** What the log says of requests and of the messages that came. */
import { leavesRequestOpen } from '../../domain/hold.ts';
import type { RequestState } from '../../domain/run.ts';
import type { LogAccount, RequestAccount } from './log-account.ts';
import type { Told } from './told.ts';

/** From where an entry may move a request. */
const movesFrom: Readonly<Record<string, readonly RequestState[]>> = {
  intended: ['planned'],
  sent: ['intended'],
  void: ['planned', 'intended'],
  unanswered: ['planned', 'intended', 'sent'],
  answered: ['intended', 'sent'],
  'answer-refused': ['intended', 'sent'],
  split: ['intended', 'sent'],
  refused: ['intended', 'sent'],
};

/** Takes in what an entry says of a request: its own entries, and messages by which one is settled. */
export function addRequest(log: LogAccount, entry: Told): void {
  const move = moveOf(log, entry);
  if (move === null) return;
  const request = log.requests.get(move.localId) ?? planned(log, move.localId, entry);
  if (movesFrom[move.to]?.includes(request.state) !== true)
    log.outOfOrder.push({ about: 'request', entry, stood: request.state });
  request.state = move.to;
  if (entry.what === 'request-intended') request.intended = entry;
  else if (entry.what === 'request-sent') request.messageId = entry.messageId;
  else if (entry.what === 'request-voided') request.successors = entry.successor === '' ? 0 : 1;
  else if (entry.what === 'request-split') request.successors = entry.parts;
}

interface Move {
  readonly localId: string;
  readonly to: RequestState;
}

/** Entries that name the request they move. */
const ownMoves: Partial<Readonly<Record<Told['what'], RequestState>>> = {
  'request-intended': 'intended',
  'request-sent': 'sent',
  'request-voided': 'void',
  'request-split': 'split',
  'request-unanswered': 'unanswered',
  'number-refused-by-check': 'refused',
};

function moveOf(log: LogAccount, entry: Told): Move | null {
  const to = ownMoves[entry.what];
  if (to !== undefined && 'localId' in entry) return { localId: entry.localId, to };
  if (entry.what === 'message-understood')
    return entry.as === 'answer' || entry.as === 'report' ? settledBy(log, entry, entry.as) : null;
  if (entry.what !== 'answer-refused' || leavesRequestOpen(entry.reason)) return null;
  return settledBy(log, entry, 'answer-refused');
}

/** A message moves the request it speaks of; a report only one that was sent, a bad answer only an open one of a run that waits. */
function settledBy(
  log: LogAccount,
  { messageId, run }: { readonly messageId: string; readonly run: string },
  as: 'answer' | 'report' | 'answer-refused',
): Move | null {
  const localId = log.messages.get(messageId)?.kept.localId ?? '';
  const state = log.requests.get(localId)?.state;
  if (localId === '') return null;
  if (as === 'answer') return { localId, to: 'answered' };
  if (as === 'report') return state === 'sent' ? { localId, to: 'unanswered' } : null;
  const isOpen = state === 'sent' || state === 'intended';
  return isOpen && log.runs.get(run)?.state === 'asked' ? { localId, to: 'answer-refused' } : null;
}

function planned(log: LogAccount, localId: string, { run, position }: Told): RequestAccount {
  const request: RequestAccount = {
    ...{ localId, run, position },
    state: 'planned',
    intended: null,
    messageId: null,
    successors: 0,
  };
  log.requests.set(localId, request);
  return request;
}

/** Takes in what an entry says of a message: kept, then acknowledged, then understood, each once. */
export function addMessage(log: LogAccount, entry: Told): void {
  if (entry.what === 'message-kept') {
    if (log.messages.has(entry.messageId))
      log.outOfOrder.push({ about: 'message', entry, stood: 'kept before' });
    else log.messages.set(entry.messageId, { kept: entry, acknowledged: false, understood: null });
    return;
  }
  const understood =
    entry.what === 'message-understood' ? entry.as : entry.what === 'answer-refused' ? entry.reason : null;
  if (understood === null && entry.what !== 'message-acknowledged') return;
  const { messageId } = entry as Told<'message-acknowledged' | 'message-understood' | 'answer-refused'>;
  const message = log.messages.get(messageId);
  if (message === undefined) log.outOfOrder.push({ about: 'message', entry, stood: 'never kept' });
  else if (understood === null) {
    if (message.acknowledged) log.outOfOrder.push({ about: 'message', entry, stood: 'acknowledged before' });
    message.acknowledged = true;
  } else {
    if (!message.acknowledged || message.understood !== null) {
      const stood = message.understood ?? 'not acknowledged';
      log.outOfOrder.push({ about: 'message', entry, stood });
    }
    message.understood = understood;
  }
}
