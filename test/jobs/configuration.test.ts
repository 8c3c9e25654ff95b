/** Settings that need two people, from the command line; and a run that a person ends. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { signer } from '../support/approvals.ts';
import { readLog } from './evidence.ts';
import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();
const desk = mkdtempSync(path.join(tmpdir(), 'export-gate-desk-'));
afterAll(() => {
  rmSync(desk, { recursive: true });
});

const guardian = signer('Ada Guardian', { validFrom: '2020-01-01', validTo: '2099-12-31' });
const approvers = path.join(desk, 'approvers.json');
writeFileSync(approvers, JSON.stringify([guardian.entry]));
const wider = { CHECK_REMOVAL_BAND: '0.01-0.99' };

function signs(text: string): string {
  const file = path.join(desk, 'approval.sig');
  writeFileSync(file, guardian.sign(text));
  return file;
}

describe('a changed threshold', () => {
  it('is named, lets nothing begin, and comes into force by the signature of somebody else', () =>
    oneNight(
      async (here) => {
        expect(await here.run()).toMatchObject({ code: 0 });
        expect(result(await here.gate('config', 'changes', '--json'))).toEqual({
          inForceSince: 1,
          changes: [],
          needsApproval: false,
        });
        Object.assign(here.settings, wider);
        const changes = await here.gate('config', 'changes', '--json');
        expect(result(changes)).toMatchObject({
          changes: [{ name: 'CHECK_REMOVAL_BAND', from: '0.01-0.15', to: '0.01-0.99' }],
          needsApproval: true,
        });
        expect(await here.gate('config', 'changes')).toMatchObject({
          code: 0,
          stdout: expect.stringMatching(/CHECK_REMOVAL_BAND[^]*config approve/),
        });
        const refused = refusal(2, 'configuration-unapproved', 'CHECK_REMOVAL_BAND');
        expect(await here.gate('run', '--rehearse')).toMatchObject(refused);
        // What was done before is not undone by it.
        expect(await here.run()).toMatchObject({ code: 0 });

        const approving = ['config', 'approve', '--reason', 'agreed with the region', '--signature'];
        const { stdout: text } = await here.gate('config', 'approve', '--text');
        expect(await here.gate('config', 'approve')).toMatchObject(refusal(2, 'usage'));
        expect(await here.gate(...approving, path.join(desk, 'none'))).toMatchObject(refusal(2, 'usage'));
        expect(await here.gate(...approving, signs(`${text} `))).toMatchObject(
          refusal(2, 'approval-refused'),
        );
        expect(await here.gate(...approving, signs(text))).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('Ada Guardian'),
        });
        expect(await here.gate('run', '--rehearse')).toMatchObject({ code: 0 });
        const inForce = (await readLog(here)).entries.filter(({ what }) => what === 'configuration-in-force');
        expect(inForce.map(({ changed, approvedBy }) => [changed, approvedBy])).toEqual([
          [[], []],
          [['CHECK_REMOVAL_BAND'], ['Ada Guardian (Caldicott Guardian)']],
        ]);
        expect(await here.gate('audit', 'verify')).toMatchObject({ code: 0 });
      },
      { settings: { APPROVERS_FILE: approvers } },
    ));

  it('is only written down where neither live numbers nor approvers are configured', () =>
    oneNight(async (here) => {
      expect(await here.run()).toMatchObject({ code: 0 });
      Object.assign(here.settings, wider);
      expect(await here.gate('run', '--rehearse')).toMatchObject({ code: 0 });
      expect(result(await here.gate('config', 'changes', '--json'))).toMatchObject({ changes: [] });
    }));
});

describe('a run that shall not go on', () => {
  it('is ended withheld by a person who says why', () =>
    oneNight(
      async (here) => {
        expect(await here.run()).toMatchObject({ code: 4 });
        const ending = ['run', '--date', here.date, '--end-withheld'];
        expect(await here.gate(...ending)).toMatchObject(refusal(2, 'usage'));
        expect(await here.gate(...ending, '--reason', 'for 999 000 0018')).toMatchObject(refusal(2, 'usage'));
        expect(await here.gate('run', '--reason', 'none')).toMatchObject(refusal(2, 'usage'));
        expect(await here.gate(...ending, '--reason', 'no mailbox tonight', '--json')).toMatchObject({
          code: 3,
          stdout: expect.stringContaining('ended-by-operator'),
        });
        expect(await here.run()).toMatchObject({ code: 3 });
        expect(await here.gate('audit', 'verify')).toMatchObject({ code: 0 });
      },
      { farSide: ['--fault', 'closed-mailbox:1'] },
    ));
});

it('drops are looked for where the settings in force put them, or where somebody says', () =>
  oneNight(async (here) => {
    expect(await here.run()).toMatchObject({ code: 0 });
    Object.assign(here.settings, { EXPORT_GATE_OUTBOUND_DIR: '', EXPORT_GATE_INTAKE_DIR: '' });
    expect(result(await here.gate('audit', 'verify', '--json'))).toMatchObject({ findings: [] });
    const elsewhere = await here.gate('audit', 'verify', '--json', '--outbound', desk);
    expect(elsewhere).toMatchObject({ code: 5 });
    expect(result(elsewhere)).toMatchObject({
      findings: expect.arrayContaining([
        expect.objectContaining({ code: 'drop-missing', run: `${here.date}/r1` }),
      ]),
    });
  }));
