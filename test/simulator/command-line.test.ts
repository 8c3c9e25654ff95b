import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { CommanderError } from 'commander';
import { readSimulatorFlags } from '../../src/simulator/command-line.ts';
import { people } from './caller.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'simulator-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const file = (name: string, text: string): string => {
  const place = path.join(folder, name);
  writeFileSync(place, text, { mode: 0o600 });
  return place;
};
const secrets = ['--password', 'secret', '--shared-key', 'key'];
const read = (...flags: readonly string[]) => readSimulatorFlags([...secrets, ...flags], () => undefined);

describe('the flags of the simulator', () => {
  it('have defaults for everything but the secrets', () => {
    expect(read()).toMatchObject({
      port: 0,
      mailbox: 'X26ABC1',
      simulator: {
        sharedKey: 'key',
        mailboxes: [{ id: 'X26ABC1', password: 'secret' }],
        receiptDelayMs: 300,
        answerDelayMs: 1500,
      },
      faults: [],
      control: false,
      tls: null,
    });
  });

  it('take secrets, opt-outs and refused numbers from files', () => {
    const { simulator } = read(
      ...['--password-file', file('password', 'from file\n'), '--shared-key-file', file('key', 'too\n')],
      ...['--opt-outs', file('opt-outs', `${people[0]}\r\n`), '--refuse', file('refused', `${people[1]}\n`)],
    );
    expect([simulator.mailboxes[0]?.password, simulator.sharedKey]).toEqual(['from file', 'too']);
    expect(people.map((number) => simulator.isOptedOut?.(number)).indexOf(true)).toBe(0);
    expect(people.map((number) => simulator.isRefused?.(number)).indexOf(true)).toBe(1);
    expect(simulator.isOptedOut?.('')).toBe(false);
  });

  it('opt out a share of all numbers, the same ones for the same seed', () => {
    const numbers = Array.from({ length: 4000 }, (_, index) => String(9_990_000_000 + index));
    const optedOut = (seed: string, share: string) => {
      const { isOptedOut } = read('--seed', seed, '--opt-out-share', share).simulator;
      return numbers.filter((number) => isOptedOut?.(number));
    };
    expect(optedOut('a', '0.5').length / numbers.length).toBeCloseTo(0.5, 1);
    expect(optedOut('a', '0.5')).toEqual(optedOut('a', '0.5'));
    expect(optedOut('b', '0.5')).not.toEqual(optedOut('a', '0.5'));
    expect(optedOut('a', '0')).toEqual([]);
    expect(optedOut('a', '1')).toEqual(numbers);
  });

  it('script faults and serve over TLS', () => {
    const flags = read(
      ...['--fault', 'echo', '--fault', 'http-503:3', '--control'],
      ...['--tls-cert', file('cert', 'c'), '--tls-key', file('pem', 'k'), '--tls-ca', file('ca', 'a')],
    );
    expect(flags.faults.map(({ name, times }) => [name, times])).toEqual([
      ['echo', 1],
      ['http-503', 3],
    ]);
    expect([flags.control, flags.tls]).toEqual([true, { cert: 'c', key: 'k', ca: 'a' }]);
  });

  it.each([
    ['no password', ['--shared-key', 'x']],
    ['no shared key', ['--password', 'x']],
    ['an unknown fault', [...secrets, '--fault', 'no-such-fault']],
    ['a port that is none', [...secrets, '--port', 'x']],
    ['a port above 65535', [...secrets, '--port', '65536']],
    ['a share above one', [...secrets, '--opt-out-share', '2']],
    ['a file that is not there', [...secrets, '--opt-outs', path.join(folder, 'none')]],
    ['a certificate without its key', [...secrets, '--tls-cert', file('cert', 'c')]],
  ])('are refused: %s', (_, flags) => {
    const said: string[] = [];
    const refused = () => readSimulatorFlags(flags, (text) => void said.push(text));
    expect(refused).toThrow(CommanderError);
    expect(said.join('')).toMatch(/^error: /);
  });
});
