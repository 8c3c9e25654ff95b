import { formatNhsNumber } from '../domain/nhs-number.ts';
import { numberList } from '../domain/number-list.ts';
import type { NhsNumber } from '../domain/nhs-number.ts';
import type { RunId } from '../domain/run.ts';
import type { Keyring, PersonGroup, PersonPlaces, WrappedKey } from '../ports.ts';

/** Bytes of a token of the index (ports, `PersonPlaces`). */
const tokenBytes = 16;

/** People of one run by provider, each once a provider with one code; turned into pseudonyms only when the list is built. */
export class PersonRows {
  readonly #byProvider = new Map<
    string,
    { readonly numbers: NhsNumber[]; readonly codes: Map<NhsNumber, number> }
  >();

  /** Adds a person under a provider; of several codes the lowest stays. */
  add(providerId: string, number: NhsNumber, code: number): void {
    let provider = this.#byProvider.get(providerId);
    if (provider === undefined) {
      provider = { numbers: [], codes: new Map() };
      this.#byProvider.set(providerId, provider);
    }
    provider.numbers.push(number);
    if (code > 0) provider.codes.set(number, Math.min(code, provider.codes.get(number) ?? code));
  }

  /** The people of one provider after another, so that only one provider's pseudonyms are in memory at a time. */
  *groups(keyring: Keyring, year: WrappedKey, run: RunId): Generator<PersonGroup> {
    const pseudonym = keyring.runPseudonyms(year, run);
    for (const [providerId, { numbers, codes }] of this.#byProvider) {
      const rows = Array.from(numberList(numbers), (number) => ({
        pseudonym: pseudonym(formatNhsNumber(number)),
        code: codes.get(number) ?? 0,
      }));
      yield { providerId, rows };
    }
  }

  /** The same people as the index of the year names them. */
  places(keyring: Keyring, year: WrappedKey): PersonPlaces[] {
    const token = keyring.personTokens(year);
    return Array.from(this.#byProvider, ([providerId, { numbers }]) => {
      const people = numberList(numbers);
      const tokens = Buffer.alloc(people.length * tokenBytes);
      people.forEach((number, at) => {
        tokens.set(token(formatNhsNumber(number)), at * tokenBytes);
      });
      return { providerId, tokens };
    });
  }
}
