/** The real process is told to stop, meets another of its kind, comes back after its end, or cannot know whether MESH has its message. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import { demandDropOrNone, demandWholeNight, endsWhole, footprint, readLog } from './evidence.ts';
import type { Night, NightOptions } from './night.ts';
import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();
const oneMessage = 1;
/** Answers come when the test moves the clock of the far side. */
const patient: NightOptions = { farSide: ['--receipt-delay-ms', '60000', '--answer-delay-ms', '60000'] };
const answersCome = 60_000;

describe('a run that is told to stop', () => {
  it.each(['intake verified', 'in-service gate passed', 'national check asked', 'waiting for'])(
    'at "%s" ends with exit code 8 and goes on when it is run again',
    async (words) => {
      await oneNight(async (night) => {
        const running = night.start('run', '--json');
        await running.said(words);
        running.kill(words === 'waiting for' ? 'SIGINT' : 'SIGTERM');
        expect(await running.ended).toMatchObject(refusal(8, 'interrupted'));
        expect(demandDropOrNone(night)).toBeNull();
        const going = night.start('run', '--json');
        await going.said('waiting for');
        await night.farSide.advance(answersCome);
        expect(await going.ended).toMatchObject({ code: 0 });
        await demandWholeNight(night, oneMessage);
      }, patient);
    },
  );

  it.each(['national check answered', 'drop published'])(
    'at "%s" may come too late, and says which it was',
    async (words) => {
      await oneNight(async (night) => {
        const running = night.start('run', '--json');
        await running.said(words);
        running.kill('SIGTERM');
        const { code } = await running.ended;
        expect([0, 8]).toContain(code);
        if (code === 0) await demandWholeNight(night, oneMessage);
        await endsWhole(night, oneMessage);
      });
    },
  );

  it.each([60, 180, 300, 420, 540])('after %d ms says where it stands', async (delay) => {
    await oneNight(async (night) => {
      const running = night.start('run', '--json');
      await wait(delay);
      running.kill('SIGTERM');
      const { code, signal } = await running.ended;
      // Before it listens for signals the system ends it; there is nothing to tell yet.
      expect([0, 8, 'SIGTERM']).toContain(code ?? signal);
      if (code === 0) await demandWholeNight(night, oneMessage);
      await endsWhole(night, oneMessage);
    });
  });
});

describe('a second process', () => {
  it('refuses with exit code 7 and changes nothing; readers go on (fault 27)', async () => {
    await oneNight(async (night) => {
      const first = night.start('run', '--json');
      await first.said('waiting for');
      const before = await readLog(night);
      const second = await night.run();
      expect(second).toMatchObject(refusal(7, 'busy'));
      expect(await night.gate('status', '--json')).toMatchObject({ code: 3, stderr: '' });
      expect(await night.gate('audit', 'verify')).toMatchObject({ code: 0 });
      expect(await readLog(night)).toEqual(before);
      await night.farSide.advance(answersCome);
      expect(await first.ended).toMatchObject({ code: 0 });
      await demandWholeNight(night, oneMessage);
    }, patient);
  });
});

describe('a run that has ended', () => {
  it('is left as it is by any further run', async () => {
    await oneNight(async (night) => {
      await endsWhole(night, oneMessage);
      const traces = async (): Promise<unknown> => [footprint(night.outbound), await readLog(night)];
      const before = await traces();
      const again = await night.run();
      expect(again.code).toBe(0);
      expect(result(again)).toMatchObject({ state: 'sealed', changed: false, exitCode: 0 });
      expect(await traces()).toEqual(before);
      expect(await night.farSide.sent()).toHaveLength(oneMessage);
    });
  });

  it('compacts the ledger after a crash that came between destroying a key and wiping where it lay', async () => {
    // The answers, and with them the papers, live for two seconds; whether they are still good at the release does not matter here.
    const short = { CHECK_MAX_AGE_HOURS: '0.0006', CHECK_DEADLINE_HOURS: '0.0006' };
    await oneNight(
      async (night) => {
        expect([0, 3]).toContain((await night.run()).code);
        await wait(2_500);
        expect(await night.die('before compact', '1')).toMatchObject({ signal: 'SIGKILL' });
        const passed = async (): Promise<unknown> => JSON.parse((await night.die('--list')).stdout);
        expect(await passed()).toMatchObject({ 'after compact': 1 });
        expect(await passed()).not.toHaveProperty('after compact');
      },
      { settings: short },
    );
  });
});

describe('a send of unknown outcome', () => {
  const told = async (night: Night, what: string): Promise<unknown[]> =>
    (await readLog(night)).entries.filter((entry) => entry.what === what);

  it('is found by its local id: one message only (fault 15)', async () => {
    await oneNight(async (night) => {
      await night.farSide.fault('drop-connection-after-accept');
      await endsWhole(night, oneMessage);
      expect(await told(night, 'request-sent')).toMatchObject([{ found: true }]);
    });
  });

  it.each(['before findSent', 'after findSent'])(
    'is found by a successor of one that died %s',
    async (point) => {
      await oneNight(async (night) => {
        await night.farSide.fault('drop-connection-after-accept');
        expect(await night.die(point, '1')).toMatchObject({ signal: 'SIGKILL' });
        await endsWhole(night, oneMessage);
        expect(await told(night, 'request-sent')).toMatchObject([{ found: true }]);
      });
    },
  );

  it('that never arrived is voided and asked under a new local id (fault 15)', async () => {
    await oneNight(async (night) => {
      expect(await night.die('before send', '1')).toMatchObject({ signal: 'SIGKILL' });
      expect(await night.farSide.sent()).toEqual([]);
      await endsWhole(night, oneMessage);
      const [sent] = await night.farSide.sent();
      expect(await told(night, 'request-voided')).toMatchObject([{ successor: sent!.localId }]);
      expect(await told(night, 'request-sent')).toMatchObject([{ localId: sent!.localId, found: false }]);
    });
  });

  it('is waited for while MESH is away, for the message may be there', async () => {
    await oneNight(async (night) => {
      expect(await night.die('after send', '1')).toMatchObject({ signal: 'SIGKILL' });
      await night.farSide.fault('http-503', 6);
      await endsWhole(night, oneMessage);
    });
  });

  it('is never told as "nothing was ever sent": exit code 8 and not 4', async () => {
    await oneNight(async (night) => {
      expect(await night.die('after send', '1')).toMatchObject({ signal: 'SIGKILL' });
      await night.farSide.fault('closed-mailbox');
      expect(await night.run()).toMatchObject(refusal(8, 'interrupted'));
      await endsWhole(night, oneMessage);
    });
  });
});

describe('a process that dies beside its own checkpoint file', () => {
  it('shows the newest checkpoint when it is run again, whatever state the run is in', async () => {
    await oneNight(async (night) => {
      expect(await night.die('before checkpoint-file', '3')).toMatchObject({ signal: 'SIGKILL' });
      const shown = (): string => readFileSync(path.join(night.dataDir, 'checkpoint'), 'utf8');
      const { note } = await readLog(night);
      expect(shown()).not.toBe(note);
      expect(await night.run()).toMatchObject({ code: 0 });
      expect(shown()).toBe((await readLog(night)).note);
    });
  });
});
