import { anchorNames } from '../domain/anchoring.ts';
import { daysBetween, londonDate } from '../domain/calendar.ts';
import type { Instant, LocalDate } from '../domain/calendar.ts';
import type { Health } from '../domain/health.ts';
import { newestNight } from '../domain/schedule.ts';
import { anchorStandings } from './anchor-standings.ts';
import { uncollected } from './arrival.ts';
import { lastBackup } from './backups.ts';
import type { Pipeline } from './context.ts';
import { leasesEndSetting } from './intake-decision.ts';
import { nightsOwed } from './look-after.ts';

const nightsLookedAt = 30;

/** Reads the ledger, and looks at the drops; asks nobody outside. What stands elsewhere is told to it. */
export async function healthOf(
  desk: Pick<Pipeline, 'ledger' | 'clock' | 'config' | 'drop'>,
  elsewhere: { readonly certificateEndsAt: Instant | null; readonly bellsWaiting: number | null },
): Promise<Health> {
  const { ledger, clock, config } = desk;
  const owed = await nightsOwed(desk);
  const standings = await anchorStandings(
    desk,
    anchorNames.filter((name) => config.anchors[name] !== null),
  );
  const waiting = await uncollected(desk);
  const now = clock.now();
  const today = londonDate(now);
  const daysTo = (date: LocalDate | null): number | null => (date === null ? null : daysBetween(today, date));
  return ledger.read(async (tx) => {
    const runs = await tx.runs({ withoutRehearsals: true, limit: nightsLookedAt });
    const expected = newestNight(now, config.nightlyAt);
    const [sealed, ended] = [
      runs.find(({ state }) => state === 'sealed'),
      runs.find(({ endedAt }) => endedAt !== null),
    ];
    const { size } = await tx.frontier();
    const backup = await lastBackup(tx);
    return {
      lastNight: {
        businessDate: expected,
        state: runs.find(({ businessDate }) => businessDate === expected)?.state ?? 'missing',
      },
      nightsOwed: owed.length,
      oldestOwedDays: owed[0] === undefined ? 0 : daysBetween(owed[0].businessDate, today),
      openHolds: (await tx.holds()).filter(({ decision }) => decision === 'open').length,
      lastRelease:
        sealed === undefined
          ? null
          : { at: sealed.endedAt ?? sealed.openedAt, numbers: sealed.released ?? 0 },
      uncollected: { drops: waiting.length, oldestSince: waiting[0]?.since ?? null },
      lastRunSeconds: ended === undefined ? null : ((ended.endedAt ?? 0) - ended.openedAt) / 1000,
      rows: runs.find(({ totals }) => totals !== null)?.totals?.rows ?? {},
      entries: size,
      entriesUnsigned: size - ((await tx.checkpoint())?.size ?? 0),
      anchors: standings.map(({ anchor, last, state }) => ({
        name: anchor,
        takenAt: last?.at ?? null,
        isSound: state === 'in-time',
      })),
      lastBackupAt: backup === null ? null : Date.parse(backup.at),
      daysToExpiry: {
        'legal-basis': daysTo(config.legal.basisExpiresOn),
        'recipient-agreement': daysTo(config.legal.recipientExpiresOn),
        'client-certificate':
          elsewhere.certificateEndsAt === null ? null : daysTo(londonDate(elsewhere.certificateEndsAt)),
        'provider-lease': daysTo(await tx.setting(leasesEndSetting)),
      },
      oldestMessageAt: (await tx.unsettledMessages())[0]?.receivedAt ?? null,
      bellsWaiting: elsewhere.bellsWaiting,
    };
  });
}
