/** A run that is held, from the command line: looked at, approved by somebody of the list, or rejected. */
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { addDays } from '../../src/domain/calendar.ts';
import { signer } from '../support/approvals.ts';
import type { Settings } from '../support/processes.ts';
import { endsWhole, readLog } from './evidence.ts';
import type { Night } from './night.ts';
import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();
const oneMessage = 1;
const withSettings = (settings: Settings, work: (night: Night) => Promise<void>): Promise<void> =>
  oneNight(work, { settings });

const desk = mkdtempSync(path.join(tmpdir(), 'export-gate-desk-'));
afterAll(() => {
  rmSync(desk, { recursive: true });
});

/** An opt-out of yesterday whose id is nobody's: it may be meant for anybody, so the run is held before MESH is asked. */
const mistypedOptOut = ({ date, writeIntake }: Night): void => {
  writeIntake((folder) => {
    const told = `${addDays(date, -1)}T10:00:00Z`;
    const row = ['CH-000099', 'SU-00000I', 'opt_out', 'verbal', told, told, 'senior-carer', 'self'];
    appendFileSync(path.join(folder, 'in-service-choices.csv'), `${row.join(',')}\n`);
  });
};

/** A person with a key of their own, and a list of approvers with nobody else on it. */
function approver(name: string): { readonly file: string; readonly signs: (text: string) => string } {
  const person = signer(name, { validFrom: '2020-01-01', validTo: '2099-12-31' });
  const folder = mkdtempSync(path.join(desk, 'approver-'));
  const file = path.join(folder, 'approvers.json');
  writeFileSync(file, JSON.stringify([person.entry]));
  return {
    file,
    signs(text) {
      const signature = path.join(folder, 'approval.sig');
      writeFileSync(signature, person.sign(text));
      return signature;
    },
  };
}

const approving = (id: string, signature: string): string[] =>
  ['hold', 'approve', id, '--signature', signature].concat(['--reason', 'traced: the id was mistyped']);

describe('a hold', () => {
  const guardian = approver('Ada Guardian');

  it('is listed, shown, and approved by a person of the list with their own key; then the run goes on', () =>
    withSettings({ APPROVERS_FILE: guardian.file }, async (here) => {
      mistypedOptOut(here);
      expect(await here.gate('hold', 'list')).toMatchObject({ code: 0, stdout: 'There are no holds.\n' });
      const held = await here.run();
      expect(held.code).toBe(3);
      expect(result(held)).toMatchObject({
        state: 'held',
        drop: null,
        holds: [{ id: 1, stage: 'before-asking', reasons: ['opt-out-unmatched'] }],
        exitCode: 3,
      });
      expect(await here.farSide.sent()).toEqual([]);
      expect(await here.run()).toMatchObject({ code: 3 });
      expect(await here.gate('hold', 'list')).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/ 1 .* open/),
      });
      expect(await here.gate('hold', 'show', '1')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('mistyped'),
      });
      const { stdout: text } = await here.gate('hold', 'show', '1', '--text');

      const stranger = approver('Somebody Else').signs(text);
      expect(await here.gate(...approving('1', stranger))).toMatchObject(refusal(2, 'approval-refused'));
      const altered = guardian.signs(text.replace('hold 1', 'hold 2'));
      expect(await here.gate(...approving('1', altered))).toMatchObject(refusal(2, 'approval-refused'));
      expect(await here.gate(...approving('7', altered))).toMatchObject(refusal(2, 'run-not-found'));
      expect(await here.run()).toMatchObject({ code: 3 });

      expect(await here.gate(...approving('1', guardian.signs(text)))).toMatchObject({ code: 0, stderr: '' });
      await endsWhole(here, oneMessage);
      const { entries } = await readLog(here);
      expect(entries.find(({ what }) => what === 'hold-approved')).toMatchObject({
        by: 'Ada Guardian (Caldicott Guardian)',
      });

      // What is decided stays decided: a refusal, and nothing of it in the log.
      expect(await here.gate(...approving('1', guardian.signs(text)))).toMatchObject(
        refusal(2, 'hold-decided'),
      );
      expect(await here.gate('hold', 'reject', '1', '--reason', 'too late')).toMatchObject(
        refusal(2, 'hold-decided'),
      );
      expect((await readLog(here)).entries).toHaveLength(entries.length);
    }));

  it('is approved by a signature as openssl leaves it, and not by a file that is not there', () =>
    withSettings({ APPROVERS_FILE: guardian.file }, async (here) => {
      mistypedOptOut(here);
      await here.run();
      const { stdout: text } = await here.gate('hold', 'show', '1', '--text');
      expect(await here.gate(...approving('1', path.join(desk, 'nowhere')))).toMatchObject(
        refusal(2, 'usage'),
      );
      const signature = guardian.signs(text);
      writeFileSync(signature, Buffer.from(readFileSync(signature, 'utf8'), 'base64'));
      expect(await here.gate(...approving('1', signature))).toMatchObject({ code: 0 });
    }));

  it('is not approved by whoever opened it, nor where nobody may approve', async () => {
    const operator = approver(userInfo().username);
    for (const settings of [{ APPROVERS_FILE: operator.file }, {}])
      await withSettings(settings, async (here) => {
        mistypedOptOut(here);
        await here.run();
        const { stdout: text } = await here.gate('hold', 'show', '1', '--text');
        expect(await here.gate(...approving('1', operator.signs(text)))).toMatchObject(
          refusal(2, 'approval-refused'),
        );
        expect(await here.run()).toMatchObject({ code: 3 });
      });
  });

  it('rejected by anybody ends the run withheld, for good', () =>
    oneNight(async (here) => {
      mistypedOptOut(here);
      await here.run();
      expect(await here.gate('hold', 'reject', '1', '--reason', 'nobody can say who is meant')).toMatchObject(
        {
          code: 0,
        },
      );
      const ended = await here.run();
      expect(ended.code).toBe(3);
      expect(result(ended)).toMatchObject({ state: 'withheld', reason: 'hold-rejected', changed: false });
      expect(await here.gate('status')).toMatchObject({ code: 3 });
      expect(await here.farSide.sent()).toEqual([]);
      expect(existsSync(here.drop)).toBe(false);
    }));
});
