/**
 * The simulator's time. Nothing ticks: what is due is done, in order of its due time, when somebody calls or moves the clock.
 */
export interface Agenda {
  /** The base clock plus everything it was advanced by, in milliseconds since 1970. */
  readonly now: () => number;
  /** Moves the clock (back as well) and does what is then due. */
  readonly advance: (ms: number) => void;
  /** `act` is told the instant it was due at, which may lie before `now()`. Of two things due at once the first scheduled is first. */
  readonly schedule: (dueAt: number, act: (dueAt: number) => void) => void;
  /** Does everything due by now, and whatever that in turn makes due. */
  readonly settle: () => void;
}

interface Due {
  readonly at: number;
  readonly act: (dueAt: number) => void;
}

export function createAgenda(baseNow: () => number): Agenda {
  const due: Due[] = [];
  let offset = 0;
  const now = (): number => baseNow() + offset;

  const settle = (): void => {
    for (let next = due[0]; next !== undefined && next.at <= now(); next = due[0]) {
      due.shift();
      next.act(next.at);
    }
  };

  return {
    now,
    settle,
    advance(ms) {
      settle();
      offset += ms;
      settle();
    },
    schedule(at, act) {
      let place = due.length;
      while (place > 0 && (due[place - 1]?.at ?? 0) > at) place -= 1;
      due.splice(place, 0, { at, act });
    },
  };
}
