/** The gate's health, with what stands in files beside the ledger. */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import type { Config } from './config.ts';
import type { Instant } from './domain/calendar.ts';
import type { Health } from './domain/health.ts';
import { healthOf } from './pipeline/health.ts';
import type { Office } from './wiring.ts';

export { metricsText } from './metrics/prometheus.ts';

/** `bellsWaiting`: of the queue, by whoever is connected to it. */
export const healthNow = (office: Office, bellsWaiting: number | null = null): Promise<Health> =>
  healthOf(office, { certificateEndsAt: certificateEndsAt(office.config), bellsWaiting });

/** When our certificate for MESH ends; null without one, and where it cannot be read: the mailbox says so when it is opened. */
function certificateEndsAt({ mesh }: Config): Instant | null {
  if (mesh === null || mesh.tls === null) return null;
  try {
    const ends = Date.parse(new X509Certificate(readFileSync(mesh.tls.certFile)).validTo);
    return Number.isNaN(ends) ? null : ends;
  } catch {
    return null;
  }
}
