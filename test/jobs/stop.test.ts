/** Stopping the export from the command line, and lifting the stop by two people. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import { signer } from '../support/approvals.ts';
import { endsWhole, readLog } from './evidence.ts';
import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();
const desk = mkdtempSync(path.join(tmpdir(), 'export-gate-desk-'));
afterAll(() => {
  rmSync(desk, { recursive: true });
});

const guardian = signer('Ada Guardian', { validFrom: '2020-01-01', validTo: '2099-12-31' });
const approvers = path.join(desk, 'approvers.json');
writeFileSync(approvers, JSON.stringify([guardian.entry]));
const settings = { APPROVERS_FILE: approvers };

function signs(text: string): string {
  const file = path.join(desk, 'lift.sig');
  writeFileSync(file, guardian.sign(text));
  return file;
}

describe('stop', () => {
  it('of everything stands across processes until two people lift it; then the run goes on', () =>
    oneNight(
      async (here) => {
        expect(await here.gate('stop')).toMatchObject(refusal(2, 'usage'));
        expect(await here.gate('stop', '--provider', '', '--reason', 'none')).toMatchObject(
          refusal(2, 'usage'),
        );
        expect(await here.gate('stop', 'list')).toMatchObject({ code: 0, stdout: 'Nothing is stopped.\n' });
        expect(await here.gate('stop', '--reason', 'a breach is looked into')).toMatchObject({ code: 0 });

        for (let n = 0; n < 2; n++)
          expect(await here.run()).toMatchObject(refusal(3, 'export-stopped', 'a breach is looked into'));
        expect(await here.farSide.sent()).toEqual([]);
        const status = await here.gate('status', '--json');
        expect(status.code).toBe(3);
        expect(result(status)).toMatchObject({
          stops: [{ provider: null, reason: 'a breach is looked into' }],
        });

        const lifting = ['stop', 'lift', '--reason', 'nothing was found'];
        expect(await here.gate(...lifting)).toMatchObject(refusal(2, 'approval-refused'));
        expect(await here.gate(...lifting, '--provider', 'PR-01')).toMatchObject(refusal(2, 'usage'));
        const { stdout: text } = await here.gate(...lifting, '--text');
        expect(text).toContain('everything');
        expect(await here.gate(...lifting, '--signature', signs(`${text} `))).toMatchObject(
          refusal(2, 'approval-refused'),
        );
        expect(await here.gate(...lifting, '--signature', signs(text))).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('Ada Guardian'),
        });
        await endsWhole(here, 1);
        expect((await readLog(here)).entries.find(({ what }) => what === 'stop-lifted')).toMatchObject({
          approvedBy: ['Ada Guardian (Caldicott Guardian)'],
        });
        expect(result(await here.gate('stop', 'list', '--all', '--json'))).toMatchObject([
          { provider: null, stands: true },
          { provider: null, stands: false },
        ]);
        expect(await here.gate('audit', 'verify')).toMatchObject({ code: 0 });
      },
      { settings },
    ));

  it('of a provider holds back its rows only, and says where nobody knows the id', () =>
    oneNight(async (here) => {
      const stopping = await here.gate('stop', '--provider', 'PR-01', '--reason', 'they asked for it');
      expect(stopping).toMatchObject({ code: 0, stderr: expect.stringContaining('PR-01') });
      const run = await here.run();
      const rows = (result(run)['totals'] as { rows: Record<string, number> }).rows;
      expect(rows['provider-stopped']).toBeGreaterThan(0);
      expect(await here.gate('status')).toMatchObject({
        stdout: expect.stringMatching(/STOPPED +provider "PR-01"/),
      });
      const again = await here.gate('stop', '--provider', 'PR-01', '--reason', 'they asked again');
      expect(again).toMatchObject({ code: 0, stderr: '' });
      expect(await here.gate('audit', 'verify')).toMatchObject({ code: 0 });
    }));
});
