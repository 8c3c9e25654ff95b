/**
 * Made-up people whom the gate plants among the real ones: at every provider, one for each way of opting out, held back by nothing else.
 * They go through the same hands; one who is asked about, or held back for another reason, shows that those hands cannot be trusted tonight.
 */
import { addDays } from './calendar.ts';
import type { Decision } from './decision.ts';
import type { Terms } from './eligibility.ts';
import { Failure } from './failure.ts';
import type { InServiceChoice } from './in-service-choice.ts';
import { isOneRepeatedDigit, passesModulus11 } from './nhs-number.ts';
import type { NhsNumber } from './nhs-number.ts';
import { holds, numberList } from './number-list.ts';
import type { NumberList } from './number-list.ts';
import type { Provider } from './provider.ts';
import type { Roster } from './roster.ts';
import { endOfTime } from './service-user.ts';
import type { ServiceUserRow } from './service-user.ts';

/** Told to the home by word of mouth, on paper or on a screen; ticked on the roster; told on an earlier night. */
export const optOutWays = ['verbal', 'written', 'digital', 'column', 'carried'] as const;
type OptOutWay = (typeof optOutWays)[number];

interface Canary {
  readonly provider: Provider;
  readonly way: OptOutWay;
}

/** No id of an intake holds a control character (`isUnsafeId`): nobody real can be taken for one of these. */
const idOf = ({ provider, way }: Canary): string => `\u0000canary ${way} ${provider.providerId}`;

/** The numbers below this one, downwards: 999, which is issued to nobody. */
const highest = 9_999_999_998;

export class Canaries {
  readonly #planted: readonly Canary[];
  readonly #terms: Terms;
  #numbers: NumberList = numberList([]);

  constructor(providers: Iterable<Provider>, terms: Terms) {
    this.#terms = terms;
    this.#planted = [...providers].flatMap((provider) => optOutWays.map((way) => ({ provider, way })));
  }

  /** What those say who opt out by a choice; to be heard with the choices of the real ones. */
  *choices(readAt: number): Generator<InServiceChoice> {
    for (const canary of this.#planted) {
      if (canary.way === 'column' || canary.way === 'carried') continue;
      yield {
        serviceUserId: idOf(canary),
        choice: 'opt_out',
        channel: canary.way,
        requestedAt: readAt,
        recordedAt: readAt,
        decidedBy: 'self',
      };
    }
  }

  /** Adds them to a roster whose real rows are all in, under numbers that none of those bears. */
  plant(roster: Pick<Roster, 'bears' | 'plant'>): void {
    const numbers: NhsNumber[] = [];
    let next = highest;
    for (const canary of this.#planted) {
      while (!passesModulus11(next) || isOneRepeatedDigit(next) || roster.bears(next)) next--;
      roster.plant(this.#rowOf(canary, next), canary.way === 'carried');
      numbers.push(next--);
    }
    this.#numbers = numberList(numbers);
  }

  #rowOf(canary: Canary, number: NhsNumber): ServiceUserRow {
    return {
      serviceUserId: idOf(canary),
      providerId: canary.provider.providerId,
      locationId: '1-000000000',
      number: { kind: 'valid', number },
      personType: 'service_user',
      informedOn: addDays(this.#terms.businessDate, -1),
      noticeVersion: canary.provider.noticeVersion,
      choiceColumn: canary.way === 'column' ? 'opted_out' : 'none',
      restricted: 'no',
      residentFrom: '0001-01-01',
      residentTo: endOfTime,
    };
  }

  /** Their numbers, which no request and no drop may hold. */
  get numbers(): NumberList {
    return this.#numbers;
  }

  /** Throws `canary-survived` where one would be asked about, `canary-lost` where one is missing or held back for another reason. */
  demandHeldBack(decision: Pick<Decision, 'plantedOutcomes'>): void {
    const outcomes = decision.plantedOutcomes();
    this.#planted.forEach((canary, index) => {
      const outcome = outcomes[index];
      if (outcome === 'opted-out-in-service') return;
      const place = `${canary.provider.providerId}, opted out: ${canary.way}`;
      if (outcome === 'asked') throw survived(place);
      throw new Failure('canary-lost', {
        message: 'A made-up person who opted out was not held back for that.',
        place,
        found: outcome ?? 'no outcome',
        allowed: 'opted-out-in-service',
        hint: stand,
      });
    });
  }
}

/** Throws `canary-survived` where a list holds the number of a made-up person. `place`: what the list was to be. */
export function demandNoCanary(numbers: NumberList, canaries: NumberList, place: string): void {
  if (canaries.some((canary) => holds(numbers, canary))) throw survived(place);
}

const survived = (place: string): Failure =>
  new Failure('canary-survived', {
    message: 'A made-up person who opted out was about to be sent.',
    place,
    allowed: 'nobody who opted out',
    hint: stand,
  });

const stand =
  'Nothing was sent. The fault is in this program or this machine, not in the intake: run nothing more with it, and report this.';
