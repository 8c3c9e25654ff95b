/** Folders that are not ours, not there, or not writable: found out before anybody is asked about. */
import { chmodSync, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { endsWhole, readLog } from './evidence.ts';
import { refusal, useNights } from './nights.ts';

const oneNight = useNights();
const oneMessage = 1;

describe('an outbound folder', () => {
  it('that others may write to is refused by its name, exit 2, before MESH is asked; once it is ours the night goes on', () =>
    oneNight(async (here) => {
      mkdirSync(here.outbound, { mode: 0o700 });
      chmodSync(here.outbound, 0o777);
      expect(await here.run()).toMatchObject(refusal(2, 'place-unsafe', `${here.outbound}\n`));
      expect(await here.farSide.sent()).toEqual([]);
      chmodSync(here.outbound, 0o700);
      await endsWhole(here, oneMessage);
    }));

  it('that is a symbolic link is refused before MESH is asked (fault 20)', () =>
    oneNight(async (here) => {
      mkdirSync(`${here.outbound}-elsewhere`, { mode: 0o700 });
      symlinkSync(`${here.outbound}-elsewhere`, here.outbound);
      expect(await here.run()).toMatchObject(refusal(2, 'place-unsafe'));
      expect(await here.farSide.sent()).toEqual([]);
    }));
});

it.each(['EXPORT_GATE_DATA_DIR', 'EXPORT_GATE_OUTBOUND_DIR'])(
  '%s that cannot be made is named, exit 2',
  (setting) =>
    oneNight(
      async (here) => {
        expect(await here.run()).toMatchObject(refusal(2, 'place-unsafe', '/dev/null/gate'));
        expect(await here.farSide.sent()).toEqual([]);
      },
      {
        settings: {
          [setting]: '/dev/null/gate',
          EXPORT_GATE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
        },
      },
    ),
);

it('keys that cannot be written are told with their place, exit 2', () =>
  oneNight(
    async ({ gate }) => {
      expect(await gate('keys', 'init')).toMatchObject(refusal(2, 'place-unsafe', '/dev/null/gate/keys'));
    },
    { settings: { EXPORT_GATE_DATA_DIR: '/dev/null/gate' } },
  ));

describe('what was told before a night ended early is signed', () => {
  it('where MESH cannot be reached', () =>
    oneNight(
      async (here) => {
        expect(await here.run()).toMatchObject(refusal(4, 'mesh-unreachable'));
        const { entries, signed } = await readLog(here);
        expect(entries.at(-1)).not.toMatchObject({ what: 'log-opened' });
        expect(signed).toBe(entries.length);
      },
      { settings: { MESH_URL: 'http://127.0.0.1:1' } },
    ));

  it('where the intake was refused', () =>
    oneNight(async (here) => {
      rmSync(path.join(here.intake, 'manifest.json'));
      expect(await here.run()).toMatchObject(refusal(6, 'manifest-missing'));
      const { entries, signed } = await readLog(here);
      expect(entries.at(-1)).toMatchObject({ what: 'intake-refused', code: 'manifest-missing' });
      expect(signed).toBe(entries.length);
    }));
});
