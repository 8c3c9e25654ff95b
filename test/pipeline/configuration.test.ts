/** Settings that need two people, and a run that ends under those it began with (R53). */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readConfig } from '../../src/config.ts';
import { settingRoles } from '../../src/domain/configuration.ts';
import { day, hour } from '../../src/domain/calendar.ts';
import { approversIn } from '../../src/keys/approvers.ts';
import {
  approveConfiguration,
  configurationStanding,
  configurationText,
} from '../../src/pipeline/configuration.ts';
import { endWithheld } from '../../src/pipeline/end-withheld.ts';
import { approveHold } from '../../src/pipeline/holds.ts';
import { keepHouse } from '../../src/pipeline/housekeeping.ts';
import { approve, approversOf, guardian, openHold, signer } from '../support/approvals.ts';
import type { Signer } from '../support/approvals.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { Told, World } from '../support/gate-world.ts';
import { choiceCells } from '../support/intake-folder.ts';
import { residents, testNumbers } from '../support/residents.ts';

worldsEndWell();

const tomorrow = '2026-11-23';
const widened = { CHECK_REMOVAL_BAND: '0.01-0.99' };
const live = {
  MESH_CLIENT_CERT_FILE: '/none/cert.pem',
  MESH_CLIENT_KEY_FILE: '/none/key.pem',
  MESH_CA_FILE: '/none/ca.pem',
};
const mistyped = choiceCells({
  service_user_id: 'SU-UNKNOWN',
  requested_at: '2026-11-20T10:00:00Z',
  recorded_at: '2026-11-20T10:05:00Z',
});

/** A night that has been, under a list of approvers with the guardian on it. */
async function guardedWorld(): Promise<{ world: World; settings: Record<string, string> }> {
  const world = await createWorld();
  const file = path.join(world.folder, 'approvers.json');
  approversOf(world, guardian);
  const settings = { APPROVERS_FILE: file };
  await world.reconfigure(settings);
  world.intake({ choices: [], roster: residents(2) });
  await world.run();
  world.toNight(tomorrow);
  world.intake({ choices: [], roster: residents(2) }, {}, tomorrow);
  return { world, settings };
}

const told = async (world: World): Promise<Told[]> =>
  (await world.entries()).filter(({ what }) => what === 'configuration-in-force');

const textOf = (world: World): Promise<string> =>
  world.ledger.read(async (tx) =>
    configurationText(world.config, await configurationStanding(world.config, tx)),
  );

async function sign(world: World, by: Signer, text?: string): Promise<unknown> {
  const words = { signature: by.sign(text ?? (await textOf(world))), reason: 'agreed with the region' };
  return approveConfiguration({ ...world.pipeline, approversIn }, words);
}

describe('a change of guarded settings', () => {
  it('begins no run before somebody else has approved it, and names what changed', async () => {
    const { world, settings } = await guardedWorld();
    await world.reconfigure({ ...settings, ...widened, MESH_POLL_SECONDS: '600' });
    await expect(world.run(tomorrow)).rejects.toMatchObject({
      code: 'configuration-unapproved',
      detail: {
        place: 'CHECK_REMOVAL_BAND',
        message: expect.stringContaining('CHECK_REMOVAL_BAND: "0.01-0.15" -> "0.01-0.99"'),
      },
    });
    expect(await told(world)).toHaveLength(1);
    await sign(world, guardian);
    expect((await world.run(tomorrow)).run.state).toBe('sealed');
    const [first, second] = await told(world);
    expect(first).toMatchObject({ previous: null, changed: [], approvedBy: [] });
    expect(second).toMatchObject({
      previous: first?.['digest'],
      digest: world.config.digest,
      guarded: world.config.guarded,
      changed: ['CHECK_REMOVAL_BAND', 'MESH_POLL_SECONDS'],
      approvedBy: ['Grace Hopwood (Caldicott Guardian)'],
      reason: 'agreed with the region',
    });
  });

  it.each([
    ['the outbound folder', { EXPORT_GATE_OUTBOUND_DIR: '/dev/shm/elsewhere-of-nobody' }],
    ['the intake folder', { EXPORT_GATE_INTAKE_DIR: '/dev/shm/elsewhere' }],
    ['the check’s mailbox', { MESH_CHECK_MAILBOX_ID: 'X26OTHER' }],
    ['the drop’s layout', { DROP_LAYOUT: 'per-location' }],
    ['the age limit', { CHECK_MAX_AGE_HOURS: '48' }],
    ['the keep days', { DROP_KEEP_DAYS: '1' }],
    ['no approvers at all', { APPROVERS_FILE: '' }],
  ])('is refused for %s', async (_, change) => {
    const { world, settings } = await guardedWorld();
    try {
      await world.reconfigure({ ...settings, ...change });
      await expect(world.run(tomorrow)).rejects.toMatchObject({ code: 'configuration-unapproved' });
      expect(world.simulator.sent()).toHaveLength(1);
    } finally {
      // The drop of the night before stands where the log says.
      await world.reconfigure(settings);
      if ('EXPORT_GATE_OUTBOUND_DIR' in change)
        fs.rmSync(change.EXPORT_GATE_OUTBOUND_DIR, { recursive: true });
    }
  });

  it('of the content of APPROVERS_FILE counts, and whoever let themselves in approves nothing', async () => {
    const { world } = await guardedWorld();
    const intruder = signer('I. Ntruder');
    approversOf(world, guardian, intruder);
    await world.reconfigure({ APPROVERS_FILE: path.join(world.folder, 'approvers.json') });
    await expect(world.run(tomorrow)).rejects.toMatchObject({
      detail: { place: 'APPROVERS_FILE (content)' },
    });
    await expect(sign(world, intruder)).rejects.toMatchObject({ code: 'approval-refused' });
    await sign(world, guardian);
    expect((await world.run(tomorrow)).run.state).toBe('sealed');
  });

  it('is approved neither by the operator, nor by a signature that served before, nor over another text', async () => {
    const { world, settings } = await guardedWorld();
    await world.reconfigure({ ...settings, ...widened });
    const text = await textOf(world);
    const operator = signer('test');
    await expect(sign(world, guardian, text.replace('0.99', '0.5'))).rejects.toMatchObject({
      code: 'approval-refused',
    });
    await sign(world, guardian, text);
    await world.reconfigure(settings);
    await sign(world, guardian);
    await world.reconfigure({ ...settings, ...widened });
    await expect(sign(world, guardian, text)).rejects.toMatchObject({ code: 'approval-refused' });
    // With the operator on the list in force, they still do not approve their own change.
    await world.reconfigure(settings);
    approversOf(world, guardian, operator);
    await world.reconfigure(settings);
    await sign(world, guardian);
    await world.reconfigure({ ...settings, ...widened });
    await expect(sign(world, operator)).rejects.toMatchObject({ code: 'approval-refused' });
  });

  it('of the first list is approved by somebody on it; an empty one, or one whose time is over, is none', async () => {
    const world = await createWorld();
    const settings = { APPROVERS_FILE: path.join(world.folder, 'approvers.json') };
    approversOf(world);
    await world.reconfigure(settings);
    world.intake({ choices: [], roster: residents(2) });
    await world.run();
    approversOf(world, guardian);
    await world.reconfigure(settings);
    await expect(sign(world, signer('I. Ntruder'))).rejects.toMatchObject({ code: 'approval-refused' });
    await sign(world, guardian);
    world.toNight('2028-01-01');
    const next = signer('Next Guardian', { validTo: '2029-12-31' });
    approversOf(world, next);
    await world.reconfigure(settings);
    await sign(world, next);
    expect((await told(world)).map(({ approvedBy }) => approvedBy)).toEqual([
      [],
      ['Grace Hopwood (Caldicott Guardian)'],
      ['Next Guardian (Caldicott Guardian)'],
    ]);
  });

  it('needs one person where neither live numbers nor approvers are in play', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(2) });
    await world.run();
    await world.reconfigure(widened);
    await expect(sign(world, guardian)).rejects.toMatchObject({ code: 'usage' });
    world.toNight(tomorrow);
    world.intake({ choices: [], roster: residents(2) }, {}, tomorrow);
    expect((await world.run(tomorrow)).run.state).toBe('sealed');
    expect((await told(world)).map(({ approvedBy, changed }) => [approvedBy, changed])).toEqual([
      [[], []],
      [[], ['CHECK_REMOVAL_BAND']],
    ]);
  });

  it('removes nothing and approves no hold while it waits', async () => {
    const { world, settings } = await guardedWorld();
    world.intake({ choices: [mistyped], roster: residents(2) }, {}, tomorrow);
    expect((await world.run(tomorrow)).run.state).toBe('held');
    const hold = await openHold(world);
    const words = { signature: '', reason: '' };
    const withMore = approversOf(world, guardian, signer('I. Ntruder'));
    await world.reconfigure(settings);
    await expect(approveHold(world.pipeline, withMore, hold.id, words)).rejects.toMatchObject({
      code: 'configuration-unapproved',
    });
    approversOf(world, guardian);
    await world.reconfigure(settings);
    await approve(world);
    expect((await world.run(tomorrow)).run.state).toBe('sealed');
    await world.reconfigure({ ...settings, DROP_KEEP_DAYS: '1', INTAKE_KEEP_DAYS: '1' });
    world.pass(4 * day);
    await keepHouse(world.pipeline);
    expect(world.released()).toEqual(testNumbers(2));
    expect(fs.readdirSync(world.config.intakeDir)).toEqual([tonight, tomorrow]);
  });
});

describe('a run', () => {
  /** Gated, with nothing at MESH. */
  async function begun(): Promise<World> {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    world.simulator.fault('closed-mailbox', { times: 1 });
    await expect(world.run()).rejects.toMatchObject({ code: 'mesh-forbidden' });
    return world;
  }

  it('ends under the settings it began with, or stops and names them (fault 26)', async () => {
    const world = await begun();
    await world.reconfigure({ CHECK_DEADLINE_HOURS: '2', ...widened });
    await expect(world.run()).rejects.toMatchObject({
      code: 'configuration-changed',
      detail: {
        place: 'CHECK_DEADLINE_HOURS, CHECK_REMOVAL_BAND',
        hint: expect.stringContaining('--end-withheld'),
      },
    });
    expect(world.simulator.sent()).toEqual([]);
    await world.reconfigure({});
    expect((await world.run()).run.state).toBe('sealed');
  });

  it.each(Object.entries({ MESH_POLL_SECONDS: '600', NIGHTLY_AT: '03:00', DROP_KEEP_DAYS: '9' }))(
    'goes on when %s changes, which is an entry',
    async (name, value) => {
      const world = await begun();
      await world.reconfigure({ [name]: value });
      expect((await world.run()).run.state).toBe('sealed');
      expect((await told(world)).map(({ changed }) => changed)).toEqual([[], [name]]);
      const manifest = fs.readFileSync(path.join(world.dropFolder(), 'manifest.json'), 'utf8');
      const [first] = await told(world);
      expect(JSON.parse(manifest)).toMatchObject({ configuration: first?.['digest'] });
    },
  );

  it('goes on with a simulator that was started again at another port, and with no other MESH', async () => {
    const world = await begun();
    const settings = { ...live, MESH_POLL_SECONDS: '300' };
    await world.reconfigure({ ...settings, MESH_URL: 'https://mesh.example' });
    await expect(world.run()).rejects.toMatchObject({
      code: 'configuration-changed',
      detail: { place: 'MESH_URL' },
    });
    await world.reconfigure({ MESH_URL: 'http://localhost:1' });
    expect((await world.run()).run.state).toBe('sealed');
  });

  it('that shall not go on is ended by a word, with nothing leaving', async () => {
    const world = await begun();
    await world.reconfigure({ ...widened, PURPOSE: 'another' });
    const words = 'the band was wrong from the start';
    const { run, changed } = await endWithheld(world.pipeline, {
      businessDate: tonight,
      rehearse: false,
      words,
    });
    expect([run.state, run.reason, changed]).toEqual(['withheld', 'ended-by-operator', true]);
    expect((await world.entries()).at(-2)).toMatchObject({ what: 'run-withheld', words });
    expect((await world.run()).changed).toBe(false);
    await expect(
      endWithheld(world.pipeline, { businessDate: tomorrow, rehearse: false, words }),
    ).rejects.toMatchObject({ code: 'run-not-found' });
  });

  it('that is held is ended with its hold', async () => {
    const world = await createWorld();
    world.intake({ choices: [mistyped], roster: residents(3) });
    expect((await world.run()).run.state).toBe('held');
    await endWithheld(world.pipeline, { businessDate: tonight, rehearse: false, words: 'no time' });
    const [hold] = await world.ledger.read((tx) => tx.holds());
    expect(hold).toMatchObject({ decision: 'rejected' });
    expect((await world.entries()).slice(-3).map(({ what }) => what)).toEqual([
      'hold-rejected',
      'run-withheld',
      'run-attested',
    ]);
  });

  /** Its drop stands, and the process died before it could say so. */
  async function published(): Promise<World> {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    const { drop } = world.pipeline;
    const publish: typeof drop.publish = async (plan) => {
      await drop.publish(plan);
      throw new Error('dead');
    };
    world.pipeline = { ...world.pipeline, drop: { ...drop, publish } };
    await expect(world.run()).rejects.toThrow('dead');
    return world;
  }

  it('whose drop stands is never told as withheld, whatever the settings now say', async () => {
    const world = await published();
    const elsewhere = { EXPORT_GATE_OUTBOUND_DIR: path.join(world.folder, 'outbound-2') };
    await world.reconfigure(elsewhere);
    const ending = { businessDate: tonight, rehearse: false, words: 'x' };
    await expect(endWithheld(world.pipeline, ending)).rejects.toMatchObject({
      code: 'configuration-changed',
    });
    // Nor do its papers die while nobody can look.
    world.pass(4 * day);
    await keepHouse(world.pipeline);
    await expect(world.run()).rejects.toMatchObject({ code: 'configuration-changed' });
    await world.reconfigure(widened);
    expect((await endWithheld(world.pipeline, ending)).run.state).toBe('sealed');
    expect((await world.entries()).map(({ what }) => what)).toContain('run-released');
  });

  it('that ended on an intent has that intent voided: none is without its outcome', async () => {
    const world = await createWorld();
    world.intake({ choices: [], roster: residents(3) });
    const { mailbox } = world.pipeline;
    const send = (): Promise<never> => Promise.reject(new Error('dead'));
    world.pipeline = { ...world.pipeline, mailbox: { ...mailbox, send } };
    await expect(world.run()).rejects.toThrow('dead');
    world.pass(3 * day + hour);
    await world.restart();
    expect((await world.run()).run).toMatchObject({ state: 'failed', reason: 'key-destroyed' });
    const whats = (await world.entries()).map(({ what }) => what);
    expect(whats.slice(whats.indexOf('request-intended'))).toEqual([
      'request-intended',
      'key-destroyed',
      'request-voided',
      'run-failed',
      'run-attested',
    ]);
  });
});

it('every setting that is no secret has a role', () => {
  expect(Object.keys(readConfig({}).settings).sort()).toEqual(Object.keys(settingRoles).sort());
});
