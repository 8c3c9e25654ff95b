import fs from 'node:fs';
import path from 'node:path';
import { choicesTable, providersTable, rosterTable } from '../../src/intake/tables.ts';
import type { Chance } from '../cohort/chance.ts';
import { csvLine, LineFile, writeManifest } from '../cohort/intake-folder.ts';
import { testNumbers } from '../cohort/numbers.ts';

/** A few people whose minds change from night to night. */
export interface Cohort {
  /** Writes the intake of a night; some opt out in it, some whose opt-out was written before have lost it since. */
  writeIntake(intakeDir: string, date: string, producedAt: string): void;
  /** Numbers that may be sent on a night whose intake was read: nobody who ever opted out in one that was, and nobody nationally. */
  mayBeSent(): readonly string[];
  isOptedOut(number: string): boolean;
}

interface Person {
  readonly id: string;
  readonly number: string;
  readonly national: boolean;
  everOptedOut: boolean;
}

export function createCohort(chance: Chance): Cohort {
  const numbers = testNumbers(chance);
  const people = Array.from({ length: chance.between(12, 40) }, (_, at): Person => {
    const number = numbers.next().value;
    return { id: `SU-${at}`, number, national: chance.draw() < 0.05, everOptedOut: false };
  });
  const national = new Set(people.filter((person) => person.national).map(({ number }) => number));

  return {
    isOptedOut: (number) => national.has(number),
    mayBeSent: () =>
      people
        .filter((person) => !person.national && !person.everOptedOut)
        .map(({ number }) => number)
        .sort(),
    writeIntake(intakeDir, date, producedAt) {
      const folder = path.join(intakeDir, date);
      fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
      const says = people.map((person) => {
        const optsOut = chance.draw() < (person.everOptedOut ? 0.4 : 0.06);
        person.everOptedOut ||= optsOut;
        return optsOut;
      });
      const files = [
        write(folder, providersTable.name, providersTable.columns, [provider]),
        write(folder, choicesTable.name, choicesTable.columns, []),
        write(
          folder,
          rosterTable.name,
          rosterTable.columns,
          people.map((person, at) => row(person, says[at] === true)),
        ),
      ];
      writeManifest(folder, { businessDate: date, producedAt, supplier: 'Drill Care Records', files });
    },
  };
}

const provider = {
  ...{
    provider_id: 'PR-01',
    name: 'Alderfold House Care',
    ods_code: 'ZZ001',
    participating_from: '2026-01-05',
  },
  ...{
    participating_to: '',
    agreement_ref: 'DPA-0001',
    agreement_expires_on: '2099-03-31',
    notice_version: 'v2',
  },
  ...{ policy_review_due_on: '2099-01-05', data_protection_lead: 'Data Protection Lead' },
};

const row = (
  { id, number }: Person,
  optsOut: boolean,
): Record<(typeof rosterTable.columns)[number], string> => ({
  ...{ service_user_id: id, provider_id: 'PR-01', location_id: '1-1099000101', nhs_number: number },
  ...{ person_type: 'service_user', informed_on: '2026-01-19', notice_version: 'v2' },
  ...{ in_service_choice: optsOut ? 'opted_out' : 'none', restricted: 'no' },
  ...{ resident_from: '2024-06-03', resident_to: '' },
});

function write<C extends string>(
  folder: string,
  name: string,
  columns: readonly C[],
  rows: readonly Readonly<Record<C, string>>[],
): ReturnType<LineFile['close']> {
  const file = new LineFile(path.join(folder, name));
  file.write(columns.join(','));
  for (const each of rows) file.write(csvLine(columns, each));
  return file.close();
}
