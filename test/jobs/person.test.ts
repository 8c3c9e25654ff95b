/** The data protection lead at the command line: looking a person up, proving it, and having evidence erased. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';

import { afterAll, describe, expect, it } from '@jest/globals';

import type { PersonProof } from '../../src/ports.ts';
import type { Ended, Settings } from '../support/processes.ts';
import { readLog } from './evidence.ts';
import { released } from './night.ts';
import type { Night } from './night.ts';
import { refusal, result, useNights } from './nights.ts';

const oneNight = useNights();

const desk = mkdtempSync(path.join(tmpdir(), 'export-gate-lead-'));
afterAll(() => {
  rmSync(desk, { recursive: true });
});

interface Person {
  readonly entry: Readonly<Record<string, string>>;
  readonly keyFile: string;
  signatureOver(text: string): string;
}

let people = 0;
function personWith(role: string, name = `Somebody ${people}`): Person {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const keyFile = path.join(desk, `key-${++people}.pem`);
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return {
    entry: { name, role, publicKey: pem, validFrom: '2020-01-01', validTo: '2099-12-31' },
    keyFile,
    signatureOver(text) {
      const file = path.join(desk, `signature-${++people}`);
      writeFileSync(file, sign(null, Buffer.from(text), privateKey).toString('base64'));
      return file;
    },
  };
}
const lead = personWith('Data Protection Lead', 'Dora Lead');
const manager = personWith('Manager', 'Max Manager');
const self = personWith('Caldicott Guardian', userInfo().username);
const approversFile = path.join(desk, 'approvers.json');
writeFileSync(approversFile, JSON.stringify([lead, manager, self].map(({ entry }) => entry)));
const approvers: Settings = { APPROVERS_FILE: approversFile };

const spaced = (number: string): string => `${number.slice(0, 3)} ${number.slice(3, 6)} ${number.slice(6)}\n`;
const sent = released[0] ?? '';
const optedOut = '9990000026';
const national = '9990000328';
const stranger = '9990000417';
const reasoned = ['person', '--reason', 'subject access request 7'];

const afterANight = (settings: Settings, work: (night: Night) => Promise<void>): Promise<void> =>
  oneNight(
    async (night) => {
      expect(await night.run()).toMatchObject({ code: 0 });
      await work(night);
    },
    { settings },
  );
const kinds = async (night: Night): Promise<string[]> =>
  (await readLog(night)).entries.map(({ what }) => what);

describe('a look-up', () => {
  it('answers in plain words, in JSON and in CSV, and never about a national opt-out', () =>
    afterANight({}, async ({ told, date }) => {
      const text = await told(spaced(sent), ...reasoned);
      expect(text).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^Sent:\n {2}\d+ \w+ \d{4} \(run .*\): sent to NHS England/),
      });
      expect(text.stdout).toContain('Information Commissioner');
      expect(text.stderr).toContain('Nobody’s role was checked');

      const json = result(await told(optedOut, ...reasoned, '--json'));
      expect(json).toMatchObject({
        sent: [],
        heldBack: [
          {
            run: `${date}/r1`,
            provider: 'PR-01',
            reason: 'opted-out-in-service',
            because: expect.any(String),
          },
        ],
      });
      const csv = (await told(sent, ...reasoned, '--csv')).stdout.split('\r\n');
      expect(csv[0]).toMatch(/^"what","date","run"/);
      expect(csv[1]).toMatch(new RegExp(`^"sent","${date}","${date}/r1","PR-0\\d","NHS England`));
      expect(csv).toHaveLength(4);

      const said = async (number: string, ...how: string[]): Promise<string> =>
        (await told(number, ...reasoned, ...how)).stdout.replaceAll(
          /entry \d+|[0-9a-f]{64}|"position": \d+/g,
          '…',
        );
      for (const how of [[], ['--json'], ['--csv'], ['--thorough']])
        expect(await said(national, ...how)).toBe(await said(stranger, ...how));
    }));

  it('needs a reason that names nobody, and a number, neither in the arguments; what is refused is no look-up', () =>
    afterANight({}, async (night) => {
      const { told, gate } = night;
      expect(await told(sent, 'person')).toMatchObject({ code: 2, stdout: '' });
      for (const reason of ['', '  ', 'x'.repeat(501), 'two\nlines', `about ${spaced(sent).trim()}`])
        expect(await told(sent, 'person', '--reason', reason)).toMatchObject(refusal(2, 'usage'));
      for (const number of ['', '9990000019', 'nobody', '9999999999', `${sent}${sent}`])
        expect(await told(number, ...reasoned)).toMatchObject(refusal(2, 'usage'));
      expect(await told(sent, ...reasoned, '--json', '--csv')).toMatchObject({ code: 2, stdout: '' });
      expect(await told(sent, ...reasoned, '--proof', desk)).toMatchObject(refusal(2, 'usage'));
      expect(await gate(...reasoned, 'not-an-argument')).toMatchObject({ code: 2, stdout: '' });
      expect(await kinds(night)).not.toContain('person-looked-up');
      // A number that could never be sent may be asked about all the same.
      expect(await told('4010232137', ...reasoned)).toMatchObject({ code: 0 });
      expect((await kinds(night)).filter((what) => what === 'person-looked-up')).toHaveLength(1);
    }));

  it('is for the data protection lead or the Caldicott Guardian, who prove it by a signature or a key', () =>
    afterANight(approvers, async (night) => {
      const { told, gate } = night;
      const refused = refusal(2, 'lookup-refused');
      expect(await told(sent, ...reasoned)).toMatchObject(refused);
      const { stdout: text } = await gate(...reasoned, '--text');
      expect(text).toMatch(
        /^export-gate look-up\nlog .*\nreason subject access request 7\nfrom .*\nuntil .*\n$/,
      );
      const ask = (by: Person, over: string, ...words: string[]): Promise<Ended> =>
        told(sent, ...(words.length > 0 ? words : reasoned), '--signature', by.signatureOver(over));
      expect(await ask(personWith('data-protection-lead'), text)).toMatchObject(refused);
      expect(await ask(lead, text.replace('request 7', 'request 8'))).toMatchObject(refused);
      expect(await ask(lead, text, 'person', '--reason', 'another')).toMatchObject(refused);
      const old = text.replaceAll(/\d{4}-\d\d-\d\d/g, '2026-01-01');
      expect(await ask(lead, old)).toMatchObject(refused);
      expect(await kinds(night)).not.toContain('person-request-refused');
      expect(await ask(manager, text)).toMatchObject(refused);
      expect(await kinds(night)).not.toContain('person-looked-up');

      expect(await ask(lead, text)).toMatchObject({ code: 0, stderr: '' });
      expect(await told(sent, ...reasoned, '--key', self.keyFile)).toMatchObject({ code: 0, stderr: '' });
      chmodSync(self.keyFile, 0o640);
      expect(await told(sent, ...reasoned, '--key', self.keyFile)).toMatchObject(refusal(2, 'place-unsafe'));
      const { entries } = await readLog(night);
      const people = ['person-request-refused', 'person-looked-up', 'person-looked-up'];
      const seen = entries.filter(({ what }) => people.includes(what));
      expect(seen.map(({ what, by }) => [what, by])).toEqual([
        ['person-request-refused', 'Max Manager (Manager)'],
        ['person-looked-up', 'Dora Lead (Data Protection Lead)'],
        ['person-looked-up', `${userInfo().username} (Caldicott Guardian)`],
      ]);
    }));

  it('under live numbers is refused where nobody’s role can be checked', () =>
    afterANight({}, async ({ settings, told }) => {
      expect(settings['NHS_NUMBER_POLICY']).toBe('test');
      const live = { NHS_NUMBER_POLICY: 'live', MESH_URL: '' };
      Object.assign(settings, live);
      expect(await told(sent, ...reasoned)).toMatchObject(refusal(2, 'lookup-refused'));
    }));

  it('comes with proofs about one run', () =>
    afterANight({}, async ({ told, date }) => {
      const folder = path.join(desk, 'proofs');
      const proving = ['--proof', folder, '--run', `${date}/r1`];
      expect(await told(sent, ...reasoned, '--proof', folder, '--run', `${date}/r2`)).toMatchObject({
        code: 2,
      });
      expect(await told(sent, ...reasoned, ...proving)).toMatchObject({ code: 0 });
      const proofs = readdirSync(folder).sort();
      expect(proofs).toEqual(
        ['held-back-late', 'held-back', 'released'].map((list) => `${date}-r1-${list}.json`).sort(),
      );
      const claims = proofs.map((name) => {
        const proof = JSON.parse(readFileSync(path.join(folder, name), 'utf8')) as PersonProof;
        return [proof.list, proof.claim];
      });
      expect(Object.fromEntries(claims)).toEqual({
        released: 'stands',
        'held-back': 'stands-nowhere',
        'held-back-late': 'stands-nowhere',
      });
    }));
});

describe('erasing', () => {
  const erasing = ['evidence', 'erase-person', '--reason', 'request 9'];

  it('a person takes two people, and afterwards a look-up finds nothing', () =>
    afterANight(approvers, async (night) => {
      const { told, gate } = night;
      const { stdout: text } = await gate(...erasing, '--text');
      const erase = (by: Person): Promise<Ended> =>
        told(sent, ...erasing, '--signature', by.signatureOver(text));
      for (const by of [self, manager]) expect(await erase(by)).toMatchObject(refusal(2, 'lookup-refused'));
      expect(await told(sent, ...erasing)).toMatchObject(refusal(2, 'lookup-refused'));

      const held = await gate('evidence', 'legal-hold', 'set', '--reason', 'order 3');
      expect(held).toMatchObject({ code: 0 });
      expect(await erase(lead)).toMatchObject(refusal(2, 'evidence-kept'));
      const lifting = ['evidence', 'legal-hold', 'lift', '--reason', 'closed'];
      expect(await gate(...lifting)).toMatchObject(refusal(2, 'lookup-refused'));
      const { stdout: lift } = await gate(...lifting, '--text');
      expect(await gate(...lifting, '--signature', lead.signatureOver(lift))).toMatchObject({ code: 0 });

      expect(await erase(lead)).toMatchObject({ code: 0, stderr: '' });
      const answer = result(await told(sent, ...reasoned, '--key', lead.keyFile, '--json', '--thorough'));
      expect(answer).toMatchObject({ sent: [], heldBack: [], erasedYears: [] });
      expect(await gate('audit', 'verify')).toMatchObject({ code: 0 });
      const { entries } = await readLog(night);
      expect(entries.find(({ what }) => what === 'person-erased')).toMatchObject({
        by: expect.stringMatching(/^operator:.*, Dora Lead \(Data Protection Lead\)$/),
      });
    }));

  it('a year is refused before its time, and what is none is no year', () =>
    afterANight(approvers, async ({ gate, date }) => {
      const year = ['evidence', 'erase-year', date.slice(0, 4), '--reason', 'over'];
      const { stdout: text } = await gate(...year, '--text');
      expect(text).toContain(`year ${date.slice(0, 4)}\n`);
      const early = await gate(...year, '--signature', lead.signatureOver(text));
      expect(early).toMatchObject(refusal(2, 'evidence-kept', 'must be kept until'));
      expect(await gate('evidence', 'erase-year', 'all', '--reason', 'over')).toMatchObject(
        refusal(2, 'usage'),
      );
    }));
});
