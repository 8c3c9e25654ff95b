import { hour } from '../domain/calendar.ts';
import type { AskedFacts } from '../domain/eligibility.ts';
import { holds } from '../domain/number-list.ts';
import type { NhsNumber } from '../domain/nhs-number.ts';
import type { NumberList } from '../domain/number-list.ts';
import type { LedgerReader, StoredRun } from '../ports.ts';
import { keyOfRun } from './context.ts';
import type { Pipeline } from './context.ts';
import { answerPaper, decodeNumbers, requestPaper, takePaper } from './papers.ts';

/** One accepted answer by itself: how many numbers were asked and returned, and how often its list had been split before. */
export interface JudgedAnswer {
  readonly level: number;
  readonly asked: number;
  readonly returned: number;
}

/** What the requests of a run came to. */
export interface Answers {
  readonly asked: number;
  /** Numbers of answered lists, and numbers refused alone. */
  readonly answered: number;
  readonly judged: readonly JudgedAnswer[];
  /** Some answer came but has grown too old to be used. */
  readonly tooOld: boolean;
  readonly check: (number: NhsNumber) => AskedFacts['check'];
}

interface AnsweredList {
  readonly asked: NumberList;
  readonly returned: NumberList | null;
  readonly refused: boolean;
}

/** Reads what every list of the run came to. Lists that were split or voided stand in their successors. */
export async function readAnswers(pipeline: Pipeline, tx: LedgerReader, run: StoredRun): Promise<Answers> {
  const { keyring, clock, config } = pipeline;
  const desk = { keyring, key: await keyOfRun(tx, run) };
  const oldest = clock.now() - config.check.maxAgeHours * hour;
  const lists: AnsweredList[] = [];
  const judged: JudgedAnswer[] = [];
  let tooOld = false;
  for (const { localId, level, state, sentAt } of await tx.requests(run)) {
    if (state === 'void' || state === 'split') continue;
    const asked = decodeNumbers(await takePaper(tx, desk, requestPaper(localId)));
    const fresh = sentAt !== null && sentAt >= oldest;
    tooOld ||= state === 'answered' && !fresh;
    const counts = state === 'answered' && fresh;
    const returned = counts ? decodeNumbers(await takePaper(tx, desk, answerPaper(localId))) : null;
    lists.push({ asked, returned, refused: state === 'refused' });
    if (returned !== null) judged.push({ level, asked: asked.length, returned: returned.length });
  }
  const settled = ({ returned, refused }: AnsweredList): boolean => returned !== null || refused;
  return {
    asked: lengthOf(lists),
    answered: lengthOf(lists.filter(settled)),
    judged,
    tooOld,
    check: (number) => whatCheckSaid(lists, number),
  };
}

const lengthOf = (lists: readonly AnsweredList[]): number =>
  lists.reduce((sum, { asked }) => sum + asked.length, 0);

function whatCheckSaid(lists: readonly AnsweredList[], number: NhsNumber): AskedFacts['check'] {
  const list = lists.find(({ asked }) => holds(asked, number));
  if (list?.refused === true) return 'refused';
  if (list === undefined || list.returned === null) return 'unanswered';
  return holds(list.returned, number) ? 'returned' : 'not-returned';
}
