/**
 * Answers that are wrong, by name: what is wrong with each, its bytes, and what it must be understood as. Written from the grammar of the
 * check's answer (ten digits, comma, line feed; a subset of what was asked, none twice) and from what services send in its place.
 */
export interface NamedAnswer {
  readonly name: string;
  readonly body: Buffer;
  /** The reason for which it is refused, or what it is told apart as. */
  readonly code: string;
}

type Answer = readonly [name: string, body: string | Uint8Array, code: string];

const notList = 'message-not-understood';
const malformed = 'answer-malformed';
const truncated = 'answer-truncated';
const lines = (numbers: readonly string[]): string => numbers.map((number) => `${number},\n`).join('');

/** One line of a good answer made another, at its beginning, within, and at its end. */
function spoilt(
  numbers: readonly string[],
  name: string,
  line: (number: string) => string,
  codes: readonly [first: string, within: string, last: string],
): Answer[] {
  const at = [0, Math.floor(numbers.length / 2), numbers.length - 1] as const;
  return (['first', 'middle', 'last'] as const).map((place, n) => {
    const body = numbers.map((number, index) => (index === at[n] ? line(number) : `${number},\n`)).join('');
    return [`${name}, ${place} line`, body, codes[n] ?? malformed];
  });
}

const scripts: Readonly<Record<string, number>> = {
  'Arabic-Indic': 0x660,
  'extended Arabic-Indic': 0x6f0,
  Devanagari: 0x966,
  Bengali: 0x9e6,
  Thai: 0xe50,
  'full-width': 0xff10,
  'bold mathematical': 0x1d7ce,
  'double-struck': 0x1d7d8,
};
const inScript = (digits: string, zero: number): string =>
  digits.replaceAll(/[0-9]/g, (digit) => String.fromCodePoint(zero + Number(digit)));

const otherDigits = (numbers: readonly string[]): Answer[] =>
  Object.entries(scripts).flatMap(([script, zero]) => [
    ...spoilt(numbers, `${script} digits`, (number) => `${inScript(number, zero)},\n`, [
      notList,
      malformed,
      malformed,
    ]),
    ...spoilt(
      numbers,
      `one ${script} digit`,
      (number) => `${number.slice(0, 9)}${inScript(number.slice(9), zero)},\n`,
      [notList, malformed, malformed],
    ),
  ]);

const separators: Readonly<Record<string, string>> = {
  semicolon: ';',
  blank: ' ',
  tab: '\t',
  bar: '|',
  colon: ':',
  'full stop': '.',
  NUL: '\0',
  'no-break space': '\u00a0',
  'full-width comma': '\uff0c',
  'Arabic comma': '\u060c',
  'two commas': ',,',
  'comma and blank': ', ',
};
const otherSeparators = (numbers: readonly string[]): Answer[] =>
  Object.entries(separators).flatMap(([name, separator]) =>
    spoilt(numbers, `${name} for the comma`, (number) => `${number}${separator}\n`, [
      malformed,
      malformed,
      malformed,
    ]),
  );

const endings: Readonly<Record<string, string>> = {
  'carriage return': '\r',
  'vertical tab': '\v',
  'form feed': '\f',
  NEL: '\u0085',
  'line separator': '\u2028',
  NUL: '\0',
  blank: ' ',
  'carriage return and line feed': '\r\n',
  'line feed and carriage return': '\n\r',
};
const otherEndings = (numbers: readonly string[]): Answer[] =>
  Object.entries(endings).flatMap(([name, ending]) =>
    spoilt(numbers, `${name} for the line feed`, (number) => `${number},${ending}`, [
      malformed,
      malformed,
      name.startsWith('line feed') ? truncated : malformed,
    ]),
  );

const lengths = (numbers: readonly string[]): Answer[] =>
  [0, 1, 8, 9].flatMap((length) =>
    spoilt(numbers, `${length} digits`, (number) => `${number.slice(0, length)},\n`, [
      notList,
      malformed,
      truncated,
    ]),
  );

const decorations: readonly (readonly [name: string, line: (number: string) => string, first: string])[] = [
  ['a blank before', (n) => ` ${n},\n`, malformed],
  ['a tab before', (n) => `\t${n},\n`, malformed],
  ['double quotes', (n) => `"${n}",\n`, notList],
  ['single quotes', (n) => `'${n}',\n`, notList],
  ['an apostrophe before', (n) => `'${n},\n`, notList],
  ['a plus sign', (n) => `+${n},\n`, notList],
  ['a minus sign', (n) => `-${n},\n`, notList],
  ['an equals sign', (n) => `=${n},\n`, notList],
  ['a zero before', (n) => `0${n},\n`, malformed],
  ['an eleventh digit', (n) => `${n}0,\n`, malformed],
  ['3-3-4 with blanks', (n) => `${n.slice(0, 3)} ${n.slice(3, 6)} ${n.slice(6)},\n`, notList],
  ['3-3-4 with dashes', (n) => `${n.slice(0, 3)}-${n.slice(3, 6)}-${n.slice(6)},\n`, notList],
  ['a decimal point', (n) => `${n}.0,\n`, malformed],
  ['an exponent', (n) => `${n[0]}.${n.slice(1)}E9,\n`, notList],
  ['thousands', (n) => `${n[0]},${n.slice(1, 4)},${n.slice(4, 7)},${n.slice(7)},\n`, notList],
  ['parentheses', (n) => `(${n}),\n`, notList],
  ['a label', (n) => `NHS${n},\n`, notList],
  ['a letter behind', (n) => `${n}x,\n`, malformed],
  ['a status', (n) => `${n},Y\n`, malformed],
  ['a second column', (n) => `${n},${n}\n`, malformed],
  ['a line number', (n) => `1,${n},\n`, notList],
  ['a byte-order mark', (n) => `\ufeff${n},\n`, notList],
  ['a zero-width space', (n) => `${n.slice(0, 5)}\u200b${n.slice(5)},\n`, notList],
  ['a soft hyphen', (n) => `${n.slice(0, 5)}\u00ad${n.slice(5)},\n`, notList],
  ['a backspace', (n) => `${n.slice(0, 9)}0\b${n.slice(9)},\n`, malformed],
  ['a comment', (n) => `#${n},\n`, notList],
  ['an O for a nought', (n) => `${n.replace('0', 'O')},\n`, notList],
  ['an l for a one', (n) => `${n.slice(0, 9)}l,\n`, notList],
  ['a percent escape', (n) => `%39${n.slice(1)},\n`, notList],
  ['a character reference', (n) => `&#57;${n.slice(1)},\n`, notList],
];
const decorated = (numbers: readonly string[]): Answer[] =>
  decorations.flatMap(([name, line, first]) => spoilt(numbers, name, line, [first, malformed, malformed]));

const utf16 = (text: string, bigEndian: boolean): Buffer => {
  const bytes = Buffer.from(text, 'utf16le');
  return bigEndian ? bytes.swap16() : bytes;
};
const utf32 = (text: string): Buffer =>
  Buffer.concat(
    Array.from(text).map((character) => {
      const unit = Buffer.alloc(4);
      unit.writeUInt32BE(character.codePointAt(0) ?? 0);
      return unit;
    }),
  );

function encodings(good: string): Answer[] {
  return [
    ['UTF-16, little end first', utf16(good, false), notList],
    ['UTF-16, big end first', utf16(good, true), notList],
    ['UTF-16 with its mark', utf16(`\ufeff${good}`, false), notList],
    ['UTF-16 with its mark, big end first', utf16(`\ufeff${good}`, true), notList],
    ['UTF-32', utf32(good), notList],
    [
      'EBCDIC',
      Buffer.from(
        good.replaceAll(/[0-9]/g, (digit) => String.fromCharCode(0xf0 + Number(digit))),
        'latin1',
      ),
      notList,
    ],
    ['base64', Buffer.from(good).toString('base64'), notList],
    ['hex', Buffer.from(good).toString('hex'), malformed],
    ['URL encoding', encodeURIComponent(good), malformed],
    ['JSON string', JSON.stringify(good), notList],
    ['quoted-printable', good.replaceAll(',\n', '=2C=0A'), malformed],
    ['reversed', Array.from(good).reverse().join(''), notList],
    ['each byte with its high bit set', Buffer.from(good).map((byte) => byte | 0x80), notList],
    ['NUL between all bytes', Array.from(good).join('\0'), notList],
  ];
}

function framed(good: string): Answer[] {
  return [
    ['a header', `nhs_number\n${good}`, notList],
    ['a header with a comma', `NHS Number,\n${good}`, notList],
    ['a header of ten letters', `nhsnumbers,\n${good}`, notList],
    ['an empty first line', `\n${good}`, malformed],
    ['an empty last line', `${good}\n`, truncated],
    ['an empty line within', good.replace('\n', '\n\n'), malformed],
    ['two empty last lines', `${good}\n\n`, truncated],
    ['a trailer', `${good}TRAILER,4\n`, truncated],
    ['a trailer of twelve characters', `${good}9 records.\n\n`, malformed],
    ['a count before', `4\n${good}`, notList],
    ['an end mark', `${good}\u001a`, truncated],
    ['a full stop at the end', `${good}.`, truncated],
    ['NUL padding', `${good}${'\0'.repeat(12)}`, malformed],
    ['blank padding', `${good}${' '.repeat(12)}`, malformed],
    ['a comment before', `# cleared\n${good}`, notList],
    ['a separator before', `sep=,\n${good}`, notList],
    ['dashes before', `----------,\n${good}`, notList],
    ['mail headers before', `Content-Type: text/csv\n\n${good}`, notList],
    ['a PGP frame', `-----BEGIN PGP MESSAGE-----\n${good}-----END PGP MESSAGE-----\n`, notList],
  ];
}

function cut(good: string): Answer[] {
  const within = (bytes: number): string => good.slice(0, good.length - bytes);
  return [
    ...[1, 2, 3, 7, 11].map((bytes): Answer => [
      `cut ${bytes} bytes before its end`,
      within(bytes),
      truncated,
    ]),
    ['nothing but the beginning of a number', good.slice(0, 5), notList],
    ['nothing but a number', good.slice(0, 10), malformed],
    ['nothing but a number and its comma', good.slice(0, 11), malformed],
    ['its first byte missing', good.slice(1), notList],
    ['its first line cut in front', good.slice(5), notList],
    ['a hole within', good.slice(0, 15) + good.slice(21), malformed],
    ['a byte twice', good.slice(0, 15) + good.slice(14), malformed],
    ['two lines grown together', good.replace(',\n', ''), malformed],
  ];
}

function wrongSets(asked: readonly string[]): Answer[] {
  const some = asked.slice(0, 6);
  const [first = '', second = ''] = asked;
  const foreign = '9990000131';
  const miswritten = `${first.slice(0, 9)}${(Number(first[9]) + 1) % 10}`;
  const repeats = 'answer-repeats';
  const notAsked = 'answer-not-asked';
  return [
    ['a number not asked about, first', lines([foreign, ...some]), notAsked],
    ['a number not asked about, within', lines([first, foreign, second]), notAsked],
    ['a number not asked about, last', lines([...some, foreign]), notAsked],
    ['a number not asked about alone', lines([foreign]), notAsked],
    ['everybody and one more', lines([...asked, foreign]), notAsked],
    ['a wrong check digit', lines([...some, miswritten]), notAsked],
    ['a number of another range', lines([...some, '4010232137']), notAsked],
    ['ten noughts', lines([...some, '0000000000']), notAsked],
    ['ten nines', lines([...some, '9999999999']), notAsked],
    ['digits in reverse', lines([...some, Array.from(second).reverse().join('')]), notAsked],
    [
      'two digits changed about',
      lines([...some, first.slice(0, 7) + first.slice(8, 9) + first.slice(7, 8) + first.slice(9)]),
      notAsked,
    ],
    ['the first number twice', lines([first, ...some]), repeats],
    ['the last number twice', lines([...some, some.at(-1) ?? '']), repeats],
    ['a number twice, far apart', lines([...some, first]), repeats],
    ['a number three times', lines([first, first, first]), repeats],
    ['everything twice', lines([...asked, ...asked]), repeats],
    ['everybody, and one twice', lines([...asked, first]), repeats],
    ['twice and not asked about', lines([foreign, foreign]), repeats],
  ].map(([name = '', body = '', code = '']): Answer => [name, body, code]);
}

const page = (words: string): string =>
  `<!DOCTYPE html><html><head><title>${words}</title></head><body>9990000018,\n9990000026,\n</body></html>`;

function notLists(asked: readonly string[]): Answer[] {
  const good = lines(asked);
  return [
    ['a log-in page', page('Sign in'), notList],
    ['a page that says that all is well', page('200 OK'), notList],
    ['a page without numbers', '<html><body><h1>503 Service Unavailable</h1></body></html>', notList],
    ['an XML document', `<?xml version="1.0"?><numbers><n>${asked[0]}</n></numbers>`, notList],
    [
      'a SOAP fault',
      '<soap:Envelope><soap:Body><soap:Fault>no</soap:Fault></soap:Body></soap:Envelope>',
      notList,
    ],
    ['a JSON array of numbers', `[${asked.join(',')}]`, notList],
    ['a JSON array of strings', JSON.stringify(asked), notList],
    ['a JSON string', `"${asked[0]}"`, notList],
    ['null', 'null', notList],
    ['undefined', 'undefined', notList],
    ['NaN', 'NaN', notList],
    ['true', 'true', notList],
    ['a nought', '0', notList],
    ['no records', 'No records found.', notList],
    ['OK', 'OK', notList],
    ['SUCCESS', 'SUCCESS\n', notList],
    ['ERROR', 'ERROR: timeout\n', notList],
    ['a stack trace', 'java.lang.NullPointerException\n\tat uk.nhs.check.Main', notList],
    ['a SQL error', "ORA-00942: table or view doesn't exist", notList],
    ['the refusal without its full stop', 'The file contains one or more invalid NHS Numbers', notList],
    ['the refusal in other words', 'The file contains an invalid NHS Number.', notList],
    ['the refusal before a list', `The file contains one or more invalid NHS Numbers.\n${good}`, notList],
    ['the refusal after a list', `${good}The file contains one or more invalid NHS Numbers.`, malformed],
    ['a PDF', '%PDF-1.7\n%\u00e2\u00e3', notList],
    ['a ZIP', Buffer.from([0x50, 0x4b, 3, 4, 20, 0, 0, 0, 8, 0]), notList],
    ['a PNG', Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), notList],
    ['a spreadsheet', Buffer.from([0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]), notList],
    [
      'an S/MIME message',
      `MIME-Version: 1.0\r\nContent-Type: application/pkcs7-mime\r\n\r\n${good}`,
      notList,
    ],
    ['one byte', 'x', notList],
    ['one NUL', '\0', notList],
    ['NULs', '\0'.repeat(120), notList],
    ['random bytes', Buffer.from('f3a91c00ff7e8d2b5560aa01', 'hex'), notList],
    ['the control file of a list', `<DTSControl><Version>1.0</Version></DTSControl>`, notList],
    ['the request with a heading', `REQUEST\n${good}`, notList],
    ['a date for a number', '2026-11-22,\n', notList],
    ['ten letters', 'abcdefghij,\n', notList],
    ['nine blanks', ' '.repeat(9), malformed],
    ['line feeds', '\n'.repeat(40), malformed],
    ['commas', ',,,,,,,,,,,\n', notList],
    ['a job notice', '{"status":"job created"}', 'receipt'],
    ['an error of MESH, version 2', '{"message_id":"1","errors":[{"error_code":"02"}]}', 'receipt'],
    ['an error of MESH, version 1', '{"errorEvent":"SEND","errorCode":"14"}', 'receipt'],
    ['an empty object', '{}', 'receipt'],
    ['an object that holds the list', `{"numbers":"${asked.join(',')}"}`, 'receipt'],
    ['an object that never ends', '{"a":', 'receipt'],
    ['a stage that failed', '{"stage":"validate","passed":false}', 'receipt-of-failure'],
  ];
}

/** `asked`: what the request asked about, ascending, all of them numbers of the test range. */
export function namedAnswers(asked: readonly string[]): readonly NamedAnswer[] {
  const numbers = asked.filter((_, n) => n % 2 === 0);
  const good = lines(numbers);
  return [
    ...otherDigits(numbers),
    ...otherSeparators(numbers),
    ...otherEndings(numbers),
    ...lengths(numbers),
    ...decorated(numbers),
    ...encodings(good),
    ...framed(good),
    ...cut(good),
    ...wrongSets(asked),
    ...notLists(asked),
  ].map(([name, body, code]) => ({ name, body: Buffer.from(body as string), code }));
}
