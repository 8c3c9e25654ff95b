/** Dashboard and alarms ask for numbers that the gate tells, and compose names files that are there. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { expect, it } from '@jest/globals';

import type { Health } from '../../src/domain/health.ts';
import { metricsText } from '../../src/metrics/prometheus.ts';

const root = path.join(import.meta.dirname, '..', '..');
const read = (...names: string[]): string => readFileSync(path.join(root, ...names), 'utf8');

const health: Health = {
  lastNight: { businessDate: '2026-11-22', state: 'sealed' },
  nightsOwed: 0,
  oldestOwedDays: 0,
  openHolds: 0,
  lastRelease: { at: 1, numbers: 1 },
  uncollected: { drops: 1, oldestSince: 1 },
  lastRunSeconds: 1,
  rows: { asked: 1 },
  entries: 1,
  entriesUnsigned: 0,
  anchors: [{ name: 'folder', takenAt: 1, isSound: true }],
  lastBackupAt: 1,
  daysToExpiry: { 'legal-basis': 1, 'recipient-agreement': 1, 'client-certificate': 1, 'provider-lease': 1 },
  oldestMessageAt: 1,
  bellsWaiting: 2,
};

const told = async (): Promise<Set<string>> =>
  new Set((await metricsText(health)).match(/^export_gate_\w+/gm));

it.each(['dashboards/export-gate.json', 'alarms.yaml'])(
  '%s asks for nothing that is not told',
  async (name) => {
    const asked = new Set(read('grafana', name).match(/export_gate_\w+/g));
    expect(asked.size).toBeGreaterThan(5);
    const known = await told();
    expect([...asked].filter((metric) => !known.has(metric))).toEqual([]);
  },
);

it('the dashboard shows everything that is told', async () => {
  const dashboard = read('grafana', 'dashboards', 'export-gate.json');
  // Times and counts that another panel tells better.
  const left = ['oldest_owed_days', 'anchor_taken_timestamp_seconds', 'uncollected_since_timestamp_seconds'];
  const missing = [...(await told())].filter((metric) => !dashboard.includes(metric));
  expect(missing.sort()).toEqual(left.map((name) => `export_gate_${name}`).sort());
});

it('what is not known is left out', async () => {
  const text = await metricsText({
    ...health,
    lastRelease: null,
    oldestMessageAt: null,
    bellsWaiting: null,
    daysToExpiry: { ...health.daysToExpiry, 'client-certificate': null },
  });
  for (const name of ['last_release', 'oldest_message', 'bells_waiting', 'client-certificate'])
    expect(text).not.toContain(name);
});

it('compose.yaml mounts files that are there', () => {
  const mounted = read('compose.yaml').match(/\.\/grafana[\w./-]*/g) ?? [];
  expect(mounted.length).toBeGreaterThan(3);
  expect(mounted.filter((place) => !existsSync(path.join(root, place)))).toEqual([]);
});
