/** What every reader of intakes promises, in memory or on a disk. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { hour } from '../../../src/domain/calendar.ts';
import type { IntakeReader, IntakeTerms, VerifiedIntake } from '../../../src/ports.ts';
import { aChoice, aNight, aPerson, aProvider } from '../fake-intake.ts';
import type { Night } from '../fake-intake.ts';

export interface IntakeUnderTest {
  readonly reader: IntakeReader;
  /** Lays down the intake of a date, or another in its place. */
  put(businessDate: string, night: Night): void;
  close(): void;
}

const today = '2026-11-22';
const yesterday = '2026-11-21';
const openedAt = Date.parse('2026-11-22T02:30:00Z');
const terms = (over: Partial<IntakeTerms> = {}): IntakeTerms => ({
  businessDate: today,
  openedAt,
  now: openedAt,
  usedElsewhere: new Set(),
  ...over,
});
const failing = (code: string): unknown => expect.objectContaining({ code });

export async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const read: Row[] = [];
  for await (const row of rows) read.push(row);
  return read;
}

const oddNight = aNight({
  providers: [
    aProvider(),
    aProvider({ providerId: 'PR-02', name: 'Beechmere, "Hall" & Partners', participatingFrom: null }),
    aProvider({ providerId: 'PR-03', participatingTo: null, agreementExpiresOn: null }),
    aProvider({ providerId: 'PR-04', participatingTo: '2026-11-21', policyReviewDueOn: null }),
  ],
  choices: [
    aChoice(),
    aChoice({ choice: 'opt_in', decidedBy: 'relative', requestedAt: openedAt - 400 * hour }),
    aChoice({ serviceUserId: '', choice: 'unknown', channel: 'unknown', decidedBy: 'unknown' }),
    aChoice({ serviceUserId: 'SU-000002', requestedAt: null, recordedAt: null }),
  ],
  roster: [
    aPerson(),
    aPerson({ serviceUserId: 'SU-000002', number: { kind: 'missing' }, residentTo: '2026-12-01' }),
    aPerson({ serviceUserId: '', number: { kind: 'invalid' }, informedOn: null, residentFrom: null }),
    aPerson({ personType: 'unknown', choiceColumn: 'unknown', restricted: 'unknown', residentTo: null }),
    aPerson({ personType: 'staff', choiceColumn: 'opted_out', restricted: 'yes', locationId: 'Lodge' }),
  ],
});

export function intakeContract(name: string, open: () => IntakeUnderTest): void {
  describe(`intake: ${name}`, () => {
    let opened: IntakeUnderTest;
    beforeEach(() => {
      opened = open();
    });
    afterEach(() => {
      opened.close();
    });

    const readers: readonly (readonly [string, (intake: VerifiedIntake) => Promise<unknown>])[] = [
      ['providers', (intake) => opened.reader.providers(intake)],
      ['choices', (intake) => all(opened.reader.choices(intake))],
      ['roster', (intake) => all(opened.reader.roster(intake))],
    ];

    it('verifies what was laid down and says what its manifest says', async () => {
      opened.put(today, oddNight);
      const intake = await opened.reader.verify(terms());
      expect(intake).toMatchObject({
        businessDate: today,
        producedAt: oddNight.producedAt,
        supplier: 'Test Care Records',
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      expect(new Map(intake.files.map((file) => [file.name, file.rows]))).toEqual(
        new Map([
          ['service-users.csv', 5],
          ['in-service-choices.csv', 4],
          ['providers.csv', 4],
        ]),
      );
      for (const { sha256 } of intake.files) expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    });

    it('gives the same digest for the same intake and another for any other', async () => {
      const nights = [
        aNight(),
        aNight(),
        aNight({ supplier: 'Another' }),
        aNight({ choices: [aChoice()] }),
        aNight({ producedAt: openedAt }),
      ];
      const digests: string[] = [];
      for (const night of nights) {
        opened.put(today, night);
        digests.push((await opened.reader.verify(terms())).digest);
      }
      expect(digests[0]).toBe(digests[1]);
      expect(new Set(digests).size).toBe(4);
    });

    it('gives back every row in order, and again when asked again', async () => {
      opened.put(today, oddNight);
      const intake = await opened.reader.verify(terms());
      for (let time = 0; time < 2; time++) {
        expect(await opened.reader.providers(intake)).toEqual(
          new Map(oddNight.providers.map((provider) => [provider.providerId, provider])),
        );
        expect(await all(opened.reader.choices(intake))).toEqual(oddNight.choices);
        expect(await all(opened.reader.roster(intake))).toEqual(oddNight.roster);
      }
    });

    it('lets a consumer stop early', async () => {
      opened.put(today, oddNight);
      const intake = await opened.reader.verify(terms());
      for await (const row of opened.reader.roster(intake)) {
        expect(row).toEqual(oddNight.roster[0]);
        break;
      }
      expect(await all(opened.reader.roster(intake))).toHaveLength(5);
    });

    it('accepts tables without rows', async () => {
      opened.put(today, aNight({ providers: [], choices: [], roster: [] }));
      const intake = await opened.reader.verify(terms());
      expect((await opened.reader.providers(intake)).size).toBe(0);
      expect(await all(opened.reader.choices(intake))).toEqual([]);
      expect(await all(opened.reader.roster(intake))).toEqual([]);
    });

    it('refuses a provider that is listed twice, and knows nobody by an empty id', async () => {
      opened.put(today, aNight({ providers: [aProvider(), aProvider({ name: 'Another' })] }));
      const twice = await opened.reader.verify(terms());
      await expect(opened.reader.providers(twice)).rejects.toEqual(failing('intake-provider-twice'));

      opened.put(today, aNight({ providers: [aProvider({ providerId: '' }), aProvider()] }));
      const nameless = await opened.reader.verify(terms());
      expect([...(await opened.reader.providers(nameless)).keys()]).toEqual(['PR-01']);
    });

    it('refuses where there is no folder', async () => {
      opened.put(yesterday, aNight());
      await expect(opened.reader.verify(terms())).rejects.toEqual(failing('intake-missing'));
    });

    it.each([
      ['24 hours before the run first opened', -24 * hour, null],
      ['a millisecond more', -24 * hour - 1, 'manifest-stale'],
      ['2 hours ahead of our clock', 3 * hour, null],
      ['a millisecond more', 3 * hour + 1, 'manifest-from-the-future'],
    ])('knows how old an intake may be: %s', async (_, offset, code) => {
      opened.put(today, aNight({ producedAt: openedAt + offset }));
      const verified = opened.reader.verify(terms({ now: openedAt + hour }));
      if (code === null) expect((await verified).producedAt).toBe(openedAt + offset);
      else await expect(verified).rejects.toEqual(failing(code));
    });

    it('refuses a manifest that another date was opened with', async () => {
      const night = aNight();
      opened.put(today, night);
      const used = terms({ usedElsewhere: new Set([night.producedAt]) });
      await expect(opened.reader.verify(used)).rejects.toEqual(failing('manifest-of-another-date'));
    });

    it('refuses a manifest that lies beside it under another date', async () => {
      opened.put(today, aNight());
      opened.put(yesterday, aNight());
      await expect(opened.reader.verify(terms())).rejects.toEqual(failing('manifest-of-another-date'));
      opened.put(yesterday, aNight({ producedAt: openedAt - 24 * hour }));
      await expect(opened.reader.verify(terms())).resolves.toBeDefined();
    });

    it('does not let rows be believed that changed after they were verified', async () => {
      opened.put(today, oddNight);
      const intake = await opened.reader.verify(terms());
      opened.put(today, { ...oddNight, choices: [], roster: [aPerson()], providers: [aProvider()] });
      for (const [, read] of readers)
        await expect(read(intake)).rejects.toEqual(failing('intake-file-altered'));
    });

    it('lists the dates that lie there, newest first, and removes them one by one', async () => {
      expect(await opened.reader.dates()).toEqual([]);
      for (const date of ['2026-11-21', '2026-12-01', '2025-11-30']) opened.put(date, aNight());
      expect(await opened.reader.dates()).toEqual(['2026-12-01', '2026-11-21', '2025-11-30']);
      await opened.reader.remove('2026-12-01');
      await opened.reader.remove('2026-12-01');
      expect(await opened.reader.dates()).toEqual(['2026-11-21', '2025-11-30']);
    });

    it('refuses to read what was removed after it was verified', async () => {
      opened.put(today, oddNight);
      const intake = await opened.reader.verify(terms());
      await opened.reader.remove(today);
      for (const [, read] of readers)
        await expect(read(intake)).rejects.toEqual(failing('intake-file-missing'));
      await expect(opened.reader.verify(terms())).rejects.toEqual(failing('intake-missing'));
    });
  });
}
