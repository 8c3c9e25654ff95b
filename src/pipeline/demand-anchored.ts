/** Nothing is asked and nothing leaves while those who are to remember the log do not know it, or know another one. */
import { stopsExport } from '../domain/anchoring.ts';
import type { AnchorName, AnchorStanding } from '../domain/anchoring.ts';
import { formatInstant } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import { anchorStandings, rememberSince } from './anchor-standings.ts';
import { anchorOne, newestSigned, showingTo } from './anchoring.ts';
import type { AnchorDesk } from './anchoring.ts';

/**
 * Where an anchor is overdue or has refused, it is tried once more; then this throws `anchor-refused` or `anchor-overdue`, and the run waits
 * where it stands. Those that remember are asked in any case: an older ledger put back in the place of ours must be found out before
 * anybody is asked about, not after.
 */
export async function demandAnchored(desk: AnchorDesk): Promise<void> {
  if (desk.anchors.length === 0) return;
  await rememberSince(desk);
  const newest = await newestSigned(desk);
  const pressing = new Set((await pressingAnchors(desk)).map(({ anchor }) => anchor));
  const failures = new Map<AnchorName, Failure | null>();
  for (const anchor of desk.anchors) {
    const isPressing = pressing.has(anchor.name);
    if (!isPressing && !anchor.remembers) continue;
    const showing = await showingTo(desk, anchor, newest);
    const { failure } = await anchorOne(desk, anchor, showing, isPressing ? 'everything' : 'news');
    failures.set(anchor.name, failure);
  }
  const left = await pressingAnchors(desk);
  const worst = left.find(({ state }) => state === 'refused') ?? left[0];
  if (worst !== undefined) throw stopped(worst, failures.get(worst.anchor) ?? null);
}

const pressingAnchors = async (desk: AnchorDesk): Promise<readonly AnchorStanding[]> =>
  (
    await anchorStandings(
      desk,
      desk.anchors.map(({ name }) => name),
    )
  ).filter(stopsExport);

const stoppedWords = {
  'anchor-refused':
    'An anchor holds more than this log, or something else. Nobody is asked about and nothing leaves until a person knows which of the two was changed.',
  'anchor-overdue':
    'An anchor has taken nothing for longer than it may: since then the log rests on our own key alone. Nobody is asked about and nothing leaves.',
} as const;

function stopped({ anchor, state, last, since }: AnchorStanding, why: Failure | null): Failure {
  const code = state === 'refused' ? 'anchor-refused' : 'anchor-overdue';
  const taken =
    last === null
      ? `nothing taken since ${formatInstant(since)}`
      : `${last.size} entries, taken ${formatInstant(last.at)}`;
  const { detail } = why ?? {};
  return new Failure(code, {
    message: [stoppedWords[code], why?.message ?? ''].join(' ').trim(),
    place: detail?.place ?? `anchor ${anchor}`,
    found: [`anchor ${anchor}: ${taken}`, detail?.found ?? ''].filter((words) => words !== '').join('; '),
    hint: state === 'refused' && detail?.hint !== undefined ? detail.hint : waitingHint,
    cause: why,
  });
}

const waitingHint =
  'The run waits where it stands. See to the anchor, then run the same command again: it goes on once the anchor has taken the log.';
