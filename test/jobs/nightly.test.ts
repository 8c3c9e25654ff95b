/** The watch of one machine: nobody starts a run, and the night is released all the same. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { readSendingConfig } from '../../src/config.ts';
import { createLogger } from '../../src/logger.ts';
import { lookAfterNights } from '../../src/wiring-nights.ts';
import { demandWholeNight, readLog } from './evidence.ts';
import { released } from './night.ts';
import type { Night } from './night.ts';
import { stateOf } from './night-log.ts';
import { useNights } from './nights.ts';

const oneNight = useNights();

interface Line {
  readonly msg: string;
  readonly level: number;
  readonly [field: string]: unknown;
}
const linesOf = (stdout: string): Line[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

async function until(night: Night, state: string): Promise<void> {
  for (let attempt = 0; (await stateOf(night)) !== state; attempt++) {
    if (attempt === 200) throw new Error(`the night never stood ${state}`);
    await setTimeout(100);
  }
}

const heartbeat = (night: Night): Record<string, unknown> =>
  JSON.parse(readFileSync(path.join(night.dataDir, 'nightly.alive'), 'utf8')) as Record<string, unknown>;

describe('the watch', () => {
  it('releases the night that is owed, says so in lines of JSON, leaves a sign of life and ends when it is told to', () =>
    oneNight(
      async (night) => {
        const watch = night.watch();
        await until(night, 'sealed');
        await setTimeout(300);
        watch.kill('SIGTERM');
        const { code, stdout, stderr } = await watch.ended;
        expect([code, stderr]).toEqual([0, '']);
        const lines = linesOf(stdout);
        expect(lines[0]).toMatchObject({ msg: 'keeping watch' });
        expect(lines.find(({ msg }) => msg === 'released and sealed')).toMatchObject({
          run: `${night.date}/r1`,
          state: 'sealed',
        });
        expect(lines.filter(({ msg }) => msg === 'waits for the national check').length).toBeGreaterThan(0);
        expect(lines.at(-1)).toMatchObject({ msg: 'the watch has ended' });
        expect(heartbeat(night)).toMatchObject({ owed: [] });
        const asked = await night.gate('status', '--metrics');
        for (const text of [
          asked.stdout,
          readFileSync(path.join(night.dataDir, 'metrics', 'metrics.prom'), 'utf8'),
        ]) {
          expect(text).toContain('export_gate_last_night_state{state="sealed"} 1\n');
          expect(text).toContain('export_gate_last_night_state{state="missing"} 0\n');
          expect(text).toContain(`export_gate_last_release_numbers ${released.length}\n`);
          expect(text).toContain('export_gate_nights_owed 0\n');
          expect(text).not.toContain('not-cleared');
        }
        await demandWholeNight(night, 1);
      },
      { farSide: ['--answer-delay-ms', '3000'] },
    ));

  it('killed at any moment leaves a night that the next watch ends', () =>
    oneNight(async (night) => {
      for (const pause of [300, 350, 400, 450, 500, 550, 600, 700]) {
        const watch = night.watch();
        await setTimeout(pause);
        watch.kill('SIGKILL');
        await watch.ended;
      }
      const watch = night.watch();
      await until(night, 'sealed');
      // The one before may have died between signing the end and showing it: then this one's first look shows it.
      const shown = path.join(night.dataDir, 'checkpoint');
      for (let attempt = 0; readFileSync(shown, 'utf8') !== (await readLog(night)).note; attempt++) {
        expect(attempt).toBeLessThan(100);
        await setTimeout(100);
      }
      watch.kill('SIGTERM');
      await watch.ended;
      await demandWholeNight(night, 1);
    }));

  it('tries an absent intake again and is heard from meanwhile; beside it an operator may run', () =>
    oneNight(async (night) => {
      rmSync(night.intake, { recursive: true });
      const watch = night.watch();
      for (let attempt = 0; !existsSync(path.join(night.dataDir, 'nightly.alive')); attempt++) {
        if (attempt === 200) throw new Error('it was never heard from');
        await setTimeout(50);
      }
      expect(heartbeat(night)).toMatchObject({ owed: [night.date] });
      night.writeIntake();
      expect(await night.run()).toMatchObject({ code: 0 });
      watch.kill('SIGTERM');
      const { stdout } = await watch.ended;
      expect(linesOf(stdout).find(({ code }) => code === 'intake-missing')).toMatchObject({
        level: 50,
        businessDate: night.date,
      });
      const { entries } = await readLog(night);
      expect(entries.filter(({ what }) => what === 'run-opened')).toHaveLength(1);
    }));

  it('waits for its clock while an operator is at work, and forgets a night that they ended', () =>
    oneNight(
      async (night) => {
        const watch = night.watch();
        await until(night, 'asked');
        let ended = await night.run();
        // Whoever comes second is told so; the watch holds the right for a moment only.
        while (ended.code === 7) ended = await night.run();
        expect(ended).toMatchObject({ code: 0 });
        watch.kill('SIGTERM');
        const busy = linesOf((await watch.ended).stdout).filter(({ code }) => code === 'busy');
        expect(busy.length).toBeLessThanOrEqual(1);

        const [signal, logger] = [new AbortController().signal, createLogger({ write: () => true })];
        const looked = await lookAfterNights(
          { config: readSendingConfig(night.settings), by: 'scheduler:test', signal, logger },
          new Map([[night.date, 0]]),
        );
        expect(looked).toEqual(new Map());
      },
      { farSide: ['--answer-delay-ms', '4000'] },
    ));

  it('refuses to begin under a configuration that cannot send, exit 2', () =>
    oneNight(
      async (night) => {
        expect(await night.watch().ended).toMatchObject({ code: 2, stdout: '' });
      },
      { settings: { MESH_URL: '' } },
    ));
});
