import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readConfig, readSendingConfig, settingNames } from '../../src/config.ts';
import { Failure } from '../../src/domain/failure.ts';

const root = path.join(import.meta.dirname, '..', '..');
const mesh = {
  MESH_URL: 'http://127.0.0.1:8700',
  MESH_MAILBOX_ID: 'X26ABC1',
  MESH_MAILBOX_PASSWORD: 'word-of-the-mailbox',
  MESH_SHARED_KEY: 'key-of-the-environment',
  NHS_NUMBER_POLICY: 'test',
};
const live = {
  ...mesh,
  MESH_URL: 'https://mesh-sync.spineservices.nhs.uk',
  MESH_CLIENT_CERT_FILE: 'cert.pem',
  MESH_CLIENT_KEY_FILE: 'key.pem',
  MESH_CA_FILE: 'ca.pem',
  NHS_NUMBER_POLICY: 'live',
};
const ground = {
  LEGAL_BASIS_REF: '25/CAG/0001',
  LEGAL_BASIS_EXPIRES_ON: '2027-12-31',
  RECIPIENT_AGREEMENT_REF: 'DSA-1',
  RECIPIENT_AGREEMENT_EXPIRES_ON: '2027-12-31',
  PURPOSE: 'VIVALDI Social Care',
};

const stamps = { ANCHOR_TSA_URL: 'http://tsa.example/tsr', ANCHOR_TSA_CA_FILE: 'ca.pem' };
const witness = {
  ANCHOR_WITNESS_URL: 'http://127.0.0.1:8701',
  ANCHOR_WITNESS_KEY: 'witness.example/w1+0123abcd+BAEC',
};

/** Settings that name three files which are there. */
function tlsFiles(): Readonly<Record<string, string>> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'export-gate-'));
  const names = ['MESH_CLIENT_CERT_FILE', 'MESH_CLIENT_KEY_FILE', 'MESH_CA_FILE'];
  for (const name of names) fs.writeFileSync(path.join(folder, name), 'PEM');
  return Object.fromEntries(names.map((name) => [name, path.join(folder, name)]));
}

/** The settings that a configuration is refused for. */
function faultsOf(work: () => unknown): string[] {
  try {
    work();
    return [];
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    expect(thrown.code).toBe('configuration-invalid');
    return (thrown.detail.place ?? '').split(', ').sort();
  }
}

describe('configuration', () => {
  it('is named whole in .env.example, with its defaults', () => {
    const lines = fs.readFileSync(path.join(root, '.env.example'), 'utf8').split('\n');
    const example = new Map(
      lines.flatMap((line) => {
        const [, name, value] = /^([A-Z_]+)=(.*)$/.exec(line) ?? [];
        return name === undefined ? [] : [[name, value ?? '']];
      }),
    );
    expect([...example.keys()].sort()).toEqual([...settingNames].sort());
    const defaults = readConfig({});
    expect(readConfig(Object.fromEntries(example))).toEqual(defaults);
  });

  it('is named whole in the README', () => {
    const readme = fs.readFileSync(path.join(root, 'README.md'), 'utf8');
    expect(settingNames.filter((name) => !readme.includes(`\`${name}\``))).toEqual([]);
  });

  it('tells every fault at once and no secret', () => {
    const environment = { ...mesh, MESH_POLL_SECONDS: 'often', CHECK_PARTITION: 'home', NIGHTLY_AT: '01:30' };
    expect(faultsOf(() => readConfig(environment))).toEqual([
      'CHECK_PARTITION',
      'MESH_POLL_SECONDS',
      'NIGHTLY_AT',
    ]);
    try {
      readConfig(environment);
    } catch (thrown) {
      expect(String(thrown)).not.toContain(mesh.MESH_MAILBOX_PASSWORD);
      expect(String(thrown)).not.toContain(mesh.MESH_SHARED_KEY);
    }
  });

  it.each([
    ['live numbers with a loopback MESH', { ...mesh, NHS_NUMBER_POLICY: 'live' }, ['NHS_NUMBER_POLICY']],
    ['test numbers with a production MESH', { ...live, NHS_NUMBER_POLICY: 'test' }, ['NHS_NUMBER_POLICY']],
    ['a live MESH polled too often', { ...live, MESH_POLL_SECONDS: '60' }, ['MESH_POLL_SECONDS']],
    ['a live MESH without TLS', { ...live, MESH_URL: 'http://mesh.example' }, ['MESH_URL']],
    ['a live MESH without a CA', { ...live, MESH_CA_FILE: '' }, ['MESH_CA_FILE']],
    [
      'a MESH without a mailbox',
      { MESH_URL: mesh.MESH_URL, NHS_NUMBER_POLICY: 'test' },
      ['MESH_MAILBOX_ID', 'MESH_MAILBOX_PASSWORD', 'MESH_SHARED_KEY'],
    ],
    ['a MESH URL with a path', { ...mesh, MESH_URL: 'http://127.0.0.1/messageexchange' }, ['MESH_URL']],
    ['a MESH URL with a port that is none', { ...mesh, MESH_URL: 'http://127.0.0.1:99999' }, ['MESH_URL']],
    ['a MESH URL with a password', { ...mesh, MESH_URL: 'https://us:word@127.0.0.1' }, ['MESH_URL']],
    [
      'a CA alone on this machine',
      { ...mesh, MESH_CA_FILE: 'ca.pem' },
      ['MESH_CLIENT_CERT_FILE', 'MESH_CLIENT_KEY_FILE'],
    ],
    ['a band the wrong way round', { CHECK_REMOVAL_BAND: '0.15-0.01' }, ['CHECK_REMOVAL_BAND']],
    ['a deadline after the answers’ age limit', { CHECK_DEADLINE_HOURS: '25' }, ['CHECK_DEADLINE_HOURS']],
    ['papers kept too long', { PAPERS_KEEP_DAYS: '8' }, ['PAPERS_KEEP_DAYS']],
    ['an hour that clock changes repeat or skip', { NIGHTLY_AT: '01:00' }, ['NIGHTLY_AT']],
    [
      'a time-stamp authority without the certificates to believe it by',
      { ANCHOR_TSA_URL: 'http://tsa.example/tsr' },
      ['ANCHOR_TSA_CA_FILE'],
    ],
    [
      'certificates and a policy without a time-stamp authority',
      { ANCHOR_TSA_CA_FILE: 'ca.pem', ANCHOR_TSA_POLICY: '1.2.3' },
      ['ANCHOR_TSA_URL', 'ANCHOR_TSA_URL'],
    ],
    ['a policy that is none', { ...stamps, ANCHOR_TSA_POLICY: 'baseline' }, ['ANCHOR_TSA_POLICY']],
    ['a witness without its key', { ANCHOR_WITNESS_URL: 'https://witness.example' }, ['ANCHOR_WITNESS_KEY']],
    ['a witness’s key alone', { ANCHOR_WITNESS_KEY: witness.ANCHOR_WITNESS_KEY }, ['ANCHOR_WITNESS_URL']],
    ['a witness’s key that is none', { ...witness, ANCHOR_WITNESS_KEY: 'key' }, ['ANCHOR_WITNESS_KEY']],
    [
      'a far witness without TLS',
      { ...witness, ANCHOR_WITNESS_URL: 'http://witness.example' },
      ['ANCHOR_WITNESS_URL'],
    ],
    [
      'an authority’s URL with a password',
      { ...stamps, ANCHOR_TSA_URL: 'https://a:b@tsa.example' },
      ['ANCHOR_TSA_URL'],
    ],
    ['an authority that is a file', { ...stamps, ANCHOR_TSA_URL: 'file:///etc/passwd' }, ['ANCHOR_TSA_URL']],
    ['a second folder within the first', { ANCHOR_FOLDER: 'var/second' }, ['ANCHOR_FOLDER']],
    ['a second folder that is the first', { ANCHOR_FOLDER: 'var/' }, ['ANCHOR_FOLDER']],
    ['a second folder that leaves', { ANCHOR_FOLDER: 'outbound/second' }, ['ANCHOR_FOLDER']],
    ['a second folder around the others', { ANCHOR_FOLDER: '.' }, ['ANCHOR_FOLDER']],
    ['half a day of grace', { ANCHOR_GRACE_DAYS: '0.5' }, ['ANCHOR_GRACE_DAYS']],
    ['a band that is none', { CHECK_REMOVAL_BAND: 'usual' }, ['CHECK_REMOVAL_BAND']],
    [
      'a secret file that is not there',
      { MESH_SHARED_KEY_FILE: '/nowhere/at/all' },
      ['MESH_SHARED_KEY_FILE'],
    ],
  ])('refuses %s', (_, environment, faults) => {
    expect(faultsOf(() => readConfig(environment))).toEqual(faults);
  });

  it('needs a legal basis and a recipient to send live, and neither to look', () => {
    expect(readConfig(live).numbers.name).toBe('live');
    const files = tlsFiles();
    expect(faultsOf(() => readSendingConfig({ ...live, ...files }))).toEqual(Object.keys(ground).sort());
    expect(readSendingConfig({ ...live, ...files, ...ground }).mesh.pollSeconds).toBe(300);
    expect(faultsOf(() => readSendingConfig({}))).toContain('MESH_URL');
  });

  it('tells what is wrong by itself, what contradicts and what is missing, all at once', () => {
    const environment = {
      ...live,
      MESH_CA_FILE: '',
      MESH_POLL_SECONDS: '60',
      NIGHTLY_AT: '01:30',
      ...ground,
    };
    const wrong = ['MESH_CA_FILE', 'MESH_POLL_SECONDS', 'NIGHTLY_AT'];
    expect(faultsOf(() => readConfig(environment))).toEqual(wrong);
    const sending = { ...environment, PURPOSE: '' };
    expect(faultsOf(() => readSendingConfig(sending))).toEqual(
      ['MESH_CLIENT_CERT_FILE', 'MESH_CLIENT_KEY_FILE', 'PURPOSE', ...wrong].sort(),
    );
  });

  it('holds nothing against a setting that is wrong by itself', () => {
    const environment = { ...mesh, MESH_URL: 'https://host:abc', CHECK_MAX_AGE_HOURS: 'old' };
    const deadline = { CHECK_DEADLINE_HOURS: '30' };
    const wrong = ['CHECK_MAX_AGE_HOURS', 'MESH_URL'];
    expect(faultsOf(() => readConfig({ ...environment, ...deadline }))).toEqual(wrong);
    expect(faultsOf(() => readSendingConfig({ ...environment, ...deadline }))).toEqual(wrong);
  });

  it('reads the TLS files that a run needs, and looks at them for nothing else', () => {
    expect(readConfig(live).mesh?.tls?.certFile).toBe('cert.pem');
    expect(faultsOf(() => readSendingConfig({ ...live, ...ground }))).toEqual([
      'MESH_CA_FILE',
      'MESH_CLIENT_CERT_FILE',
      'MESH_CLIENT_KEY_FILE',
    ]);
  });

  it('takes a secret from a file', () => {
    const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'export-gate-')), 'password');
    fs.writeFileSync(file, 'from-a-file\n');
    const rest = { ...mesh, MESH_MAILBOX_PASSWORD: '' };
    expect(readConfig({ ...rest, MESH_MAILBOX_PASSWORD_FILE: file }).mesh?.password).toBe('from-a-file');
  });

  it('reads ranges, header and band', () => {
    const config = readConfig({
      NHS_NUMBER_EXTRA_RANGES: '320-399,010-311',
      DROP_HEADER: 'none',
      CHECK_REMOVAL_BAND: '0.02-0.08',
    });
    expect(config.numbers.extraRanges).toEqual([
      [320, 399],
      [10, 311],
    ]);
    expect(config.drop.header).toBeNull();
    expect(config.check.removalBand).toEqual({ least: 0.02, most: 0.08 });
  });

  it('knows its anchors', () => {
    expect(readConfig({}).anchors).toEqual({ folder: null, timestamp: null, witness: null, graceDays: 3 });
    const environment = { ...stamps, ...witness, ANCHOR_FOLDER: '../second', ANCHOR_TSA_POLICY: '1.2.3' };
    expect(readConfig({ ...environment, ANCHOR_GRACE_DAYS: '0' }).anchors).toEqual({
      folder: path.resolve('../second'),
      timestamp: { url: stamps.ANCHOR_TSA_URL, caFile: 'ca.pem', policy: '1.2.3' },
      witness: { url: witness.ANCHOR_WITNESS_URL, verifierKey: witness.ANCHOR_WITNESS_KEY },
      graceDays: 0,
    });
  });

  it('has a digest that changes with the settings and not with the secrets', () => {
    const { digest } = readConfig(mesh);
    expect(readConfig({ ...mesh, MESH_SHARED_KEY: 'another' }).digest).toBe(digest);
    expect(readConfig({ ...mesh, CHECK_MAX_NUMBERS: '5' }).digest).not.toBe(digest);
  });
});
