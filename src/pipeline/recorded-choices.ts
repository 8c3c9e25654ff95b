import { isUnsafeId, onList } from '../domain/service-user.ts';
import { channels, choices, deciders } from '../domain/in-service-choice.ts';
import type { InServiceChoice } from '../domain/in-service-choice.ts';
import { readInstant } from '../domain/calendar.ts';
import { Failure } from '../domain/failure.ts';
import type { Ledger, LedgerReader, WrappedKey } from '../ports.ts';
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
  const { ledger, keyring, claim, chance } = pipeline;
  await ledger.transact(claim, async (tx) => {
    let key: WrappedKey | null = await tx.keyOf('choice-papers', scope);
    if (key === null) {
      key = keyring.create('choice-papers', scope);
      await tx.addKey(key, null);
    }
    const plain = Buffer.from(JSON.stringify(told));
    const name = `choice:${Buffer.from(chance.bytes(16)).toString('hex')}`;
    const proof = await tell(pipeline, tx, null, {
      what: 'choice-recorded',
      choice: told.choice,
      channel: told.channel,
      commitment: sha256(chance.bytes(32), plain),
    });
    await tx.recordChoice({ name, keyId: key.keyId, sealed: keyring.seal(key, name, plain) }, proof);
  });
}
