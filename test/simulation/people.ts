/** Draws who lives where, what the homes know of them, and how that changes from night to night; as the cells of the intake files. */
import type { Dice } from '../support/chance.ts';
import type { RawIntake } from '../support/reference-gate.ts';

type Cells = Record<string, string>;

export interface DrawnIntakes {
  /** One for each date. */
  readonly intakes: readonly RawIntake[];
  readonly ids: readonly string[];
  readonly numbers: readonly string[];
  readonly providers: readonly string[];
}

/** Ways in which a row may be out of the ordinary; a history knows about half of them. */
const rowTwists: readonly ((row: Cells, date: string, dice: Dice) => void)[] = [
  (row) => void (row['in_service_choice'] = 'opted_out'),
  (row) => void (row['in_service_choice'] = 'opted_in'),
  (row) => void (row['in_service_choice'] = 'N/A'),
  (row) => void (row['restricted'] = 'yes'),
  (row) => void (row['restricted'] = ''),
  (row) => void (row['person_type'] = 'staff'),
  (row) => void (row['person_type'] = 'guest'),
  (row, date) => void (row['informed_on'] = date),
  (row) => void (row['informed_on'] = ''),
  (row) => void (row['informed_on'] = '01/02/2026'),
  (row) => void (row['notice_version'] = 'v1'),
  (row) => void (row['notice_version'] = ''),
  (row, date) => void (row['resident_to'] = before(date)),
  (row, date) => void (row['resident_to'] = date),
  (row) => void (row['resident_from'] = 'long ago'),
  (row) => void (row['location_id'] = 'the lodge'),
  (row) => void (row['provider_id'] = 'home-9'),
  (row) => void (row['nhs_number'] = ''),
  (row) => void (row['nhs_number'] = row['nhs_number']!.slice(0, 9) + 'X'),
  (row) => void (row['nhs_number'] = row['nhs_number']!.replace(/^(...)(...)/, '$1 $2 ')),
  (row) => void (row['service_user_id'] = row['service_user_id']!.toUpperCase()),
  (row) => void (row['service_user_id'] = ''),
];

const providerTwists: readonly ((row: Cells, date: string) => void)[] = [
  (row, date) => void (row['participating_to'] = before(date)),
  (row, date) => void (row['participating_to'] = date),
  (row, date) => void (row['agreement_expires_on'] = before(date)),
  (row) => void (row['agreement_expires_on'] = 'soon'),
  (row) => void (row['notice_version'] = 'v3'),
  (row) => void (row['participating_from'] = ''),
];

const before = (date: string): string => new Date(Date.parse(date) - 86_400_000).toISOString().slice(0, 10);

/** The nth valid number from 999 000 0000, its check digit by the rule and not by the code under test. */
function numberOf(n: number): string {
  const nine = Array.from(String(999_000_000 + n), Number);
  const check = 11 - (nine.reduce((sum, digit, place) => sum + digit * (10 - place), 0) % 11);
  return check === 10 ? numberOf(n + 5_000) : nine.join('') + String(check % 11);
}

/** `least` people, or up to twice as many. */
export function drawIntakes(dice: Dice, dates: readonly string[], least: number): DrawnIntakes {
  const chance = (perMille: number): boolean => dice.below(1_000) < perMille;
  const count = least + dice.below(least);
  const ids = Array.from({ length: count }, (_, n) => `su-${n + 1}`);
  const numbers = Array.from({ length: count }, (_, n) => numberOf(n * 7));
  const providers = ['home-1', 'home-2', 'home-3'].slice(0, 1 + dice.below(3));
  const twists = rowTwists.filter(() => chance(500));
  const homeTwists = providerTwists.filter(() => chance(500));
  const swaps = chance(300);
  const forgets = chance(300);
  const deciders = ['self', 'attorney', 'deputy', 'relative', 'staff', '?'];

  const base = ids.map((id, n): Cells => ({
    service_user_id: id,
    provider_id: dice.pick(providers),
    location_id: `1-10000000${dice.below(3)}`,
    nhs_number: numbers[n]!,
    person_type: 'service_user',
    informed_on: '2026-11-01',
    notice_version: 'v2',
    in_service_choice: 'none',
    restricted: 'no',
    resident_from: '2025-01-01',
    resident_to: '',
  }));
  const choices: Cells[] = [];
  /** The first few speak most often, so that one word meets another of the same person. */
  const speaker = (): string => ids[dice.below(chance(700) ? 5 : count)]!;
  const addChoice = (date: string): void => {
    const at = new Date(Date.parse(date) - dice.below(3 * 24) * 3_600_000).toISOString();
    const id = speaker();
    const said: Cells = {
      choice_id: `c-${choices.length + 1}`,
      service_user_id: chance(80) ? id.toUpperCase() : id,
      choice: chance(30) ? 'opted out' : chance(550) ? 'opt_out' : 'opt_in',
      channel: chance(30) ? 'by pigeon' : dice.pick(['verbal', 'written', 'digital']),
      requested_at: chance(50) ? '' : at,
      recorded_at: at,
      recorded_by: 'staff-1',
      decided_by: chance(600) ? 'self' : dice.pick(deciders),
    };
    choices.push(said);
    if (chance(150))
      choices.push({ ...said, choice_id: `c-${choices.length + 1}`, choice: 'opt_in', decided_by: 'self' });
  };

  /** Twists that last: what a home writes down today mostly stands tomorrow. */
  const lasting = new Map<number, (row: Cells, date: string, dice: Dice) => void>();
  const intakes = dates.map((date): RawIntake => {
    if (twists.length > 0)
      for (let n = 0; n < count; n++) {
        if (chance(60)) lasting.set(n, dice.pick(twists));
        else if (chance(150)) lasting.delete(n);
      }
    for (let n = dice.below(4); n > 0; n--) addChoice(date);
    // Records are lost: what was said and seen once must stand all the same.
    if (forgets && choices.length > 0 && chance(600)) choices.splice(dice.below(choices.length), 1);
    const rows = base.map((row) => ({ ...row }));
    for (const [n, twist] of lasting) twist(rows[n]!, date, dice);
    if (swaps && chance(400)) rows[dice.below(count)]!['nhs_number'] = dice.pick(numbers);
    if (chance(300)) rows.push({ ...dice.pick(base), provider_id: dice.pick(providers) });
    if (chance(100)) rows.push({ ...dice.pick(rows), nhs_number: dice.pick(numbers) });
    if (chance(200)) rows.splice(dice.below(rows.length), 1);
    if (chance(300)) rows.reverse();
    const homes = providers.map((id): Cells => {
      const home: Cells = {
        provider_id: id,
        name: id,
        ods_code: 'ZZ001',
        participating_from: '2026-01-05',
        participating_to: '',
        agreement_ref: 'DPA-1',
        agreement_expires_on: '2027-03-31',
        notice_version: 'v2',
        policy_review_due_on: '2027-01-05',
        data_protection_lead: 'Lead',
      };
      if (homeTwists.length > 0 && chance(80)) dice.pick(homeTwists)(home, date);
      return home;
    });
    return { serviceUsers: rows, choices: choices.map((row) => ({ ...row })), providers: homes };
  });
  return { intakes, ids, numbers, providers };
}

/** Now and then somebody opts in, then out, and the record of the latter is lost after the first night: it must be carried all the same. */
export function withLostOptOut(
  { intakes, ids }: DrawnIntakes,
  [firstDate = '', ...others]: readonly string[],
  dice: Dice,
): readonly RawIntake[] {
  if (others.length === 0 || dice.below(100) >= 15) return intakes;
  const id = dice.pick(ids);
  const said = (choice: string, days: number): Cells => {
    const at = new Date(Date.parse(firstDate) - days * 86_400_000).toISOString();
    const of = { choice_id: `lost-${choice}`, service_user_id: id, choice, channel: 'written' };
    return { ...of, requested_at: at, recorded_at: at, recorded_by: 'staff-1', decided_by: 'self' };
  };
  return intakes.map((intake, night) => ({
    ...intake,
    choices: [...intake.choices, said('opt_in', 3), ...(night === 0 ? [said('opt_out', 1)] : [])],
  }));
}
