/** The request as bytes, the kinds of message, and what an answer must be before one number of it is believed. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import {
  kindOf,
  messageKinds,
  readAnswer,
  refusalParts,
  refusedForDays,
  requestBody,
  requestSubject,
} from '../../src/domain/national-check.ts';
import type { ReadAnswer, ReceivedMessage } from '../../src/domain/national-check.ts';
import { formatNhsNumber, passesModulus11 } from '../../src/domain/nhs-number.ts';
import { numberList } from '../../src/domain/number-list.ts';
import type { NumberList } from '../../src/domain/number-list.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const endings = [',\n', '\n', ',\r\n', '\r\n'] as const;
const written = (numbers: Iterable<number>, ending: string): string =>
  [...numbers].map((number) => `${formatNhsNumber(number)}${ending}`).join('');
const asked: NumberList = numberList(
  Array.from({ length: 140 }, (_, n) => 9_990_000_000 + n).filter(passesModulus11),
);
const twelve = asked.slice(0, 12);
const read = (text: string): ReadAnswer => readAnswer(bytes(text), asked);
const faultOf = (text: string): string => {
  const answer = read(text);
  return answer.kind === 'refused' ? answer.fault : `accepted ${answer.returned.length}`;
};

const nobody = numberList([]);

describe('the request', () => {
  it('is ten digits, a comma and LF for each number, ascending, no header and no mark', () => {
    const text = Buffer.from(requestBody(numberList([9_990_000_026, 9_990_000_018]), nobody)).toString(
      'latin1',
    );
    expect(text).toBe('9990000018,\n9990000026,\n');
  });

  it('keeps leading zeros, and is empty for nobody', () => {
    expect(Buffer.from(requestBody(Float64Array.of(18), nobody)).toString()).toBe('0000000018,\n');
    expect(requestBody(nobody, nobody)).toHaveLength(0);
  });

  it('never asks about a made-up person', () => {
    const [one, two] = [9_990_000_018, 9_990_000_026];
    expect(() => requestBody(numberList([one, two]), numberList([two]))).toThrow(
      expect.objectContaining({ code: 'canary-survived' }),
    );
    expect(requestBody(numberList([one]), numberList([two]))).toHaveLength(12);
  });

  it('read as an answer to itself, it clears everybody', () => {
    const number = fc.integer({ min: 0, max: 9_999_999_999 });
    fc.assert(
      fc.property(fc.array(number, { maxLength: 60 }), (numbers) => {
        const list = numberList(numbers);
        expect(readAnswer(requestBody(list, nobody), list)).toEqual({ kind: 'accepted', returned: list });
      }),
    );
  });

  it('names mailbox, date and number of the month, without a colon', () => {
    expect(requestSubject('X26ABC1', '2026-11-02', 7)).toBe('X26ABC1-021126-0007');
    expect(requestSubject('X26ABC1', '2026-11-22', 12_345)).toBe('X26ABC1-221126-12345');
  });

  it('refused, is cut into 32 parts; a number refused alone is left out for 30 days', () => {
    expect([refusalParts, refusedForDays]).toEqual([32, 30]);
  });
});

describe('the kinds of message', () => {
  const message = (text: string, over: Partial<ReceivedMessage> = {}): ReceivedMessage => ({
    messageType: 'DATA',
    from: 'X26HC065',
    workflowId: 'SPINE_NTT_UPHOLDING',
    localId: 'L1',
    linkedMessageId: '',
    subject: '',
    body: bytes(text),
    ...over,
  });
  const sentence = 'The file contains one or more invalid NHS numbers.';

  it('a REPORT is one, whatever it holds', () => {
    expect(kindOf(message('9990000018,\n', { messageType: 'REPORT' }))).toBe('report');
    expect(kindOf(message(sentence, { messageType: 'REPORT', subject: 'SUCCESS' }))).toBe('report');
  });

  it('what is neither REPORT nor DATA is unknown', () => {
    for (const messageType of ['', 'data', 'ACK'])
      expect(kindOf(message('9990000018,\n', { messageType }))).toBe('unknown');
  });

  it('a receipt has the subject SUCCESS or a JSON body', () => {
    expect(kindOf(message('', { subject: 'SUCCESS' }))).toBe('receipt');
    expect(kindOf(message('9990000018,\n', { subject: 'SUCCESS' }))).toBe('receipt');
    expect(kindOf(message(' {"passed":false}'))).toBe('receipt');
  });

  it('a refusal is its one sentence and nothing else', () => {
    expect(kindOf(message(sentence))).toBe('refusal');
    expect(kindOf(message(` ${sentence.toUpperCase()}\r\n`))).toBe('refusal');
    expect(kindOf(message(`${sentence} 9990000018`))).toBe('unknown');
    expect(kindOf(message(`${sentence}${' '.repeat(300)}9990000018`))).toBe('unknown');
    expect(kindOf(message(sentence.slice(0, -1)))).toBe('unknown');
  });

  it('an answer begins with ten digits, or is blank', () => {
    for (const text of ['9990000018,\n', '9990000018\r\n', '', '\r\n', ' ', 'nn'.replaceAll('n', '\n')])
      expect(kindOf(message(text))).toBe('answer');
  });

  it.each([
    '<html>',
    'ï»¿9990000018,\n',
    '999000001,\n',
    'NHS number\n9990000018\n',
    '999 000 0018\n',
    'ÿþ9',
  ])('%j is unknown', (text) => {
    expect(kindOf(message(text))).toBe('unknown');
  });

  it('are five', () => {
    expect(messageKinds).toHaveLength(5);
  });
});

describe('an answer', () => {
  it('is believed in each of its four line forms, in any order of lines', () => {
    for (const ending of endings) {
      expect(read(written(twelve, ending))).toEqual({ kind: 'accepted', returned: twelve });
      expect(read(written([...twelve].reverse(), ending))).toEqual({ kind: 'accepted', returned: twelve });
    }
  });

  it('may be blank: nobody is cleared', () => {
    for (const text of ['', '\n', '\r\n', ' \r\n', '\n\n\n\n\n\n\n\n'])
      expect(read(text)).toEqual({ kind: 'accepted', returned: numberList([]) });
    expect(faultOf('\n'.repeat(9))).toBe('answer-malformed');
    expect(faultOf(' '.repeat(4_000))).toBe('answer-malformed');
  });

  it.each(endings)(
    'cut at any byte, in lines ended by %j, is believed only at the end of a line',
    (ending) => {
      const text = written(twelve, ending);
      const length = 10 + ending.length;
      for (let cut = 0; cut <= text.length; cut++) {
        const answer = read(text.slice(0, cut));
        expect(answer.kind).toBe(cut % length === 0 ? 'accepted' : 'refused');
        if (answer.kind === 'accepted') expect(answer.returned).toEqual(twelve.slice(0, cut / length));
        else expect(answer.fault).toBe(cut < length ? 'answer-malformed' : 'answer-truncated');
      }
    },
  );

  it('is refused whole if a line is not a number as the others are', () => {
    const [first = '', second = ''] = written(twelve.slice(0, 2), ',\n').match(/.*\n/g) ?? [];
    for (const text of [
      first + second.replace(',', ''),
      first + second.replace('\n', '\r\n'),
      `${first}\n${second}`,
      `${first}${second}\n\n\n\n\n\n\n\n\n\n\n\n`,
      first + second.replace('9', 'O'),
      first + second.replace('9', ' '),
      first + second.replace('9', '-'),
      `nhs_number,\n${first}`,
      ` ${first}`,
      `ï»¿${first}`,
      first.replace(',', ';'),
      first.replace(',\n', '\r'),
      `${first}9990000034.\n`,
      '9990000018 ,\n',
      '9990000018',
      '"9990000018",\n',
    ])
      expect(faultOf(text)).toMatch(/^answer-(?:malformed|truncated)$/);
  });

  it('is refused whole if a number stands in it twice', () => {
    expect(faultOf(written([...twelve, twelve[5]!], ',\n'))).toBe('answer-repeats');
  });

  it('is refused whole if a number stands in it that was not asked', () => {
    expect(faultOf(written([...twelve, 9_991_000_000], ',\n'))).toBe('answer-not-asked');
    expect(readAnswer(bytes('9990000018,\n'), numberList([]))).toEqual({
      kind: 'refused',
      fault: 'answer-not-asked',
    });
  });

  it('is read from the middle of a larger buffer', () => {
    const whole = bytes(`9999999999,\n${written(twelve, ',\n')}9999999999,\n`);
    expect(readAnswer(whole.subarray(12, -12), asked)).toEqual({ kind: 'accepted', returned: twelve });
  });

  it('that is believed is a part of what was asked, each once, and says that and nothing else', () => {
    const line = fc.oneof(
      { weight: 30, arbitrary: fc.constantFrom(...asked) },
      { weight: 1, arbitrary: fc.integer({ min: 9_990_000_000, max: 9_990_000_150 }) },
    );
    const spoilt = fc.oneof(
      { weight: 2, arbitrary: fc.constant(null) },
      { weight: 1, arbitrary: fc.tuple(fc.nat(200), fc.constantFrom(...bytes('0123456789,\r\n ;'))) },
    );
    const lines = fc.uniqueArray(line, { maxLength: 12 });
    let believed = 0;
    fc.assert(
      fc.property(lines, fc.constantFrom(...endings), spoilt, fc.nat(20), (numbers, ending, spoil, cut) => {
        const body = bytes(written(numbers, ending)).slice();
        if (spoil !== null && spoil[0] < body.length) body[spoil[0]] = spoil[1];
        const answer = readAnswer(cut < 3 ? body.slice(0, -cut) : body, asked);
        if (answer.kind === 'refused') return;
        believed++;
        const returned = [...answer.returned];
        expect(returned.filter((number) => !asked.includes(number))).toEqual([]);
        expect(returned).toEqual([...new Set(returned)].sort((a, b) => a - b));
      }),
      { numRuns: 3_000 },
    );
    expect(believed).toBeGreaterThan(500);
  });
});
