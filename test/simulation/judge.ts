/**
 * What must hold in every history, whatever went wrong (invariants I1 to I9, I11 and I12 of the reliability notes), judged from outside:
 * by the reference gate, by what the far side knows it answered, and by what stands in log and drops. Nothing of the gate is asked.
 */
import { mayBeAsked, referenceRelease } from '../support/reference-gate.ts';
import type { GateQuestion, RawIntake } from '../support/reference-gate.ts';
import type { History, Night } from './history.ts';
import type { Seen, StandingIntake, ToldChoice } from './play.ts';

type Entry = Seen['entries'][number];

/** What was wrong, in words that name no number; empty where nothing was. */
export async function judge(history: History, seen: Seen): Promise<readonly string[]> {
  return [
    ...seen.faults,
    ...releases(history, seen),
    ...requests(seen),
    ...dropsAndLog(seen),
    ...people(seen),
    ...messages(seen),
    ...ends(history, seen),
    ...totals(seen),
    ...openNumbers(seen),
    ...(await verified(seen)),
  ];
}

const text = (entry: Entry, name: string): string => String(entry[name]);
const of = (entries: readonly Entry[], what: string, run?: string): readonly Entry[] =>
  entries.filter((entry) => entry['what'] === what && (run === undefined || entry['run'] === run));

/** I1, I2: everybody in a drop is somebody whom the policy lets go, on an answer to this run's own request that is not too old. */
function releases(history: History, seen: Seen): readonly string[] {
  const { entries, intakes, told, publications, world } = seen;
  return publications.flatMap((publication, place) => {
    const { run, businessDate, numbers, at } = publication;
    // A drop may stand a good while before its entry does: what was written down later does not count.
    const entryAt = entries.findIndex((entry) => entry['what'] === 'run-released' && entry['run'] === run);
    const before = entries
      .slice(0, entryAt === -1 ? undefined : entryAt)
      .filter((entry) => Date.parse(text(entry, 'at')) <= at);
    const [gated] = of(before, 'run-gated', run);
    if (gated === undefined) return [`${run}: a drop without a gate`];
    const laid = intakes.filter(({ after }) => after <= place);
    const byDigest = (digest: string): StandingIntake | undefined =>
      intakes.find((intake) => intake.digest === digest);
    const own = byDigest(text(gated, 'intake'));
    const newest = newestOf(laid, businessDate);
    if (own === undefined || newest === undefined) return [`${run}: decided on an intake that never stood`];
    const heard = told.filter(({ after }) => after <= place).map(({ cells }) => cells);
    const readAt = new Date(at).toISOString();
    const earlier = seenBefore(before, byDigest);
    const question = (cells: RawIntake, date: string): GateQuestion => ({
      intake: withTold(cells, heard),
      earlier,
      businessDate: date,
      readAt,
      policy: 'test',
    });
    // Meant to be sent: where nobody learnt whether it was, its answer says so. Voided ones are looked for elsewhere.
    const localIds = new Set(of(before, 'request-intended', run).map((entry) => entry['localId']));
    const young = world.farSide.requests
      .filter(({ localId, at: sentAt }) => localIds.has(localId) && at - sentAt <= 20 * 3_600_000)
      .map(({ localId }) => localId);
    const answered = new Set(
      world.farSide.good
        .filter(({ localId, from }) => young.includes(localId) && from <= at)
        .flatMap((answer) => [...answer.numbers]),
    );
    // An intake that another has taken the place of cannot be read again: it counts as it was at the gate.
    const stands = laid.findLast((intake) => intake.businessDate === businessDate) === own;
    const beforeGate = entries.slice(0, entries.indexOf(gated));
    const asGated: GateQuestion = {
      ...question(own.cells, businessDate),
      intake: withTold(own.cells, toldIn(told, beforeGate)),
      earlier: seenBefore(beforeGate, byDigest),
      readAt: text(gated, 'at'),
    };
    const allowed = referenceRelease(
      stands ? question(own.cells, businessDate) : asGated,
      answered,
      question(newest.cells, readAt.slice(0, 10)),
    );
    const isCalm = history.nights.some(
      (night) => night.businessDate === businessDate && isUndisturbed(night),
    );
    const missing = isCalm && run.endsWith('/r1') && [...allowed].some((number) => !numbers.includes(number));
    const wrong = numbers.filter((number) => !allowed.has(number));
    return [
      ...(missing ? [`${run}: somebody who may leave was left out`] : []),
      ...new Set(
        wrong.map(
          (number) => `${run}: sent somebody who ${answered.has(number) ? 'may not be' : 'was not cleared'}`,
        ),
      ),
    ];
  });
}

/** R13: nobody is asked about who may not be, by all that was told before the request was meant to be sent. */
function requests({ entries, intakes, told, world }: Seen): readonly string[] {
  const byDigest = (digest: unknown): StandingIntake | undefined =>
    intakes.find((intake) => intake.digest === digest);
  const found = new Set<string>();
  for (const { localId, numbers } of world.farSide.requests) {
    const intended = entries.findIndex(
      (entry) => entry['what'] === 'request-intended' && entry['localId'] === localId,
    );
    const before = entries.slice(0, Math.max(intended, 0));
    const run = text(entries[intended] ?? {}, 'run');
    const [gated] = of(before, 'run-gated', run);
    if (gated === undefined) {
      found.add('a request that nobody meant to send');
      continue;
    }
    const heard = toldIn(told, before);
    const readAt = text(entries[intended] ?? {}, 'at');
    const earlier = seenBefore(before, byDigest);
    for (const digest of [gated['intake'], gated['newestIntake']]) {
      const cells = byDigest(digest)?.cells;
      if (cells === undefined) continue;
      const intake = withTold(cells, heard);
      const allowed = mayBeAsked({ intake, earlier, businessDate: run.slice(0, 10), readAt, policy: 'test' });
      if (numbers.some((number) => !allowed.has(number)))
        found.add(`${run}: asked about somebody who may not be`);
    }
  }
  return [...found];
}

const withTold = (cells: RawIntake, heard: readonly ToldChoice['cells'][]): RawIntake => ({
  ...cells,
  choices: [...cells.choices, ...heard],
});

/** The choices that people had recorded here when these entries were all. */
const toldIn = (told: readonly ToldChoice[], entries: readonly Entry[]): ToldChoice['cells'][] =>
  told.slice(0, of(entries, 'choice-recorded').length).map(({ cells }) => cells);

const isUndisturbed = ({ troubles, answers }: Night): boolean =>
  troubles.length === 0 && answers.every((kind) => kind === 'proper');

/** What stands last of each date from this one on; the one produced last. */
function newestOf(laid: readonly StandingIntake[], businessDate: string): StandingIntake | undefined {
  const standing = new Map<string, StandingIntake>();
  for (const intake of laid)
    if (intake.businessDate >= businessDate) standing.set(intake.businessDate, intake);
  return [...standing.values()].sort((a, b) => b.producedAt - a.producedAt)[0];
}

/** The intakes that the log says were decided on, in order, each as read then. */
function seenBefore(
  before: readonly Entry[],
  byDigest: (digest: string) => StandingIntake | undefined,
): RawIntake[] {
  const earlier: RawIntake[] = [];
  for (const entry of before) {
    const digests =
      entry['what'] === 'run-gated'
        ? [entry['intake'], entry['newestIntake']]
        : entry['what'] === 'run-decided'
          ? [entry['newestIntake']]
          : [];
    for (const digest of new Set(digests)) {
      const intake = byDigest(String(digest));
      if (intake !== undefined) earlier.push({ ...intake.cells, readAt: text(entry, 'at') });
    }
  }
  return earlier;
}

/** I4, I5: one drop a run, never another; each with its entry and each entry with its drop. */
function dropsAndLog({ entries, publications }: Seen): readonly string[] {
  const found: string[] = [];
  const runs = new Set(publications.map(({ run }) => run));
  for (const run of runs) {
    if (publications.filter((each) => each.run === run).length > 1)
      found.push(`${run}: its drop became another`);
    if (of(entries, 'run-released', run).length !== 1)
      found.push(`${run}: a drop that the log does not tell of once`);
    if (of(entries, 'run-decided', run).length === 0) found.push(`${run}: a drop without a decision`);
  }
  for (const entry of of(entries, 'run-released'))
    if (!runs.has(text(entry, 'run'))) found.push(`${text(entry, 'run')}: released without a drop`);
  return found;
}

/**
 * What people said: nothing leaves past a hold that nobody approved, or past an answer that could not be believed and that nobody looked at;
 * and nothing is asked or leaves while everything is stopped.
 */
function people({ entries }: Seen): readonly string[] {
  const found: string[] = [];
  const held = new Map<unknown, number>();
  const odd = new Set<unknown>();
  let isStopped = false;
  for (const entry of entries) {
    const run = entry['run'];
    const holds = held.get(run) ?? 0;
    if (entry['what'] === 'run-held') held.set(run, holds + 1);
    if (entry['what'] === 'hold-approved') held.set(run, holds - 1);
    if (entry['what'] === 'answer-refused') odd.add(run);
    if (entry['what'] === 'hold-approved') odd.delete(run);
    if (entry['what'] === 'run-released' && odd.has(run))
      found.push(`${String(run)}: left though nobody looked at an answer that was refused`);
    if (entry['what'] === 'run-released' && holds > 0) found.push(`${String(run)}: left past a hold`);
    if (entry['provider'] === null && entry['what'] === 'stop-set') isStopped = true;
    if (entry['provider'] === null && entry['what'] === 'stop-lifted') isStopped = false;
    if (isStopped && (entry['what'] === 'run-released' || entry['what'] === 'request-intended'))
      found.push(`${String(run)}: ${entry['what']} while everything is stopped`);
  }
  return found;
}

/** I7, and: no local id twice, nothing used of a void request. */
function messages({ entries, world }: Seen): readonly string[] {
  const found = world.unkept.map(() => 'a message was acknowledged before it was kept');
  const sent = world.farSide.requests.map(({ localId }) => localId);
  if (new Set(sent).size !== sent.length) found.push('two messages under one local id');
  const voided = new Set(of(entries, 'request-voided').map((entry) => entry['localId']));
  const requestOf = new Map(
    of(entries, 'message-kept').map((entry) => [entry['messageId'], entry['localId']]),
  );
  for (const entry of of(entries, 'message-understood'))
    if (entry['as'] === 'answer' && voided.has(requestOf.get(entry['messageId'])))
      found.push('an answer to a void request was used');
  return found;
}

/** I8: every date ended, and where nothing disturbed it, it released everybody who may leave. */
function ends(history: History, { runs }: Seen): readonly string[] {
  return history.nights.flatMap(({ businessDate }) =>
    runs.some((run) => run.businessDate === businessDate) ? [] : [`${businessDate}: no run at all`],
  );
}

/** I9: counts balance. */
function totals({ entries, publications, intakes }: Seen): readonly string[] {
  const sum = (counts: unknown): number =>
    Object.values(counts as Record<string, number>).reduce((total, count) => total + count, 0);
  return of(entries, 'run-sealed').flatMap((entry) => {
    const run = text(entry, 'run');
    const { rows, asked, outcomes } = entry['totals'] as Record<string, never>;
    const own = intakes.find(({ digest }) => digest === of(entries, 'run-gated', run)[0]?.['intake']);
    const released = publications.find((each) => each.run === run)?.numbers.length ?? 0;
    const found: string[] = [];
    if (sum(rows) !== own?.cells.serviceUsers.length) found.push(`${run}: rows do not add up`);
    if (sum(outcomes) !== Number(asked)) found.push(`${run}: outcomes do not add up to those asked about`);
    if ((outcomes as unknown as Record<string, number>)['released'] !== released)
      found.push(`${run}: the total is not what left`);
    return found;
  });
}

/** I10: no number stands in the log. */
const openNumbers = ({ entries }: Seen): readonly string[] =>
  entries.some((entry) => /(?<![0-9a-f])9[0-9]{9}(?![0-9a-f])/.test(JSON.stringify(entry)))
    ? ['a number stands in the log']
    : [];

/** I6: the log is what was signed. */
async function verified({ world }: Seen): Promise<readonly string[]> {
  const { audit } = await world.start();
  return world.store.ledger.read(async (tx) => {
    try {
      await audit.verify(tx);
      return [];
    } catch (thrown) {
      return [`the log does not verify: ${String(thrown)}`];
    }
  });
}
