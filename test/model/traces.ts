/** Logs that the program wrote, as the steps of the model; of nights with one request at a time and nothing that the model leaves out. */
import { drawHistory } from '../simulation/history.ts';
import type { History } from '../simulation/history.ts';
import { play } from '../simulation/play.ts';
import type { Seen } from '../simulation/play.ts';

export interface Trace {
  readonly name: string;
  readonly steps: readonly string[];
}

type Entry = Seen['entries'][number];

/** Entries that are no step of the model: of the house, of receipts, or before the run's first step. */
const passedOver = new Set(
  [
    'configuration-in-force',
    'run-opened',
    'run-gated',
    'run-attested',
    'choice-recorded',
    'key-destroyed',
  ].concat([...['log-opened', 'heartbeat', 'log-recomputed', 'intake-disposed']]),
);
const steps = new Set(
  [
    'request-intended',
    'request-sent',
    'request-voided',
    'request-unanswered',
    'run-asked',
    'message-kept',
  ].concat(
    [
      'message-acknowledged',
      'run-answered',
      'run-decided',
      'decision-withdrawn',
      'run-released',
      'run-sealed',
    ],
    ['run-withheld'],
  ),
);

/** One night with crashes, takeovers, faults of MESH and of the disk, and people who change their minds. */
function night(seed: number): History {
  const history = drawHistory(seed);
  const [first] = history.nights as readonly [History['nights'][number]];
  const troubles = first.troubles.filter((each) => !('what' in each) || each.what.does === 'choice');
  const answers = ['proper', 'proper', 'silent', 'late'] as const;
  return {
    ...history,
    maxNumbers: 100_000,
    layout: 'single',
    nights: [{ ...first, troubles, answers: [answers[seed % 4]!], hold: 'approve', rerun: false }],
  };
}

/** The steps of a run; null where something happened that the model does not know. */
export function stepsOf(entries: readonly Entry[]): readonly string[] | null {
  const meant = new Map(
    entries
      .filter(({ what }) => what === 'message-understood')
      .map((entry) => [entry['messageId'], entry['as']]),
  );
  const told: string[] = [];
  const meantToSend = new Set<unknown>();
  for (const entry of entries) {
    const what = String(entry['what']);
    const as = meant.get(entry['messageId']);
    if (what === 'request-intended') meantToSend.add(entry['localId']);
    // One that was only planned is taken back before the model begins with it.
    if (what === 'request-voided' && !meantToSend.has(entry['localId'])) continue;
    if (passedOver.has(what) || as === 'receipt' || as === 'stranger') continue;
    if (what === 'message-understood' && (as === 'answer' || as === 'late'))
      told.push(as === 'answer' ? 'answer_understood' : 'answer_late');
    else if (steps.has(what)) told.push(what.replaceAll('-', '_'));
    else return null;
  }
  const times = (wanted: string): number => told.filter((step) => step === wanted).length;
  const intents = times('request_intended');
  return intents === 0 || intents > 2 || times('decision_withdrawn') > 1 ? null : told;
}

/** So many logs that differ, from seeds upwards. */
export async function drawTraces(wanted: number): Promise<Trace[]> {
  const found = new Map<string, Trace>();
  for (let seed = 1; found.size < wanted && seed <= 800; seed++) {
    const history = night(seed);
    const seen = await play(history);
    await seen.world.end();
    const told = stepsOf(seen.entries);
    if (told !== null && !found.has(told.join()))
      found.set(told.join(), { name: `seed ${seed}`, steps: told });
  }
  return [...found.values()];
}

const swap = (steps_: readonly string[], one: string, other: string): readonly string[] | null => {
  const [a, b] = [steps_.indexOf(one), steps_.indexOf(other)];
  if (a === -1 || b === -1) return null;
  return steps_.map((step, at) => (at === a ? other : at === b ? one : step));
};
const without = (steps_: readonly string[], gone: string): readonly string[] | null =>
  steps_.includes(gone) ? steps_.filter((step) => step !== gone) : null;

/** What no log may say: each of these made of a log that was written. */
export const lies: readonly (readonly [
  name: string,
  lie: (told: readonly string[]) => readonly string[] | null,
])[] = [
  ['acknowledged before it was kept', (told) => swap(told, 'message_kept', 'message_acknowledged')],
  ['sent before it was meant', (told) => swap(told, 'request_intended', 'request_sent')],
  ['released before it was decided', (told) => swap(told, 'run_decided', 'run_released')],
  ['decided without an answer', (told) => without(told, 'answer_understood')],
  ['understood what was never kept', (told) => without(told, 'message_kept')],
  ['sealed and not released', (told) => without(told, 'run_released')],
  ['released twice', (told) => (told.includes('run_released') ? [...told, 'run_released'] : null)],
  ['asked for ever', (told) => without(told, 'run_answered')],
];
