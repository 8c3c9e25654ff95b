import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

import { beforeEach, describe, expect, it } from '@jest/globals';

import { createIntakeReader } from '../../src/intake/intake-folder.ts';
import type { IntakeReader, IntakeTerms, VerifiedIntake } from '../../src/ports.ts';
import { all } from '../support/contracts/intake-contract.ts';
import {
  businessDate,
  choiceCells,
  intakeOfEachTest,
  providerCells,
  rosterCells,
} from '../support/intake-folder.ts';

const now = Date.parse('2026-11-22T02:30:00Z');
const terms: IntakeTerms = { businessDate, openedAt: now, now, usedElsewhere: new Set() };
const failing = (code: string): unknown => expect.objectContaining({ code });
const names = ['service-users.csv', 'in-service-choices.csv', 'providers.csv'] as const;

describe('the intake on a disk', () => {
  const intakes = intakeOfEachTest();
  const { put } = intakes;
  let reader: IntakeReader;
  beforeEach(() => {
    reader = createIntakeReader({ intakeDir: intakes.dir });
  });

  const refusal = (code: string): Promise<void> =>
    expect(reader.verify(terms)).rejects.toEqual(failing(code));
  const readAll = async (intake: VerifiedIntake): Promise<void> => {
    await reader.providers(intake);
    await all(reader.choices(intake));
    await all(reader.roster(intake));
  };

  it('refuses each file cut at any byte', async () => {
    const folder = put();
    for (const name of [...names, 'manifest.json']) {
      const file = path.join(folder, name);
      const whole = fs.readFileSync(file);
      for (let length = 0; length < whole.length; length++) {
        fs.writeFileSync(file, whole.subarray(0, length));
        await refusal(name === 'manifest.json' ? 'manifest-invalid' : 'intake-file-altered');
      }
      fs.writeFileSync(file, whole);
    }
    await readAll(await reader.verify(terms));
  });

  it('refuses each file cut or with a bit turned after it was verified', async () => {
    const folder = put();
    const intake = await reader.verify(terms);
    for (const name of names) {
      const file = path.join(folder, name);
      const whole = fs.readFileSync(file);
      for (let at = 0; at < whole.length; at += 7) {
        const turned = Buffer.from(whole);
        turned[at] = (turned[at] ?? 0) ^ (1 << (at % 8));
        for (const bytes of [turned, whole.subarray(0, at)]) {
          fs.writeFileSync(file, bytes);
          await expect(readAll(intake)).rejects.toEqual(failing('intake-file-altered'));
        }
      }
      fs.writeFileSync(file, whole);
    }
    await readAll(intake);
  });

  it.each(names)('refuses without %s, and where it is a link, a folder or a pipe', async (name) => {
    const folder = put();
    const file = path.join(folder, name);
    fs.renameSync(file, path.join(folder, 'elsewhere'));
    await expect(reader.verify(terms)).rejects.toMatchObject({ detail: { place: name, found: 'nothing' } });
    await refusal('intake-file-missing');
    fs.symlinkSync('elsewhere', file);
    await refusal('intake-file-missing');
    fs.unlinkSync(file);
    fs.mkdirSync(file);
    await refusal('intake-file-missing');
    fs.rmdirSync(file);
    execFileSync('mkfifo', [file]);
    await refusal('intake-file-missing');
  });

  it('refuses without a manifest, with a link in its place, and one of over 64 KiB', async () => {
    const manifest = path.join(put(), 'manifest.json');
    fs.renameSync(manifest, `${manifest}.part`);
    await refusal('manifest-missing');
    fs.symlinkSync('manifest.json.part', manifest);
    await refusal('manifest-missing');
    fs.unlinkSync(manifest);
    fs.writeFileSync(manifest, `${fs.readFileSync(`${manifest}.part`, 'utf8')}${' '.repeat(1 << 16)}`);
    await refusal('manifest-invalid');
  });

  it('refuses a folder that is a link, and a business date that is a way elsewhere', async () => {
    const folder = put();
    fs.renameSync(folder, path.join(intakes.dir, 'staging'));
    fs.symlinkSync('staging', folder);
    await refusal('intake-missing');
    expect(await reader.dates()).toEqual([]);
    const away = reader.verify({ ...terms, businessDate: '../x' });
    await expect(away).rejects.toEqual(failing('intake-missing'));
  });

  it('refuses a manifest that speaks of another date', async () => {
    put({}, { manifest: (manifest) => (manifest.businessDate = '2026-11-21') });
    await refusal('manifest-of-another-date');
  });

  it('refuses a manifest that names a file twice', async () => {
    put({}, { manifest: (manifest) => (manifest.files = [manifest.files, manifest.files].flat()) });
    await refusal('intake-file-named-twice');
  });

  it.each(names)('refuses %s with a row more or less than its manifest says', async (name) => {
    for (const rows of [0, 2]) {
      put(
        {},
        {
          manifest: ({ files }) =>
            Object.assign(
              (files as { name: string }[]).find((of) => of.name === name)!,
              { rows },
            ),
        },
      );
      await refusal('intake-file-short');
    }
  });

  it.each(['service_user_id', 'provider_id', 'location_id'] as const)(
    'refuses an unsafe %s in the roster',
    async (column) => {
      for (const id of [
        'SU-1 ',
        '\tSU-1',
        '\u00a0SU-1',
        'SU\u200b-1',
        'SU-1\u202e',
        'SU\u00ad1',
        'SU\n1',
        'SU\u0085',
      ]) {
        put({ roster: [rosterCells(), rosterCells({ [column]: id })] });
        const intake = await reader.verify(terms);
        await expect(all(reader.roster(intake))).rejects.toMatchObject({
          code: 'intake-id-unsafe',
          detail: { place: `service-users.csv, line 3, ${column}` },
        });
      }
      put({ roster: [rosterCells({ [column]: 'Zoë Müller 7' })] });
      expect(await all(reader.roster(await reader.verify(terms)))).toHaveLength(1);
    },
  );

  it('refuses an unsafe id in the choices and the providers', async () => {
    for (const column of ['choice_id', 'service_user_id'] as const) {
      put({ choices: [choiceCells({ [column]: ' SU-1' })] });
      const intake = await reader.verify(terms);
      await expect(all(reader.choices(intake))).rejects.toEqual(failing('intake-id-unsafe'));
    }
    put({ providers: [providerCells({ provider_id: 'PR-01\u2060' })] });
    await expect(reader.providers(await reader.verify(terms))).rejects.toEqual(failing('intake-id-unsafe'));
  });

  it('leaves other files alone, when it reads and when it removes', async () => {
    const folder = put();
    fs.writeFileSync(path.join(folder, 'service-users.csv.bak'), 'x');
    fs.mkdirSync(path.join(intakes.dir, 'notes'));
    fs.mkdirSync(path.join(intakes.dir, '2026-11-20'));
    fs.mkdirSync(path.join(intakes.dir, '2026-02-30'));
    await readAll(await reader.verify(terms));
    expect(await reader.dates()).toEqual([businessDate]);
    await reader.remove(businessDate);
    expect(fs.readdirSync(folder)).toEqual(['service-users.csv.bak']);
    expect(await reader.dates()).toEqual([]);
  });

  it('removes a folder that was written or removed by half, and follows no link to do so', async () => {
    const folder = put();
    fs.rmSync(path.join(folder, 'manifest.json'));
    expect(await reader.dates()).toEqual([businessDate]);
    await reader.remove(businessDate);
    expect(fs.readdirSync(intakes.dir)).toEqual([]);

    fs.renameSync(put(), path.join(intakes.dir, 'staging'));
    fs.symlinkSync('staging', folder);
    await reader.remove(businessDate);
    await reader.remove('../..');
    expect(fs.readdirSync(path.join(intakes.dir, 'staging'))).toHaveLength(4);
  });

  it('says so when it cannot remove', async () => {
    fs.mkdirSync(path.join(put(), 'more'));
    fs.rmSync(path.join(intakes.dir, businessDate, 'manifest.json'));
    fs.mkdirSync(path.join(intakes.dir, businessDate, 'manifest.json'));
    await expect(reader.remove(businessDate)).rejects.toEqual(failing('place-unsafe'));
  });

  it('has no dates where there is no folder at all', async () => {
    expect(await createIntakeReader({ intakeDir: path.join(intakes.dir, 'none') }).dates()).toEqual([]);
  });
});
