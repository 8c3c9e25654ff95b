/** The gate's health as Prometheus reads it; nothing here names or counts a single person. */
import { Gauge, Registry } from 'prom-client';
import { runStates } from '../domain/run.ts';
import type { Health } from '../domain/health.ts';

const prefix = 'export_gate_';

/** The text exposition format, one gauge a fact; times in seconds since 1970, facts that are not known are left out. */
export function metricsText(health: Health): Promise<string> {
  const registry = new Registry();
  const gauge = (name: string, help: string, labelNames: readonly string[] = []): Gauge =>
    new Gauge({ name: `${prefix}${name}`, help, labelNames: [...labelNames], registers: [registry] });
  const fact = (name: string, help: string, value: number | null): void => {
    const own = gauge(name, help);
    if (value === null) registry.removeSingleMetric(`${prefix}${name}`);
    else own.set(value);
  };
  const seconds = (at: number | null): number | null => (at === null ? null : at / 1000);

  const state = gauge('last_night_state', '1 for the state in which the newest night due stands.', ['state']);
  for (const each of [...runStates, 'missing'] as const)
    state.set({ state: each }, each === health.lastNight.state ? 1 : 0);
  fact('nights_owed', 'Nights that are to be run, or have not ended.', health.nightsOwed);
  fact('oldest_owed_days', 'Days since the oldest of them.', health.oldestOwedDays);
  fact('holds_open', 'Holds that wait for a person.', health.openHolds);
  const released = health.lastRelease;
  fact('last_release_timestamp_seconds', 'When numbers last left.', seconds(released?.at ?? null));
  fact('last_release_numbers', 'How many left then.', released?.numbers ?? null);
  fact(
    'drops_uncollected',
    'Drops that their recipient should have collected by now.',
    health.uncollected.drops,
  );
  const oldest = health.uncollected.oldestSince;
  fact('uncollected_since_timestamp_seconds', 'When the oldest of them was released.', seconds(oldest));
  fact('last_run_seconds', 'From opening to end of the newest run that ended.', health.lastRunSeconds);
  const rows = gauge('rows', 'Rows of the newest roster by what the gate decided.', ['outcome']);
  for (const [outcome, count] of Object.entries(health.rows)) rows.set({ outcome }, count);
  fact('log_entries', 'Entries of the audit log.', health.entries);
  fact('log_entries_unsigned', 'Those that no checkpoint covers yet.', health.entriesUnsigned);
  const taken = gauge('anchor_taken_timestamp_seconds', 'When an anchor last took the log.', ['anchor']);
  const sound = gauge('anchor_sound', '1 while an anchor takes the log.', ['anchor']);
  for (const { name, takenAt, isSound } of health.anchors) {
    sound.set({ anchor: name }, isSound ? 1 : 0);
    if (takenAt !== null) taken.set({ anchor: name }, takenAt / 1000);
  }
  fact('last_backup_timestamp_seconds', 'When the ledger was last backed up.', seconds(health.lastBackupAt));
  fact(
    'oldest_message_timestamp_seconds',
    'Since when a message has waited to be read.',
    seconds(health.oldestMessageAt),
  );
  fact('bells_waiting', 'Bells of the queue that wait or are being answered.', health.bellsWaiting);
  const expiry = gauge('days_to_expiry', 'Days until something ends without which nothing is sent.', [
    'ground',
  ]);
  for (const [ground, days] of Object.entries(health.daysToExpiry))
    if (days !== null) expiry.set({ ground }, days);
  return registry.metrics();
}
