import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { checkPack } from '../../src/audit/pack-check.ts';
import { gatherPack } from '../../src/audit/provider-pack.ts';
import type { PackFile } from '../../src/audit/provider-pack.ts';
import { makeSealedFolder, writeFlushed } from '../../src/audit/sealed-folder.ts';
import { readConfig } from '../../src/config.ts';
import { londonDate, readDate } from '../../src/domain/calendar.ts';
import type { Digest } from '../../src/domain/digest.ts';
import { exitCodes, Failure } from '../../src/domain/failure.ts';
import type { ExitCode } from '../../src/domain/failure.ts';
import { nightTable } from '../../src/domain/night-table.ts';
import { datesOf, packFormat } from '../../src/domain/provider-pack.ts';
import type { PackFacts } from '../../src/domain/provider-pack.ts';
import { tell } from '../../src/pipeline/context.ts';
import type { Pipeline } from '../../src/pipeline/context.ts';
import { commitSigned } from '../../src/pipeline/end.ts';
import { ownVerifierKeys } from '../../src/wiring-keys.ts';
import { operator } from '../words/operator.ts';
import { packPage } from '../words/pack/page.ts';
import { withOffice } from './office.ts';

export interface PackOptions {
  readonly provider: string;
  readonly providerName?: string;
  readonly from: string;
  readonly to: string;
  readonly out: string;
}

/** The scripts that go into a pack as they stand, so that nobody needs the program to check it. */
const scriptNames = ['verify-pack.mjs', 'verify-audit.mjs'];

/** What exporting needs. */
type PackDesk = Pick<Pipeline, 'ledger' | 'audit' | 'clock' | 'by'>;

/** Makes the pack and writes that it was made into the log; neither stands without the other. Gives the digest of its manifest. */
export async function makePack(desk: PackDesk, options: PackOptions): Promise<Digest> {
  const { ledger, audit, clock } = desk;
  const [from, to] = [dateOf(options.from), dateOf(options.to)];
  const dates = datesOf(from, to, londonDate(clock.now()));
  const provider = { id: options.provider, name: options.providerName ?? null };
  const pack = await ledger.read(async (tx) => {
    const keys = await audit.keys(tx);
    return gatherPack(tx, { provider, dates, origin: audit.origin, keys });
  });
  const scripts = await scriptsThere();
  const files = [...pack.files, ...pagesOf(pack.facts, scripts.length > 0), ...scripts];
  const details = { format: packFormat, provider: provider.id, from, to };
  const claim = await ledger.claim('packs');
  return makeSealedFolder(
    options.out,
    audit,
    { kind: 'pack', details: () => Promise.resolve(details) },
    async (folder) => {
      for (const { name, bytes } of files) await writeFlushed(folder, name, bytes);
    },
    (digest) =>
      commitSigned({ ledger, claim, audit }, async (tx) => {
        await tell(desk, tx, null, { what: 'pack-exported', provider: provider.id, from, to, digest });
      }),
  );
}

/** `export-gate audit export`: the auditor pack of one provider. */
export const exportPack = (options: PackOptions): Promise<ExitCode> =>
  withOffice(async (office) => {
    const digest = await makePack({ ...office, by: operator() }, options);
    const keys = (await office.ledger.read((tx) => office.audit.keys(tx))).map(
      ({ verifierKey }) => verifierKey,
    );
    const lines = [
      `The pack lies in ${options.out}. Open index.html.`,
      `Its name in the log: ${digest}`,
      ...keys.map((key) => `Give the auditor the verifier key by another way: ${key}`),
    ];
    return `${lines.join('\n')}\n`;
  });

/** `export-gate audit check-pack`: exit 5 names what does not hold. Needs no ledger. */
export async function check(
  folder: string,
  { verifierKey, json }: { readonly verifierKey?: readonly string[]; readonly json: boolean },
): Promise<ExitCode> {
  const keys = verifierKey ?? ownVerifierKeys(readConfig());
  const checked = await checkPack(folder, keys);
  const { provider, from, to, size, entries, earlierCheckpoints, totals } = checked;
  process.stdout.write(
    json
      ? `${JSON.stringify(checked)}\n`
      : [
          `The pack of ${provider}, ${from} to ${to}, is whole and signed.`,
          `${entries} entries and ${earlierCheckpoints} earlier checkpoints stand under the checkpoint of ${size} entries; ${totals} totals are proved.`,
          'Compare that checkpoint (log/checkpoint) with one that somebody else holds.\n',
        ].join('\n'),
  );
  return exitCodes.done;
}

const pagesOf = (facts: PackFacts, hasScript: boolean): PackFile[] => [
  { name: 'pack.json', bytes: Buffer.from(`${JSON.stringify(facts, null, 2)}\n`) },
  { name: 'nights.csv', bytes: Buffer.from(nightTable(facts)) },
  { name: 'index.html', bytes: Buffer.from(packPage(facts, hasScript)) },
];

/** They lie beside the sources, and one floor higher beside what was compiled. */
async function scriptsThere(): Promise<PackFile[]> {
  const here = path.join(import.meta.dirname, '..', '..');
  const found: PackFile[] = [];
  for (const name of scriptNames) {
    const places = [here, path.dirname(here)].map((folder) => path.join(folder, 'scripts', name));
    for (const place of places) {
      const bytes = await readFile(place).catch(() => null);
      if (bytes === null) continue;
      found.push({ name, bytes });
      break;
    }
  }
  return found;
}

function dateOf(given: string): string {
  const date = readDate(given);
  if (date !== null) return date;
  throw new Failure('usage', {
    message: 'The period is not two dates.',
    found: JSON.stringify(given),
    allowed: 'YYYY-MM-DD',
    hint: 'Say it again as real dates.',
  });
}
