import { hash } from 'node:crypto';

/** Numbers of a text with one on each line; white space and empty lines do not count. */
export const numbersOf = (text: string): ReadonlySet<string> =>
  new Set(
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  );

/** Opts out about `share` (0 to 1) of all numbers, always the same ones for one seed: those whose hash with it falls below the share. */
export function optedOutByShare(share: number, seed: string): (nhsNumber: string) => boolean {
  const limit = share * 2 ** 32;
  return (nhsNumber) => parseInt(hash('sha256', `${seed}\n${nhsNumber}`).slice(0, 8), 16) < limit;
}
