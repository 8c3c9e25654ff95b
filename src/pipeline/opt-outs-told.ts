/** What each night's intake told of the opt-outs carried, beside what the night before told. */
import { homeOptOutsVanished, optOutsVanished } from '../domain/opt-outs-told.ts';
import type { HomeOptOuts, OptOutsTold } from '../domain/opt-outs-told.ts';
import type { HoldReason } from '../domain/hold.ts';
import { formatRunId } from '../domain/run.ts';
import type { RunId } from '../domain/run.ts';
import type { ServiceUserRow } from '../domain/service-user.ts';
import type { LedgerReader, LedgerWriter, VerifiedIntake } from '../ports.ts';

/** Counts, home by home, the rows of people whose opt-out is carried. */
export class HomesTold {
  readonly #homes = new Map<string, { told: number; missing: number }>();

  add({ providerId, locationId }: ServiceUserRow, isTold: boolean): void {
    const home = `${providerId}/${locationId}`;
    const counts = this.#homes.get(home) ?? { told: 0, missing: 0 };
    if (isTold) counts.told++;
    else counts.missing++;
    this.#homes.set(home, counts);
  }

  counts(): Readonly<Record<string, HomeOptOuts>> {
    return Object.fromEntries(this.#homes);
  }
}

/** What deciding on an intake found. */
interface Decided {
  readonly intake: Pick<VerifiedIntake, 'producedAt'>;
  readonly carried: number;
  readonly goneMissing: number;
  readonly homes: Readonly<Record<string, HomeOptOuts>>;
}

const accepted = 'opt-outs-told';
const ofRun = (run: RunId): string => `${accepted}/${formatRunId(run)}`;

const toldBy = ({ intake, carried, goneMissing, homes }: Decided): OptOutsTold => ({
  ...{ producedAt: intake.producedAt, carried, homes },
  missing: goneMissing,
});

/** Judges the newest intake beside the last one that people were asked about on. */
export async function vanishedReasons(tx: LedgerReader, newest: Decided): Promise<HoldReason[]> {
  const stored = await tx.setting(accepted);
  const before = stored === null ? null : (JSON.parse(stored) as OptOutsTold);
  const now = toldBy(newest);
  return [
    ...(optOutsVanished(before, now) ? (['opt-outs-vanished'] as const) : []),
    ...(homeOptOutsVanished(before, now) ? (['home-opt-outs-vanished'] as const) : []),
  ];
}

/** Remembers what a run's newest intake told; the next nights are compared with it only once somebody was asked about on it. */
export const noteOptOutsTold = (tx: LedgerWriter, run: RunId, newest: Decided): Promise<void> =>
  tx.set(ofRun(run), JSON.stringify(toldBy(newest)));

/** A cut list that a person has looked at is the measure from then on; one that was rejected is not. */
export async function acceptOptOutsTold(tx: LedgerWriter, run: RunId): Promise<void> {
  const [noted, before] = [await tx.setting(ofRun(run)), await tx.setting(accepted)];
  if (noted === null) return;
  const isOlder =
    before !== null &&
    (JSON.parse(noted) as OptOutsTold).producedAt <= (JSON.parse(before) as OptOutsTold).producedAt;
  if (!isOlder) await tx.set(accepted, noted);
}
