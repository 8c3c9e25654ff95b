/** A night from the command line: what is printed, on which stream, and the exit code that a scheduler goes by. */
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { openConnection } from '../../src/ledger/sqlite-driver.ts';
import { demandOneMessageEach, endsWhole, readLog } from './evidence.ts';
import { released } from './night.ts';
import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();
const oneMessage = 1;

/** Files and folders that others than their owner may enter, read or write. */
const openToOthers = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => (statSync(path.join(folder, name)).mode & 0o077) !== 0,
  );

describe('a run', () => {
  it('tells its result in words on stdout and its progress on stderr', () =>
    oneNight(async (here) => {
      const { code, stdout, stderr } = await here.gate('run');
      expect(code).toBe(0);
      expect(stdout).toMatch(/released and sealed[^]*37 {2}rows on the roster[^]*5 {2}released/);
      expect(stdout).toContain(here.drop);
      expect(stderr).toMatch(/request 1 of 1 sent\n/);
      expect(await here.gate('run')).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('nothing was changed'),
      });
    }));

  it('told to wait for an intake that does not come ends the night failed once the time for it is over, exit 6', () =>
    oneNight(
      async (here) => {
        rmSync(here.intake, { recursive: true });
        const { code, stdout } = await here.gate('run', '--wait-for-intake', '--json');
        expect([code, JSON.parse(stdout)]).toEqual([
          6,
          expect.objectContaining({ state: 'failed', reason: 'intake-missing', exitCode: 6 }),
        ]);
        here.writeIntake();
        expect(await here.run()).toMatchObject({ code: 6 });
        expect(await here.farSide.sent()).toEqual([]);
        expect(await here.gate('audit', 'verify')).toMatchObject({ code: 0 });
        // A date that failed may be run again by a person's word.
        expect(await here.gate('rerun', '--reason', 'the intake came late', '--yes')).toMatchObject({
          code: 0,
        });
        expect(readFileSync(path.join(here.outbound, here.date, 'r2', 'nhs-numbers.csv'), 'utf8')).toBe(
          ['nhs_number', ...released, ''].join('\n'),
        );
      },
      { settings: { INTAKE_TRIED_UNTIL: '00:01' } },
    ));

  it('tells the same as JSON', () =>
    oneNight(async (here) => {
      const ended = await here.run();
      expect(result(ended)).toEqual({
        run: `${here.date}/r1`,
        state: 'sealed',
        reason: null,
        changed: true,
        totals: {
          rows: expect.objectContaining({ asked: 8, 'opted-out-in-service': 7 }),
          asked: 7,
          outcomes: {
            released: released.length,
            'not-cleared': 2,
            'refused-by-check': 0,
            'not-answered': 0,
            'objected-late': 0,
          },
        },
        released: released.length,
        drop: here.drop,
        holds: [],
        anchors: [],
        exitCode: 0,
      });
    }));

  it('that MESH is away for ends with exit 4; nothing was sent, and the next run goes through', () =>
    oneNight(async (here) => {
      // The handshake is tried four times.
      await here.farSide.fault('http-503', 4);
      expect(await here.run()).toMatchObject({ code: 4, stdout: '' });
      expect(await here.farSide.sent()).toEqual([]);
      await endsWhole(here, oneMessage);
    }));

  it('whose message MESH refuses ends with exit 4; the next run asks under a new local id', () =>
    oneNight(async (here) => {
      // The rehearsal has shaken hands for the day, so the first call of the run is the one that sends.
      await here.gate('run', '--rehearse');
      await here.farSide.fault('closed-mailbox');
      expect(await here.run()).toMatchObject(refusal(4, 'mesh-forbidden'));
      expect(await here.farSide.sent()).toHaveLength(1);
      expect(await here.run()).toMatchObject({ code: 0 });
      const { entries } = await readLog(here);
      expect(entries.filter(({ what }) => what === 'request-voided')).toHaveLength(1);
      await demandOneMessageEach(here, entries);
    }));

  it('that cannot reach MESH at all ends with exit 4', () =>
    oneNight(async (here) => {
      await here.farSide.stop();
      expect(await here.run()).toMatchObject(refusal(4, 'mesh-unreachable'));
      const { entries } = await readLog(here);
      expect(entries.map(({ what }) => what)).not.toContain('request-intended');
    }));

  it('leaves nothing that others may read', () =>
    oneNight(async (here) => {
      await endsWhole(here, oneMessage);
      expect(openToOthers(here.outbound)).toEqual([]);
      expect(openToOthers(here.dataDir)).toEqual([]);
    }));
});

describe('a rehearsal', () => {
  it('does everything but the release, exit 0, and stands in nobody’s way', () =>
    oneNight(async (here) => {
      const rehearsed = await here.gate('run', '--rehearse', '--json');
      expect(rehearsed.code).toBe(0);
      expect(result(rehearsed)).toMatchObject({
        run: `${here.date}/rehearsal-1`,
        state: 'withheld',
        reason: 'rehearsed',
        released: released.length,
        drop: null,
        exitCode: 0,
      });
      expect(existsSync(path.dirname(here.drop))).toBe(false);
      expect(await here.gate('status')).toMatchObject({ code: 3 });
      const ended = await here.run();
      expect(ended.code).toBe(0);
      expect(result(ended)).toMatchObject({
        run: `${here.date}/r1`,
        state: 'sealed',
        released: released.length,
      });
      expect(
        readFileSync(path.join(here.drop, 'nhs-numbers.csv'), 'utf8').trim().split('\n').slice(1),
      ).toEqual(released);
      expect(await here.farSide.sent()).toHaveLength(2);
      expect(result(await here.gate('run', '--rehearse', '--json'))).toMatchObject({
        run: `${here.date}/rehearsal-2`,
        exitCode: 0,
      });
      expect(await here.gate('status')).toMatchObject({ code: 0 });
    }));
});

describe('status', () => {
  it('is 3 while last night is missing or under way, 0 once it is done', () =>
    oneNight(async (here) => {
      const before = await here.gate('status', '--json');
      expect(before.code).toBe(3);
      expect(result(before)).toMatchObject({
        lastNight: { businessDate: here.date, state: 'missing' },
        nights: [],
      });
      expect(await here.gate('status')).toMatchObject({
        code: 3,
        stdout: expect.stringContaining('MISSING'),
      });
      await here.die('after commit', '2');
      expect(result(await here.gate('status', '--json'))).toMatchObject({ lastNight: { state: 'gated' } });
      await here.run();
      const after = await here.gate('status', '--json');
      expect(after.code).toBe(0);
      expect(result(after)).toMatchObject({
        lastNight: { businessDate: here.date, state: 'sealed' },
        nights: [{ run: `${here.date}/r1`, state: 'sealed', released: released.length }],
        openHolds: [],
      });
    }));
});

describe('a choice told to us', () => {
  const told = ['choice', 'record', '--channel', 'verbal', '--decided-by', 'self', '--service-user'];

  it('between asking and release keeps the person back', () =>
    oneNight(
      async (here) => {
        const running = here.start('run', '--json');
        await running.said('waiting for');
        expect(await here.gate(...told, 'SU-000001', '--choice', 'opt_out')).toMatchObject({
          code: 0,
          stderr: '',
        });
        expect(await here.gate('choice', 'show', '--service-user', 'SU-000001')).toMatchObject({
          code: 0,
          stdout: expect.stringContaining('opt_out'),
        });
        await here.farSide.advance(60_000);
        const ended = await running.ended;
        expect(ended.code).toBe(0);
        expect(result(ended)).toMatchObject({
          released: released.length - 1,
          totals: { outcomes: { 'objected-late': 1 } },
        });
        const numbers = readFileSync(path.join(here.drop, 'nhs-numbers.csv'), 'utf8');
        expect(numbers).toBe(['nhs_number', ...released.slice(1), ''].join('\n'));
      },
      { farSide: ['--answer-delay-ms', '60000'] },
    ));

  it('is refused unless every value is on its list, exit 2', () =>
    oneNight(async (here) => {
      expect(await here.gate(...told, 'SU-000001', '--choice', 'maybe')).toMatchObject(refusal(2, 'usage'));
      expect(
        await here.gate(...told, 'SU-000001', '--choice', 'opt_out', '--requested-at', 'today'),
      ).toMatchObject(refusal(2, 'usage'));
      await endsWhole(here, oneMessage);
    }));
});

describe('audit verify', () => {
  it('is 0 for the log as it was written, and 5 once a byte of it is another', () =>
    oneNight(async (here) => {
      await here.run();
      const { entries } = await readLog(here);
      const intact = await here.gate('audit', 'verify', '--json');
      expect(intact.code).toBe(0);
      expect(result(intact)).toMatchObject({ size: entries.length });

      expect(result(intact)).toMatchObject({ findings: [] });

      appendFileSync(path.join(here.drop, 'nhs-numbers.csv'), '\n');
      const place = `${here.date}/r1/nhs-numbers.csv`;
      const differs = await here.gate('audit', 'verify', '--json');
      expect(differs).toMatchObject({ code: 5, stderr: expect.stringContaining('audit-unreconciled') });
      expect(result(differs)).toMatchObject({
        findings: [{ code: 'drop-file-altered', place, run: `${here.date}/r1` }],
      });
      expect(await here.gate('audit', 'verify')).toMatchObject({
        code: 5,
        stdout: expect.stringMatching(new RegExp(`drop-file-altered: [^]*where: +${place}[^]*what to do:`)),
      });

      const raw = await openConnection(path.join(here.dataDir, 'ledger.sqlite'));
      raw.exec(`
        DROP TRIGGER entries_no_update;
        UPDATE entries SET line = CAST(replace(CAST(line AS TEXT), '"asked":7', '"asked":6') AS BLOB) WHERE position = 3`);
      raw.close();
      expect(await here.gate('audit', 'verify')).toMatchObject(refusal(5, 'audit-invalid', 'entry 3'));
      expect(await here.gate('audit', 'verify', '--json')).toMatchObject({ code: 5, stdout: '' });
    }));
});
