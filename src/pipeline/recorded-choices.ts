import { isUnsafeId, onList } from '../domain/service-user.ts';
import { channels, choices, deciders } from '../domain/in-service-choice.ts';
import type { InServiceChoice } from '../domain/in-service-choice.ts';
import { readInstant } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import type { Ledger, LedgerReader, LedgerWriter, WrappedKey } from '../ports.ts';
import type { Pipeline } from './context.ts';
import { sha256, tell } from './context.ts';

/** A choice told to us rather than written on the care record yet; cells as in `in-service-choices.csv`. */
export interface ToldChoice {
  readonly serviceUserId: string;
  readonly choice: string;
  readonly channel: string;
  readonly requestedAt: string;
  readonly recordedAt: string;
  readonly decidedBy: string;
}

const scope = 'recorded-choices';

/** The choices recorded in the ledger, read like rows of the intake's history (design, section 5). */
export async function* recordedChoices({
  ledger,
  keyring,
}: Pick<Pipeline, 'keyring'> & { readonly ledger: Pick<Ledger, 'read'> }): AsyncGenerator<InServiceChoice> {
  const papers = await ledger.read(async (tx) => {
    const key = await tx.keyOf('choice-papers', scope);
    if (key === null) return [];
    const opened: Uint8Array[] = [];
    for await (const paper of tx.recordedChoices()) opened.push(keyring.open(key, paper.name, paper.sealed));
    return opened;
  });
  for (const paper of papers) yield understand(JSON.parse(Buffer.from(paper).toString()) as ToldChoice);
}

/** How many choices are recorded. None is ever removed, so that one more means a new one. */
export async function countRecorded(ledger: LedgerReader): Promise<number> {
  const names: string[] = [];
  for await (const { name } of ledger.recordedChoices()) names.push(name);
  return names.length;
}

const understand = (told: ToldChoice): InServiceChoice => ({
  serviceUserId: told.serviceUserId,
  choice: onList(choices, told.choice),
  channel: onList(channels, told.channel),
  requestedAt: readInstant(told.requestedAt),
  recordedAt: readInstant(told.recordedAt),
  decidedBy: onList(deciders, told.decidedBy),
});

/** What recording needs. */
type ChoiceDesk = Pick<Pipeline, 'ledger' | 'keyring' | 'claim' | 'chance' | 'audit' | 'clock' | 'by'>;

/**
 * Records a choice, in force from the next decision on, a release under way included. Refuses what the gate would not understand, for a
 * person stands before whoever types it. Throws `usage`.
 */
export async function recordChoice(pipeline: ChoiceDesk, told: ToldChoice): Promise<void> {
  const understood = understand(told);
  const odd = Object.values(understood).some(
    (value) => value === 'unknown' || value === null || value === '',
  );
  if (odd || isUnsafeId(told.serviceUserId)) {
    throw new Failure('usage', {
      message: 'The choice cannot be recorded as it stands.',
      allowed: `choice ${choices.join('|')}, channel ${channels.join('|')}, decided by ${deciders.join('|')}, times RFC 3339; an id without outer white space and invisible characters`,
      hint: 'Nothing was recorded. Say it again with values of these lists.',
    });
  }
  const name = `choice:${Buffer.from(pipeline.chance.bytes(16)).toString('hex')}`;
  const plain = Buffer.from(JSON.stringify(told));
  await pipeline.ledger.transact(pipeline.claim, (tx) => keepChoice(pipeline, tx, name, plain));
}

type KeepingDesk = Pick<ChoiceDesk, 'keyring' | 'chance' | 'audit' | 'clock' | 'by'>;

async function keepChoice(
  desk: KeepingDesk,
  tx: LedgerWriter,
  name: string,
  plain: Uint8Array,
): Promise<void> {
  const { keyring, chance } = desk;
  let key: WrappedKey | null = await tx.keyOf('choice-papers', scope);
  if (key === null) {
    key = keyring.create('choice-papers', scope);
    await tx.addKey(key, null);
  }
  const { choice, channel } = JSON.parse(Buffer.from(plain).toString()) as ToldChoice;
  const commitment = sha256(chance.bytes(32), plain);
  const proof = await tell(desk, tx, null, { what: 'choice-recorded', choice, channel, commitment });
  await tx.recordChoice({ name, keyId: key.keyId, sealed: keyring.seal(key, name, plain) }, proof);
}

/** Records here what is recorded in another ledger under the same master key and not here. Gives how many those are. */
export async function copyChoices(
  desk: KeepingDesk,
  theirs: LedgerReader,
  tx: LedgerWriter,
): Promise<number> {
  const key = await theirs.keyOf('choice-papers', scope);
  if (key === null) return 0;
  const known = new Set<string>();
  for await (const { name } of tx.recordedChoices()) known.add(name);
  let copied = 0;
  for await (const { name, sealed } of theirs.recordedChoices()) {
    if (known.has(name)) continue;
    await keepChoice(desk, tx, name, desk.keyring.open(key, name, sealed));
    copied += 1;
  }
  return copied;
}
