/** The gate's health with what stands in files beside the ledger: certificate and leases, and what `status` says of them. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { expect, it } from '@jest/globals';

import { readConfig } from '../../src/config.ts';
import type { Config } from '../../src/config.ts';
import { addDays, londonDate } from '../../src/domain/calendar.ts';
import { openOffice } from '../../src/wiring.ts';
import { healthNow } from '../../src/wiring-health.ts';
import { createAuthority } from '../support/certificates.ts';
import type { Night } from './night.ts';
import { result, useNights } from './nights.ts';

const oneNight = useNights();

async function daysToExpiry(night: Night, certificate: string): Promise<unknown> {
  const certFile = path.join(night.dataDir, 'certificate.pem');
  writeFileSync(certFile, certificate);
  const office = await openOffice(readConfig(night.settings));
  try {
    const tls = { certFile, keyFile: '', caFile: '' };
    const config: Config = { ...office.config, mesh: { ...office.config.mesh!, tls } };
    return (await healthNow({ ...office, config })).daysToExpiry;
  } finally {
    await office.close();
  }
}

it('counts the days until certificate and leases end', () =>
  oneNight(async (night) => {
    const validity = { from: addDays(night.date, -30), to: addDays(night.date, 12) };
    const { cert } = createAuthority('authority').issue('client', ['gate'], validity);
    expect(await daysToExpiry(night, cert)).toMatchObject({
      'client-certificate': 12,
      'provider-lease': null,
    });
    expect(await night.run()).toMatchObject({ code: 0 });
    expect(await daysToExpiry(night, cert)).toMatchObject({ 'provider-lease': expect.any(Number) });
    expect(await daysToExpiry(night, 'no certificate')).toMatchObject({ 'client-certificate': null });
  }));

it('status says from thirty days before that an approval ends', async () => {
  const today = londonDate(Date.now());
  for (const [days, lapsing] of [
    [9, [{ what: 'legal-basis', days: 9 }]],
    [31, []],
  ] as const)
    await oneNight(
      async (night) => {
        expect(result(await night.gate('status', '--json'))).toMatchObject({ lapsing });
        const { stdout } = await night.gate('status');
        expect(stdout.includes('legal-basis ends in 9 days')).toBe(lapsing.length > 0);
      },
      { settings: { LEGAL_BASIS_EXPIRES_ON: addDays(today, days) } },
    );
});
