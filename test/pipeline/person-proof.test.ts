/** Proofs about people of a run, checked by somebody who has nothing of ours. */
import { describe, expect, it } from '@jest/globals';
import { erasePerson } from '../../src/pipeline/person-erasure.ts';
import type { PersonListName, PersonProof } from '../../src/ports.ts';
import { failing } from '../support/contracts/ledger-desk.ts';
import { createWorld, tonight, worldsEndWell } from '../support/gate-world.ts';
import type { World } from '../support/gate-world.ts';
import { providerCells } from '../support/intake-folder.ts';
import { checkPersonProof } from '../support/person-proof-check.ts';
import { resident, residents, testNumber } from '../support/residents.ts';

worldsEndWell();

const run = { businessDate: tonight, revision: 1 };
const twoHomes = 3;
const national = 5;
const restricted = 100;
const inWhole = 700;

/** 620 people of one provider, three blocks of them, and some of two others. */
async function aNight(): Promise<World> {
  const world = await createWorld({
    optedOut: [testNumber(national)],
    settings: { CHECK_REMOVAL_BAND: '0.0001-0.9' },
  });
  const providers = ['PR-01', 'PR-02', 'PR-03'].map((provider_id) => providerCells({ provider_id }));
  const place = (provider_id: string): object => ({ provider_id, location_id: '1-1099000102' });
  world.intake({
    choices: [],
    providers,
    roster: [
      ...residents(620).map((row, n) => (n === restricted ? { ...row, restricted: 'yes' } : row)),
      resident(twoHomes, place('PR-02')),
      ...residents(3, place('PR-03'), 650),
    ],
  });
  expect((await world.run()).run.state).toBe('sealed');
  return world;
}

const prove = (
  world: World,
  n: number,
  list: PersonListName,
  under: string | null = null,
): Promise<PersonProof> =>
  world.ledger.read(async (tx) => {
    const year = await tx.keyOf('year-pseudonyms', '2026');
    const pseudonym = world.pipeline.keyring.runPseudonyms(year!, run)(testNumber(n));
    return world.pipeline.lists.prove(tx, { run, list, pseudonym, under });
  });
const faultOf = (world: World, proof: PersonProof): string | null =>
  checkPersonProof(JSON.stringify(proof), world.pipeline.audit.verifierKey);

describe('a proof about a person and a list', () => {
  it('shows that they stand there, under every provider of theirs, or nowhere, or not under one', async () => {
    const world = await aNight();
    const claims: [number, PersonListName, string | null, PersonProof['claim']][] = [
      [0, 'released', null, 'stands'],
      [twoHomes, 'released', null, 'stands'],
      [twoHomes, 'released', 'PR-02', 'stands'],
      [restricted, 'held-back', null, 'stands'],
      [restricted, 'released', null, 'stands-nowhere'],
      [national, 'released', null, 'stands-nowhere'],
      [national, 'held-back', null, 'stands-nowhere'],
      [0, 'held-back-late', null, 'stands-nowhere'],
      ...[0, 1, 2, 4, 6, 7, 8, 9].map((n): [number, PersonListName, string, PersonProof['claim']] => [
        n,
        'released',
        'PR-02',
        'stands-not-under',
      ]),
      ...[650, 651, inWhole, inWhole + 1].map((n): [number, PersonListName, string, PersonProof['claim']] => [
        n,
        'released',
        'PR-01',
        'stands-not-under',
      ]),
    ];
    for (const [n, list, under, claim] of claims) {
      const proof = await prove(world, n, list, under);
      expect([n, list, proof.claim, faultOf(world, proof)]).toEqual([n, list, claim, null]);
    }
    expect((await prove(world, twoHomes, 'released')).providers).toHaveLength(2);
    await expect(prove(world, 0, 'held-back', 'PR-02')).rejects.toEqual(failing('evidence-destroyed'));
  });

  it('does not pass for another person, list, run, provider or log', async () => {
    const world = await aNight();
    const proofs = [
      await prove(world, 0, 'released'),
      await prove(world, national, 'released'),
      await prove(world, 651, 'released', 'PR-01'),
    ];
    const other = await prove(world, 1, 'released');
    const [first] = other.providers;
    for (const proof of proofs) {
      const line = proof.entry.line;
      const forged: Partial<PersonProof>[] = [
        { pseudonym: proof.claim === 'stands' ? 'f'.repeat(32) : other.pseudonym },
        { list: 'held-back-late' },
        { run: `${tonight}/r2` },
        { logged: { ...proof.logged, rows: proof.logged.rows + 1 } },
        { entry: { ...proof.entry, line: line.replace('operator', 'Operator') } },
        { entry: { ...proof.entry, position: proof.entry.position - 1 } },
        { checkpoint: proof.checkpoint.replace(/^(.*\n)\d+/, '$17') },
        ...(proof.claim === 'stands-nowhere'
          ? [
              {
                whole: Buffer.from(proof.whole ?? '', 'base64')
                  .fill(0, 60, 61)
                  .toString('base64'),
              },
            ]
          : [
              { providers: [{ ...first!, index: 1 }] },
              { providers: [{ ...first!, leaf: first!.leaf.replace('U', 'V') }] },
              { providers: [] },
            ]),
      ];
      for (const change of forged)
        expect([change, faultOf(world, { ...proof, ...change })]).toEqual([change, expect.any(String)]);
    }
    const elsewhere = await aNight();
    expect(faultOf(elsewhere, proofs[0]!)).toBe('checkpoint');
  });

  it('holds for the others after an erasure, through the entry that tells of it', async () => {
    const world = await aNight();
    const sound = async (): Promise<void> =>
      world.ledger.read(async (tx) => world.pipeline.lists.demandSound(tx, await tx.personLists()));
    for (const n of [twoHomes, 10, 11, 650, 651, 652])
      await erasePerson(world.pipeline, Number(testNumber(n)), 'case');
    await sound();
    for (const n of [0, 1, 2, 4, 619]) {
      const proof = await prove(world, n, 'released');
      expect([proof.claim, proof.erasures.length, faultOf(world, proof)]).toEqual(['stands', 6, null]);
    }
    for (const n of [twoHomes, 10, 650]) {
      const proof = await prove(world, n, 'released');
      expect([proof.claim, faultOf(world, proof)]).toEqual(['stands-nowhere', null]);
      expect(faultOf(world, { ...proof, erasures: proof.erasures.slice(0, 2) })).toBe('erasure');
    }
    for (const under of ['PR-01', 'PR-02', 'PR-03']) {
      const proof = await prove(world, twoHomes, 'released', under);
      expect([proof.claim, faultOf(world, proof)]).toEqual(['stands-not-under', null]);
    }
  });
});
