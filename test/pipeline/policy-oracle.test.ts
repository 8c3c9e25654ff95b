/** The whole night against the reference gate: the drop holds exactly the people the policy allows. */
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { formatInstant } from '../../src/domain/calendar.ts';
import { makeCohort } from '../../scripts/make-cohort.ts';
import { stampIntake } from '../../scripts/stamp-fixture.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import { mayBeAsked } from '../support/reference-gate.ts';

worldsEndWell();

const fixture = path.join('fixtures', 'twenty-people');

const table = (folder: string, name: string): Record<string, string>[] =>
  parse(fs.readFileSync(path.join(folder, name)), { columns: true, bom: true });

/** Who may leave by the policy's own words: allowed by the reference gate and without a national opt-out. */
function allowed(folder: string, readAt: number, optedOut: ReadonlySet<string>): string[] {
  const intake = {
    serviceUsers: table(folder, 'service-users.csv'),
    choices: table(folder, 'in-service-choices.csv'),
    providers: table(folder, 'providers.csv'),
  };
  const asked = mayBeAsked({ intake, businessDate: tonight, readAt: formatInstant(readAt), policy: 'test' });
  return [...asked].filter((number) => !optedOut.has(number)).sort();
}

const linesOf = (file: string): string[] =>
  fs
    .readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '');

describe('drop = exactly the people the policy allows', () => {
  it('for the fixture that can be read by eye', async () => {
    const optedOut = linesOf(path.join(fixture, 'national-opt-outs.txt'));
    const world = await createWorld({ optedOut });
    const folder = path.join(world.config.intakeDir, tonight);
    stampIntake(path.join(fixture, '2026-11-22'), folder, {
      businessDate: tonight,
      producedAt: formatInstant(world.now() - 60_000),
    });
    const { run } = await world.run();
    const expected = JSON.parse(fs.readFileSync(path.join(fixture, 'expected.json'), 'utf8')) as {
      released: string[];
      outcomes: { outcome: string }[];
    };
    expect(run.state).toBe('sealed');
    expect(world.released()).toEqual([...expected.released].sort());
    for (const [outcome, rows] of Object.entries(run.totals?.rows ?? {})) {
      expect([outcome, rows]).toEqual([
        outcome,
        expected.outcomes.filter((row) => row.outcome === outcome).length,
      ]);
    }
    world.watchFor(optedOut);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12])('for a cohort of 1,000, seed %i', async (seed) => {
    const world = await createWorld({ settings: { CHECK_MAX_NUMBERS: String(100 + seed * 75) } });
    const folder = path.join(world.config.intakeDir, tonight);
    const nationalOptOuts = path.join(world.folder, 'intake', 'national-opt-outs.txt');
    makeCohort({
      out: folder,
      date: tonight,
      producedAt: formatInstant(world.now() - 60_000),
      people: 1000,
      homes: 24,
      providers: 12,
      seed,
      nationalOptOuts,
    });
    for (const number of linesOf(nationalOptOuts)) world.optedOut.add(number);
    fs.rmSync(nationalOptOuts);
    const { run } = await world.run();
    expect([run.state, run.reason]).toEqual(['sealed', null]);
    expect(world.released()).toEqual(allowed(folder, world.now(), world.optedOut));
  });
});
