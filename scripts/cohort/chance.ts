/** Chance that repeats itself: the same seed gives the same draws on every machine. */
export interface Chance {
  /** A number in [0, 1). */
  draw(): number;
  /** A whole number between `from` and `to`, both included. */
  between(from: number, to: number): number;
  oneOf<T>(list: readonly [T, ...T[]]): T;
}

/** Mulberry32: 32 bits of state, far more draws before it repeats than the largest cohort takes. Not for secrets. */
export function chanceFrom(seed: number): Chance {
  let state = seed | 0;

  function draw(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  const between = (from: number, to: number): number => from + Math.floor(draw() * (to - from + 1));
  return { draw, between, oneOf: (list) => list[between(0, list.length - 1)] ?? list[0] };
}
