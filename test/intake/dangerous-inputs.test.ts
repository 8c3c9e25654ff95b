/** The dangerous inputs that reach the gate through the intake: each must be refused, or come out as something that withholds. */
import fs from 'node:fs';
import path from 'node:path';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { readInstant } from '../../src/domain/calendar.ts';
import type { InServiceChoice } from '../../src/domain/in-service-choice.ts';
import { ChoiceBook } from '../../src/domain/in-service-choice.ts';
import type { ServiceUserRow } from '../../src/domain/service-user.ts';
import { createIntakeReader } from '../../src/intake/intake-folder.ts';
import type { IntakeReader } from '../../src/ports.ts';
import { all } from '../support/contracts/intake-contract.ts';
import { businessDate, choiceCells, intakeOfEachTest, rosterCells } from '../support/intake-folder.ts';
import type { ChoiceCells, RosterCells } from '../support/intake-folder.ts';

const now = Date.parse('2026-11-22T02:30:00Z');

describe('dangerous inputs', () => {
  const intakes = intakeOfEachTest();
  const { put } = intakes;
  let reader: IntakeReader;
  beforeEach(() => {
    reader = createIntakeReader({ intakeDir: intakes.dir });
  });

  const verify = () => reader.verify({ businessDate, openedAt: now, now, usedElsewhere: new Set() });
  const refusal = (code: string): Promise<void> => expect(verify()).rejects.toMatchObject({ code });
  const roster = async (...rows: RosterCells[]): Promise<ServiceUserRow[]> => {
    put({ roster: rows });
    return all(reader.roster(await verify()));
  };
  const choices = async (...rows: ChoiceCells[]): Promise<InServiceChoice[]> => {
    put({ choices: rows });
    return all(reader.choices(await verify()));
  };

  it('1: a list of choices that is empty because a query failed', async () => {
    const empty = (texts: Record<string, string | Buffer>): void => {
      texts['in-service-choices.csv'] = '';
    };
    put({ choices: [] }, { tables: empty });
    await refusal('intake-header');
    const header = fs.readFileSync(path.join(put({ choices: [] }), 'in-service-choices.csv'));
    fs.writeFileSync(path.join(put({}), 'in-service-choices.csv'), header);
    await refusal('intake-file-altered');
    // The digest is that of the emptied file, for who wrote it did not know; the number of rows comes from elsewhere.
    const emptied = (texts: Record<string, string | Buffer>): void => {
      texts['in-service-choices.csv'] = header;
    };
    put({}, { tables: emptied });
    await refusal('intake-file-short');
  });

  it('2: ids and numbers that carry spaces', async () => {
    put({ choices: [choiceCells({ service_user_id: 'SU-000001 ' })] });
    await expect(all(reader.choices(await verify()))).rejects.toMatchObject({ code: 'intake-id-unsafe' });
    const cells = [
      '999 000 0018',
      '9990000018 ',
      ' 9990000018',
      '999-000-0018',
      '999  000 0018',
      '9.99E+09',
      '990000018',
    ];
    const rows = await roster(...cells.map((nhs_number) => rosterCells({ nhs_number })));
    expect(rows.map(({ number }) => number.kind)).toEqual(['valid', ...cells.slice(1).map(() => 'invalid')]);
  });

  it("3: yesterday's list under today's name", async () => {
    const yesterday = put({}, {}, '2026-11-21');
    const today = path.join(intakes.dir, businessDate);
    fs.cpSync(yesterday, today, { recursive: true });
    await refusal('manifest-of-another-date');
    // Even with today's date written into its manifest.
    const manifest = path.join(today, 'manifest.json');
    fs.writeFileSync(manifest, fs.readFileSync(manifest, 'utf8').replace('2026-11-21', businessDate));
    await refusal('manifest-of-another-date');
    fs.rmSync(yesterday, { recursive: true });
    put({ producedAt: '2026-11-21T02:29:59Z' });
    await refusal('manifest-stale');
  });

  it('4: a list cut at a line end', async () => {
    const two = {
      choices: [choiceCells(), choiceCells({ choice_id: 'CH-2', service_user_id: 'SU-000002' })],
    };
    const file = path.join(put(two), 'in-service-choices.csv');
    fs.writeFileSync(file, `${fs.readFileSync(file, 'utf8').split('\n').slice(0, 2).join('\n')}\n`);
    await refusal('intake-file-altered');
    const cut = (texts: Record<string, string | Buffer>): void => {
      texts['in-service-choices.csv'] = fs.readFileSync(file);
    };
    put(two, { tables: cut });
    await refusal('intake-file-short');
  });

  it('5: two columns of one name', async () => {
    for (const column of ['nhs_number', 'in_service_choice']) {
      const doubled = (texts: Record<string, string | Buffer>): void => {
        const lines = String(texts['service-users.csv']).trimEnd().split('\n');
        texts['service-users.csv'] = [`${lines[0] ?? ''},${column}`, `${lines[1] ?? ''},9990000026`, ''].join(
          '\n',
        );
      };
      put({}, { tables: doubled });
      await refusal('intake-header');
    }
  });

  it('6: a BOM before the header, so that the first column has another name', async () => {
    const marked = (texts: Record<string, string | Buffer>): void => {
      for (const [name, text] of Object.entries(texts)) texts[name] = `\uFEFF${String(text)}`;
    };
    put({}, { tables: marked });
    const intake = await verify();
    expect((await all(reader.roster(intake)))[0]?.serviceUserId).toBe('SU-000001');
    expect([...(await reader.providers(intake)).keys()]).toEqual(['PR-01']);
    put({ choices: [choiceCells({ choice: 'opt_out' })] }, { tables: marked });
    expect((await all(reader.choices(await verify())))[0]?.choice).toBe('opt_out');
  });

  it('7: flags that are nearly on their list', async () => {
    const cells = [
      'N/A',
      'y',
      'TRUE ',
      '1',
      '',
      'None',
      'none ',
      ' opted_in',
      'OPTED_OUT',
      'opted-in',
      'no',
      'false',
    ];
    const rows = await roster(...cells.map((in_service_choice) => rosterCells({ in_service_choice })));
    expect(new Set(rows.map(({ choiceColumn }) => choiceColumn))).toEqual(new Set(['unknown']));
    const flags = ['N', 'No', '', 'false', '0', 'no '];
    const restricted = await roster(
      ...flags.map((flag) => rosterCells({ restricted: flag, person_type: flag })),
    );
    expect(new Set(restricted.flatMap((row) => [row.restricted, row.personType]))).toEqual(
      new Set(['unknown']),
    );
    const said = await choices(
      ...cells.map((cell) => choiceCells({ choice: cell, channel: cell, decided_by: cell })),
    );
    const book = new ChoiceBook(now);
    for (const row of said) book.add(row);
    expect(new Set(said.flatMap((row) => [row.choice, row.channel, row.decidedBy]))).toEqual(
      new Set(['unknown']),
    );
    expect([...book.objectionsByFoldedId().values()]).toEqual(['value-unknown']);
  });

  it('8: two rows for one person, the later one clean', async () => {
    const rows = await roster(
      rosterCells({ in_service_choice: 'opted_out', restricted: 'yes' }),
      rosterCells({ in_service_choice: 'none', restricted: 'no' }),
    );
    expect(rows.map(({ choiceColumn, restricted }) => [choiceColumn, restricted])).toEqual([
      ['opted_out', 'yes'],
      ['none', 'no'],
    ]);
  });

  it('9: dates in another order, of another length, or of no calendar', async () => {
    const cells = [
      '01/02/2026',
      '31/12/9999',
      '2026-02-30',
      '2026-2-1',
      '20260201',
      '2026-02-01T00:00:00Z',
      ' 2026-02-01',
    ];
    const rows = await roster(
      ...cells.map((cell) => rosterCells({ informed_on: cell, resident_from: cell, resident_to: cell })),
    );
    expect(new Set(rows.flatMap((row) => [row.informedOn, row.residentFrom, row.residentTo]))).toEqual(
      new Set([null]),
    );
    const times = [
      '2026-11-18',
      '2026-11-18 10:05:00',
      '2026-11-18T10:05:00',
      '2026-11-18T10:05Z',
      '18/11/2026 10:05',
    ];
    const said = await choices(
      ...times.map((cell) => choiceCells({ requested_at: cell, recorded_at: cell })),
    );
    expect(new Set(said.flatMap((row) => [row.requestedAt, row.recordedAt]))).toEqual(new Set([null]));
    expect(readInstant('2026-11-18T10:05:00Z')).not.toBeNull();
  });

  it('18: digits of another script that fold to ours', async () => {
    const inScript = (zero: number): string =>
      '9990000018'.replaceAll(/\d/g, (digit) => String.fromCodePoint(zero + Number(digit)));
    const full = inScript(0xff10);
    const arabic = inScript(0x660);
    const rows = await roster(...[full, arabic].map((nhs_number) => rosterCells({ nhs_number })));
    expect(rows.map(({ number }) => number.kind)).toEqual(['invalid', 'invalid']);
    const dated = await roster(rosterCells({ informed_on: '２０２６-01-19', location_id: '1-１099000101' }));
    expect(dated[0]?.informedOn).toBeNull();
  });

  it('20: a folder from before somebody opted out, restored under its own date', async () => {
    put({ producedAt: '2026-11-21T01:00:00Z' });
    await refusal('manifest-stale');
  });
});
