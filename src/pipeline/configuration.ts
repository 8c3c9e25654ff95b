/** What is in force, who may change it, and under what a run must end (R53; fault 26 of the fault table). */
import type { Config } from '../config.ts';
import { isLoopback } from '../config-faults.ts';
import {
  bearsOnRun,
  changesBetween,
  contentOf,
  formatChange,
  isGuarded,
  placesTheDrop,
} from '../domain/configuration.ts';
import type { SettingChange } from '../domain/configuration.ts';
import type { Instant } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import { formatRunId } from '../domain/run.ts';
import { isSamePerson } from '../domain/same-person.ts';
import type {
  Approver,
  Approvers,
  ApproversIn,
  LedgerReader,
  LedgerWriter,
  StoredConfiguration,
  StoredRun,
} from '../ports.ts';
import { tell } from './context.ts';
import type { Pipeline } from './context.ts';
import { commitSigned } from './end.ts';

/** How the configuration of this process stands to the one in force. */
export interface Standing {
  /** Null in a ledger that knows none. */
  readonly inForce: StoredConfiguration | null;
  /** Guarded settings that differ; empty where nothing does, and where nothing was in force before. */
  readonly changes: readonly SettingChange[];
  /** Somebody else must approve before anything is run. */
  readonly needsApproval: boolean;
}

/** The configuration in force; null in a ledger that knows none. */
export const configurationInForce = async (tx: LedgerReader): Promise<StoredConfiguration | null> =>
  (await tx.configurations()).at(-1) ?? null;

/**
 * Two people are needed as soon as real numbers or approvers are in play, by the settings at hand or by those in force: nobody gets round
 * it by taking the approvers away.
 */
export const needsTwoPeople = (config: Config, inForce: StoredConfiguration | null): boolean =>
  config.numbers.name === 'live' ||
  config.approversFile !== null ||
  inForce?.settings['NHS_NUMBER_POLICY'] === 'live' ||
  (inForce?.settings['APPROVERS_FILE'] ?? '') !== '';

/** The first configuration of a new ledger is taken as it comes. */
export async function configurationStanding(config: Config, tx: LedgerReader): Promise<Standing> {
  const inForce = await configurationInForce(tx);
  const isNew = inForce === null && (await tx.runs({ limit: 1 })).length === 0;
  const isSame = inForce?.guarded === config.guarded;
  return {
    inForce,
    changes: changesBetween(inForce?.settings ?? config.settings, config.settings, isGuarded),
    needsApproval: needsTwoPeople(config, inForce) && !isNew && !isSame,
  };
}

/** Throws `configuration-unapproved`, naming every guarded setting that changed. */
export async function demandApproved(config: Config, tx: LedgerReader): Promise<void> {
  const { changes, needsApproval } = await configurationStanding(config, tx);
  if (needsApproval) throw unapproved(changes);
}

/** The same for the list of approvers alone, which counts wherever a signature does: whoever put themselves on it is nobody yet. */
export async function demandApproversInForce(config: Config, tx: LedgerReader): Promise<void> {
  const { changes, needsApproval } = await configurationStanding(config, tx);
  const lists = changes.filter(({ name }) => name === contentOf('APPROVERS_FILE'));
  if (needsApproval && lists.length > 0) throw unapproved(lists);
}

const unapproved = (changes: readonly SettingChange[]): Failure =>
  new Failure('configuration-unapproved', {
    message: `Settings that need two people were changed and nobody else has approved them:\n  ${linesOf(changes)}`,
    place: changes.map(({ name }) => name).join(', '),
    allowed: 'what is in force, or a change that somebody of the approvers in force has signed',
    hint: 'Nothing was read or sent. Put them back, or have them approved: `export-gate config approve --text` says how.',
  });

/**
 * A run ends under the configuration it began with. Throws `configuration-changed` where a setting that bears on a run is another now;
 * poll interval, hour, keep days and the list of approvers may change between its steps.
 */
export async function demandBegunWith(config: Config, tx: LedgerReader, run: StoredRun): Promise<void> {
  await demandUnchanged(config, tx, run, bearsOnRun);
}

/** The same for what says where the run's drop stands, if it does. */
export async function demandSameDropPlace(config: Config, tx: LedgerReader, run: StoredRun): Promise<void> {
  await demandUnchanged(config, tx, run, placesTheDrop);
}

async function demandUnchanged(
  config: Config,
  tx: LedgerReader,
  run: StoredRun,
  counts: (name: string) => boolean,
): Promise<void> {
  if (run.configuration === config.digest) return;
  const begun = (await tx.configurations()).find(({ digest }) => digest === run.configuration);
  const changes = changesBetween(begun?.settings ?? {}, config.settings, counts).filter(
    (change) => !isAnotherPort(change),
  );
  if (begun !== undefined && changes.length === 0) return;
  throw new Failure('configuration-changed', {
    message: `Run ${formatRunId(run)} began under other settings, and ends under those or not at all:\n  ${linesOf(changes)}`,
    place: changes.map(({ name }) => name).join(', '),
    allowed: 'the settings it began with (left of the arrow)',
    hint: `Nothing was sent. Put them back and run again; or end the run with nothing leaving: \`export-gate run --date ${run.businessDate} --end-withheld --reason "..."\`.`,
  });
}

/** A simulator on this machine listens elsewhere each time it is started. */
const isAnotherPort = ({ name, from, to }: SettingChange): boolean =>
  name === 'MESH_URL' && isLoopback(from) && isLoopback(to);

const linesOf = (changes: readonly SettingChange[]): string => changes.map(formatChange).join('\n  ');

type TellingDesk = Pick<Pipeline, 'audit' | 'clock' | 'by' | 'config'>;

/** Every change of the effective configuration is an entry of its own. Throws as `demandApproved`. */
export async function takeIntoForce(pipeline: TellingDesk, tx: LedgerWriter): Promise<void> {
  const { config } = pipeline;
  const { inForce } = await configurationStanding(config, tx);
  if (inForce?.digest === config.digest) return;
  await demandApproved(config, tx);
  await putIntoForce(pipeline, tx, { inForce, approvedBy: [], reason: '', signature: null });
}

interface Change {
  readonly inForce: StoredConfiguration | null;
  readonly approvedBy: readonly string[];
  readonly reason: string;
  readonly signature: string | null;
}

async function putIntoForce(
  pipeline: TellingDesk,
  tx: LedgerWriter,
  { inForce, approvedBy, reason, signature }: Change,
): Promise<void> {
  const { digest, guarded, settings, approversText: approvers } = pipeline.config;
  const changed = changesBetween(inForce?.settings ?? {}, settings, () => true).map(({ name }) => name);
  const proof = await tell(pipeline, tx, null, {
    what: 'configuration-in-force',
    digest,
    previous: inForce?.digest ?? null,
    guarded,
    changed: inForce === null ? [] : changed,
    approvedBy,
    reason,
    signature,
  });
  await tx.putConfiguration({ digest, guarded, settings, approvers }, proof);
}

/** The text that an approver signs, byte for byte. It names the entry it follows, so that no signature serves twice. */
export const configurationText = (config: Config, { inForce, changes }: Standing): string =>
  ['export-gate configuration', `in force since entry ${inForce?.position ?? 'none'}`]
    .concat([`guarded settings ${inForce?.guarded ?? 'none'}`, `become ${config.guarded}`])
    .concat([...changes.map(formatChange), ''])
    .join('\n');

/** What approving a configuration needs. */
export type ConfigurationDesk = Pick<Pipeline, 'ledger' | 'claim' | 'clock' | 'audit' | 'config' | 'by'> & {
  readonly approversIn: ApproversIn;
};

/**
 * Brings changed guarded settings into force by the signature of somebody who is not the operator: one of the approvers in force, so that
 * nobody lets themselves in; where none of those may approve today, one of the new list. Throws `approval-refused`, `usage` where nothing needs approval.
 */
export async function approveConfiguration(
  desk: ConfigurationDesk,
  words: { readonly signature: string; readonly reason: string },
): Promise<Approver> {
  const { ledger, clock, config, approversIn, by } = desk;
  const standing = await ledger.read((tx) => configurationStanding(config, tx));
  if (!standing.needsApproval) {
    throw new Failure('usage', {
      message: 'Nothing waits for an approval.',
      hint: 'See `export-gate config changes`.',
    });
  }
  const now = clock.now();
  const list = await firstWithAnybody([standing.inForce?.approvers, config.approversText], approversIn, now);
  if (list === null) {
    throw new Failure('approval-refused', {
      message:
        'Nobody may approve: neither the settings in force nor the new ones name anybody who may today.',
      hint: 'Put the settings back, or set APPROVERS_FILE; somebody on that list can then approve.',
    });
  }
  const text = configurationText(config, standing);
  const approver = await list.check(text, words.signature, now);
  if (isSamePerson(approver, by)) {
    throw new Failure('approval-refused', {
      message: 'Nobody approves settings that they bring into force themselves.',
      hint: 'Ask another person of APPROVERS_FILE.',
    });
  }
  await commitSigned(desk, async (tx) => {
    const { inForce } = await configurationStanding(config, tx);
    if (inForce?.position !== standing.inForce?.position) throw overtaken();
    const approvedBy = [`${approver.name} (${approver.role})`];
    await putIntoForce(desk, tx, { inForce, approvedBy, ...words });
  });
  return approver;
}

/** The first list that names somebody who may approve now. */
export async function firstWithAnybody(
  texts: readonly (string | null | undefined)[],
  approversIn: ApproversIn,
  now: Instant,
): Promise<Approvers | null> {
  for (const text of texts) {
    const approvers = approversIn(text ?? '');
    if (await approvers.anybody(now)) return approvers;
  }
  return null;
}

const overtaken = (): Failure =>
  new Failure('approval-refused', {
    message: 'The settings in force changed while this was being approved.',
    hint: 'Nothing was changed. Look at `export-gate config changes` and have the new text signed.',
  });
