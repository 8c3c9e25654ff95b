import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyPairKeyObjectResult } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { createAuditLog } from '../src/audit/audit-log.ts';
import { createPersonLists } from '../src/audit/person-lists.ts';
import { addDays, formatInstant } from '../src/domain/calendar.ts';
import { heldBackReasons } from '../src/domain/eligibility.ts';
import type { Entry, Step } from '../src/domain/evidence.ts';
import { passesModulus11 } from '../src/domain/nhs-number.ts';
import { formatRunId } from '../src/domain/run.ts';
import { createKeyring } from '../src/keys/keyring.ts';
import { openSqliteLedger } from '../src/ledger/sqlite-ledger.ts';
import { lookUp } from '../src/pipeline/person-lookup.ts';
import { PersonRows } from '../src/pipeline/person-rows.ts';
import type { Chance, Claim, Ledger, LedgerWriter, StoredRun } from '../src/ports.ts';
import { checkpointBoard } from '../src/audit/checkpoint-file.ts';

/**
 * `npm run bench:person`: three years of nights of 30,000 people, kept by the code that keeps them every night, and how long it takes to
 * answer about one of them. Figures, not assertions.
 */

const { people, nights, keep } = new Command()
  .option('--people <n>', 'people a night', '30000')
  .option('--nights <n>', 'nights', '1095')
  .option('--keep', 'keep the ledger afterwards, and use it again if it is there', false)
  .parse()
  .opts<{ people: string; nights: string; keep: boolean }>();

const folder = path.join(import.meta.dirname, '..', 'var', 'bench-person');
const file = path.join(folder, 'ledger.sqlite');
process.umask(0o077);
const isThere = keep && existsSync(file);
if (!isThere) rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const chance: Chance = { bytes: (length) => randomBytes(length) };
const keyring = createKeyring(Buffer.alloc(32, 7), chance);
const lists = createPersonLists(chance);
const pair = signingKeys(path.join(folder, 'signing-key.pem'));
const audit = createAuditLog({
  origin: 'bench',
  signingKey: pair,
  board: checkpointBoard(path.join(folder, 'checkpoint')),
});
/** The same pair for a ledger that is used again. */
function signingKeys(keyFile: string): KeyPairKeyObjectResult {
  if (!existsSync(keyFile)) {
    const { privateKey } = generateKeyPairSync('ed25519');
    writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  }
  const privateKey = createPrivateKey(readFileSync(keyFile));
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

const firstNight = '2024-01-01';
const heldBackShare = 0.14;
const providers = 120;
/** A home's place is taken by somebody else once in these years, at a time of its own. */
const lastPerson = 2 * Number(people);

const numbers: number[] = [];
for (let number = 9_990_000_000; numbers.length < lastPerson; number++)
  if (passesModulus11(number)) numbers.push(number);

/** Providers of uneven size, as in the cohort: the first has the most. */
const providerOf = ((): ((place: number) => string) => {
  const weights = Array.from({ length: providers }, (_, index) => 1 / (index + 4));
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  const borders: number[] = [];
  for (const weight of weights) borders.push((borders.at(-1) ?? 0) + (weight / whole) * Number(people));
  const ids = Array.from({ length: Number(people) }, (_, place) => {
    const index = borders.findIndex((border) => place < border);
    return `PR-${String(index < 0 ? providers : index + 1).padStart(4, '0')}`;
  });
  return (place) => ids[place] ?? '';
})();

function rowsOf(night: number): { released: PersonRows; heldBack: PersonRows } {
  const rows = { released: new PersonRows(), heldBack: new PersonRows() };
  for (let place = 0; place < Number(people); place++) {
    const isLater = (place * 37) % Number(nights) < night;
    const number = numbers[isLater ? place + Number(people) : place] ?? 0;
    const isHeldBack = (place * 7919) % 1000 < heldBackShare * 1000;
    if (isHeldBack) rows.heldBack.add(providerOf(place), number, place % heldBackReasons.length);
    else rows.released.add(providerOf(place), number, 0);
  }
  return rows;
}

async function keepNight(tx: LedgerWriter, night: number): Promise<void> {
  const run = { businessDate: addDays(firstNight, night), revision: 1 };
  const at = formatInstant(Date.parse(`${run.businessDate}T03:00:00Z`));
  const tell = (step: Step) =>
    audit.append(tx, { at, run: formatRunId(run), by: 'bench', ...step } satisfies Entry);
  const scope = run.businessDate.slice(0, 4);
  let year = await tx.keyOf('year-pseudonyms', scope);
  if (year === null) await tx.addKey((year = keyring.create('year-pseudonyms', scope)), null);
  const { released, heldBack } = rowsOf(night);
  const opened = await tell({ what: 'run-opened', ...terms });
  await tx.insertRun({ ...run, ...emptyRun }, opened);
  const held = lists.build(heldBack.groups(keyring, year, run));
  const gated = await tell({ what: 'run-gated', heldBackList: held.digest } as Step);
  await tx.putPersonList(run, 'held-back', { pieces: held.pieces, indexed: true }, gated);
  await tx.indexPersons(scope, heldBack.places(keyring, year), gated);
  const sent = lists.build(released.groups(keyring, year, run));
  const late = lists.build([]);
  await tell({ what: 'run-decided', releasedList: sent.digest, heldBackLateList: late.digest } as Step);
  const drop = await tell({
    what: 'run-released',
    drop: formatRunId(run),
    files: [],
    manifest: 'd'.repeat(64),
  });
  await tx.putPersonList(run, 'released', { pieces: sent.pieces, indexed: true }, drop);
  await tx.putPersonList(run, 'held-back-late', { pieces: late.pieces, indexed: true }, drop);
  await tx.indexPersons(scope, released.places(keyring, year), drop);
  count('released', sent);
  count('held-back', held);
}

const digest = 'a'.repeat(64);
const terms = {
  ...{ intake: digest, producedAt: '', supplier: '', files: [], configuration: digest, rules: '' },
  ...{ legalBasis: 'basis', recipientAgreement: 'agreement', purpose: 'purpose' },
};
const emptyRun: Omit<StoredRun, 'businessDate' | 'revision'> = {
  ...{ state: 'opened', heldFrom: null, openedAt: 0, intake: digest, configuration: digest, keyId: 'none' },
  ...{ totals: null, released: null, reason: null, endedAt: null },
};
const kept: Record<string, { rows: number; bytes: number }> = {};
function count(list: string, { digest: { rows }, pieces }: ReturnType<typeof lists.build>): void {
  const so = (kept[list] ??= { rows: 0, bytes: 0 });
  so.rows += rows;
  for (const { bytes } of pieces) so.bytes += bytes.length;
}

/** A reader who is looking must not see a day of work in one transaction: a week of nights at a time. */
const nightsAtOnce = 7;

async function fill(ledger: Ledger, claim: Claim): Promise<void> {
  const began = performance.now();
  for (let night = 0; night < Number(nights); night += nightsAtOnce) {
    await ledger.transact(claim, async (tx) => {
      for (let one = night; one < Math.min(night + nightsAtOnce, Number(nights)); one++)
        await keepNight(tx, one);
    });
    process.stderr.write(`\r${night} of ${nights} nights, ${seconds(began)} s `);
  }
  process.stderr.write('\n');
}

const seconds = (began: number): string => ((performance.now() - began) / 1000).toFixed(2);

if (!isThere) {
  const filling = await openSqliteLedger(file);
  await fill(filling, await filling.claim('advancing'));
  await filling.compact();
  await filling.close();
  const inAll = Object.values(kept).reduce((sum, { rows }) => sum + rows, 0);
  const { size } = statSync(file);
  for (const [list, { rows, bytes }] of Object.entries(kept))
    console.log(
      `${list.padEnd(10)} ${rows.toLocaleString('en-GB')} rows, ${(bytes / rows).toFixed(2)} bytes a row`,
    );
  console.log(
    `ledger     ${(size / 1e6).toFixed(0)} MB, ${(size / inAll).toFixed(2)} bytes a row with index, log and all`,
  );
}

const ledger = await openSqliteLedger(file);
const desk = {
  ...{ ledger, keyring, lists, audit, chance, by: 'bench' },
  clock: { now: () => Date.now(), monotonic: () => performance.now(), sleep: () => Promise.resolve() },
  claim: await ledger.claim('look-ups'),
};
const ask = async (what: string, number: number, thorough = false): Promise<void> => {
  const began = performance.now();
  const { sent, heldBack } = await lookUp(desk, { number, reason: 'bench', thorough });
  console.log(
    `${what.padEnd(28)} ${seconds(began)} s, ${sent.length} nights sent, ${heldBack.length} held back`,
  );
};
await ask('first look-up', numbers[20_000] ?? 0);
await ask('again', numbers[20_000] ?? 0);
await ask('another person', numbers[50] ?? 0);
await ask('of the smallest provider', numbers[Number(people) - 3] ?? 0);
await ask('somebody never seen', 9_999_999_999 - 9_999_990);
await ask('thorough, every list checked', numbers[20_000] ?? 0, true);
await ledger.close();
if (!keep) rmSync(folder, { recursive: true, force: true });
