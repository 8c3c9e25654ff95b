/** Intakes that are wrong, by name: one cell, header, line or field of the manifest, and the code that must tell of it. */
import type { Fields, TableFile, Texts } from './intake-desk.ts';
import { soundTexts } from './intake-desk.ts';

export interface NamedIntake {
  readonly name: string;
  readonly texts: Texts;
  readonly spoil?: (fields: Fields) => void;
  readonly manifest?: (text: Buffer) => Buffer;
  /** What `intake check` says of it; where the folder is refused, the failure too. */
  readonly code: string;
}

const unreadableDates = [
  '22/11/2026',
  '2026-13-01',
  '2026-02-29',
  '2026-11-31',
  '2026-1-05',
  '26-01-05',
  '05.01.2026',
]
  .concat([
    '2026-01-05T00:00:00Z',
    ' 2026-01-05',
    '2026-01-05 ',
    '2026/01/05',
    '20260105',
    'tomorrow',
    '0001-01-01',
  ])
  .concat(['0000-00-00', '٢٠٢٦-٠١-٠٥', '2026‑01‑05', '45662', '1/5/26', '-', 'N/A', '2026-00-10']);
const unreadableTimes = [
  '2026-11-18',
  '2026-11-18T10:05:00',
  '2026-11-18 10:05:00Z',
  '2026-11-18T25:00:00Z',
  'yesterday',
]
  .concat([
    '2026-11-18T10:05Z',
    '2026-11-18T10:60:00Z',
    '2026-11-18T10:05:60Z',
    '1795000000',
    '2026-02-29T10:00:00Z',
  ])
  .concat([
    '2026-11-18T10:05:00+25:00',
    '2026-11-18T10:05:00.Z',
    '2026-11-18t10:05:00z',
    '18/11/2026 10:05',
    ' ',
  ])
  .concat(['2026-11-18T10:05:00+0100', '2026-11-18T10:05:00,5Z', '']);
const invalidNumbers = [
  '9990000019',
  '999000001',
  '99900000180',
  '999-000-0018',
  '999 0000018',
  ' 9990000018',
  '9990000018 ',
]
  .concat([
    '999  000 0018',
    '9990000018.0',
    '9.990000018E9',
    '+9990000018',
    '٩٩٩٠٠٠٠٠١٨',
    '９９９０００００１８',
    '999000001B',
    'NHS9990000018',
  ])
  .concat([
    '9999999999',
    '0000000000',
    '1111111111',
    '000 000 0000',
    'unknown',
    '-',
    '999\u00a0000\u00a00018',
    '9990000018;',
    "'9990000018",
  ]);
const near: Readonly<Record<string, readonly string[]>> = {
  person_type: [
    'Service_user',
    'service user',
    'SERVICE_USER',
    'resident',
    'service_user ',
    '',
    '1',
    'service-user',
  ],
  in_service_choice: [
    'None',
    'opted out',
    'OPTED_OUT',
    'opted-out',
    'yes',
    'N/A',
    '',
    'opted_out ',
    'null',
    '0',
  ],
  restricted: ['No', 'NO', 'n', 'false', '0', '', 'no ', 'unknown', 'Yes', 'true'],
  choice: ['opt out', 'OPT_OUT', 'opted_out', 'out', '', 'opt_in ', 'withdraw', 'optout', 'opt-out'],
  channel: ['Verbal', 'phone', 'email', '', 'verbal ', 'in person', 'post'],
  decided_by: ['Self', 'son', 'POA', '', 'self ', 'LPA', 'court of protection'],
};
const unsafeIds = [' SU-01', 'SU-01 ', 'SU-\u200b01', 'SU\t01', 'SU-01\u202e', '\u00a0SU-01', 'SU-\u00ad01'];
const invalidLocations = [
  '',
  '1-12345',
  '1-1234567890123',
  '2-1099000101',
  '1099000101',
  '1-10990001O1',
  '1-',
  '1 1099000101',
  '1-1099000101 ',
];

const columns = (file: TableFile): string[] => (String(soundTexts[file]).split('\n')[0] ?? '').split(',');
const cellText = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);

/** The sound texts with the first row's cell of a column another. Of the rows used none has a comma in a cell before it. */
function withCell(file: TableFile, column: string, cell: string): Texts {
  const lines = String(soundTexts[file]).split('\n');
  const row = rowOf(lines[1] ?? '').slice(0, columns(file).length);
  row[columns(file).indexOf(column)] = cell;
  return {
    ...soundTexts,
    [file]: Buffer.from([lines[0], row.map(cellText).join(','), ...lines.slice(2)].join('\n')),
  };
}

const rowOf = (line: string): string[] =>
  (line.match(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g) ?? []).map((cell) =>
    cell.replace(/,$/, '').replace(/^"(.*)"$/, '$1'),
  );

const cells = (file: TableFile, column: string, bad: readonly string[], code: string): NamedIntake[] =>
  bad.map((cell) => ({
    name: `${file}, ${column}: ${JSON.stringify(cell)}`,
    texts: withCell(file, column, cell),
    code,
  }));

type Change = readonly [name: string, change: (text: string) => string | Buffer, code: string];

const inTable: readonly Change[] = [
  ['nothing at all', () => '', 'intake-header'],
  ['a column missing', (text) => text.replace(/^[^,]+,/, ''), 'intake-header'],
  ['a column twice', (text) => text.replace(/^([^,]+),/, '$1,$1,'), 'intake-header'],
  ['a column in capitals', (text) => text.replace(/^[^,]+/, (name) => name.toUpperCase()), 'intake-header'],
  ['a column with a blank', (text) => text.replace(/^[^,]+/, (name) => ` ${name}`), 'intake-header'],
  ['a column of another name', (text) => text.replace(/^[^,]+/, 'person'), 'intake-header'],
  ['a column more', (text) => text.replace('\n', ',extra\n'), 'intake-header'],
  ['a column with the prototype of all', (text) => text.replace(/^[^,]+/, '__proto__'), 'intake-header'],
  ['no header', (text) => text.slice(text.indexOf('\n') + 1), 'intake-header'],
  ['semicolons', (text) => text.replaceAll(',', ';'), 'intake-header'],
  ['tabs', (text) => text.replaceAll(',', '\t'), 'intake-header'],
  ['a line before the header', (text) => `exported today\n${text}`, 'intake-header'],
  ['two marks before the header', (text) => `\ufeff\ufeff${text}`, 'intake-header'],
  ['a row too short', (text) => text.replace(/,[^,\n]*\n$/, '\n'), 'intake-malformed'],
  ['a row too long', (text) => text.replace(/\n$/, ',\n'), 'intake-malformed'],
  ['a quote that is never closed', (text) => `${text}"`, 'intake-malformed'],
  ['a quote within a cell', (text) => text.replace(/-01/, '-"01'), 'intake-malformed'],
  ['something behind a closing quote', (text) => text.replace(/\n([^,]+),/, '\n"$1"x,'), 'intake-malformed'],
  ['a carriage return within an id', (text) => text.replace(/-01/, '-\r01'), 'intake-id-unsafe'],
  ['a NUL', (text) => text.replace(/-01/, '-0\x001'), 'intake-malformed'],
  ['an empty line within', (text) => text.replace(/\n/, '\n\n'), 'intake-malformed'],
  [
    'bytes that are no UTF-8',
    (text) => Buffer.concat([Buffer.from(text), Buffer.of(0xc3, 0x28, 0x0a)]),
    'intake-malformed',
  ],
  ['latin-1', (text) => Buffer.from(text.replace(/-01/, '-\u00e901'), 'latin1'), 'intake-malformed'],
  [
    'half a character',
    (text) => Buffer.concat([Buffer.from(text), Buffer.of(0xe2, 0x82)]),
    'intake-malformed',
  ],
  [
    'an overlong character',
    (text) => Buffer.concat([Buffer.from(text), Buffer.of(0xc0, 0xaf)]),
    'intake-malformed',
  ],
  [
    'a surrogate',
    (text) => Buffer.concat([Buffer.from(text), Buffer.of(0xed, 0xa0, 0x80)]),
    'intake-malformed',
  ],
  ['UTF-16', (text) => Buffer.from(`\ufeff${text}`, 'utf16le'), 'intake-malformed'],
  ['a total line', (text) => `${text}TOTAL,3\n`, 'intake-malformed'],
  ['a page', () => '<!DOCTYPE html><html></html>\n', 'intake-header'],
  ['JSON', () => '[{"service_user_id":"SU-01"}]\n', 'intake-malformed'],
];

const tables = (['providers.csv', 'in-service-choices.csv', 'service-users.csv'] as const).flatMap((file) =>
  inTable.map(([name, change, code]): NamedIntake => ({
    name: `${file}: ${name}`,
    texts: { ...soundTexts, [file]: Buffer.from(change(String(soundTexts[file])) as string) },
    code,
  })),
);

type FileFields = Record<string, unknown>;
const filesOf = (fields: Fields): FileFields[] => fields['files'] as FileFields[];
const invalid = 'manifest-invalid';

const fieldsSpoilt: readonly (readonly [name: string, spoil: (fields: Fields) => void, code: string])[] = [
  ...['businessDate', 'producedAt', 'supplier', 'files'].flatMap((field) =>
    [undefined, null, 7, '', {}, []].map(
      (value) =>
        [
          `${field} is ${value === undefined ? 'not there' : JSON.stringify(value)}`,
          (fields: Fields) => void (fields[field] = value),
          invalid,
        ] as const,
    ),
  ),
  ['a field more', (fields) => void (fields['extra'] = 1), invalid],
  ['a date that is none', (fields) => void (fields['businessDate'] = '2026-02-30'), invalid],
  ['another date', (fields) => void (fields['businessDate'] = '2026-11-21'), 'manifest-of-another-date'],
  [
    'produced too long ago',
    (fields) => void (fields['producedAt'] = '2026-11-20T01:45:00Z'),
    'manifest-stale',
  ],
  [
    'produced tomorrow',
    (fields) => void (fields['producedAt'] = '2026-11-23T01:45:00Z'),
    'manifest-from-the-future',
  ],
  ['produced at no place', (fields) => void (fields['producedAt'] = '2026-11-22T01:45:00'), invalid],
  ['an invisible supplier', (fields) => void (fields['supplier'] = 'Care\u200bRecords'), invalid],
  ['a file missing from it', (fields) => void filesOf(fields).pop(), invalid],
  [
    'a file twice',
    (fields) => void filesOf(fields).push(filesOf(fields)[0] ?? {}),
    'intake-file-named-twice',
  ],
  ['a file of another name', (fields) => void (filesOf(fields)[0]!['name'] = 'homes.csv'), invalid],
  ['a file elsewhere', (fields) => void (filesOf(fields)[0]!['name'] = '../providers.csv'), invalid],
  ['a row more than there are', (fields) => void (filesOf(fields)[1]!['rows'] = 4), 'intake-file-short'],
  ['a row less than there are', (fields) => void (filesOf(fields)[1]!['rows'] = 2), 'intake-file-short'],
  ['rows below nothing', (fields) => void (filesOf(fields)[1]!['rows'] = -1), invalid],
  ['half a row', (fields) => void (filesOf(fields)[1]!['rows'] = 2.5), invalid],
  ['rows in words', (fields) => void (filesOf(fields)[1]!['rows'] = '3'), invalid],
  [
    'another digest',
    (fields) => void (filesOf(fields)[2]!['sha256'] = '0'.repeat(64)),
    'intake-file-altered',
  ],
  [
    'a digest in capitals',
    (fields) => void (filesOf(fields)[2]!['sha256'] = String(filesOf(fields)[2]!['sha256']).toUpperCase()),
    invalid,
  ],
  ['a digest too short', (fields) => void (filesOf(fields)[2]!['sha256'] = 'abc'), invalid],
  ['no digest', (fields) => void (filesOf(fields)[2]!['sha256'] = undefined), invalid],
];

const manifestsSpoilt: readonly (readonly [name: string, change: (text: Buffer) => Buffer])[] = [
  ['nothing', () => Buffer.alloc(0)],
  ['a list', () => Buffer.from('[]')],
  ['null', () => Buffer.from('null')],
  ['half of it', (text) => text.subarray(0, text.length / 2)],
  ['its last byte missing', (text) => text.subarray(0, -1)],
  ['it twice', (text) => Buffer.concat([text, text])],
  ['a comma too many', (text) => Buffer.from(String(text).replace(/}$/, ',}'))],
  ['single quotes', (text) => Buffer.from(String(text).replaceAll('"', "'"))],
  ['a comment', (text) => Buffer.concat([Buffer.from('// manifest\n'), text])],
  ['a field twice', (text) => Buffer.from(String(text).replace('{', '{"businessDate":"2026-11-21",'))],
  [
    'a field twice, once escaped',
    (text) => Buffer.from(String(text).replace('{', '{"\\u0062usinessDate":"2026-11-21",')),
  ],
  ['UTF-16', (text) => Buffer.from(`\ufeff${String(text)}`, 'utf16le')],
  ['more than 64 KiB', (text) => Buffer.concat([text, Buffer.alloc(65_536, ' ')])],
  [
    'bytes that are no UTF-8',
    (text) => Buffer.concat([text.subarray(0, -1), Buffer.of(0xff), Buffer.from('}')]),
  ],
];

export const namedIntakes: readonly NamedIntake[] = [
  ...(['informed_on', 'resident_from', 'resident_to'] as const).flatMap((column) =>
    cells('service-users.csv', column, unreadableDates, 'date-unreadable'),
  ),
  ...(['participating_from', 'participating_to', 'agreement_expires_on'] as const).flatMap((column) =>
    cells('providers.csv', column, unreadableDates, 'date-unreadable'),
  ),
  ...(['requested_at', 'recorded_at'] as const).flatMap((column) =>
    cells('in-service-choices.csv', column, unreadableTimes, 'time-unreadable'),
  ),
  ...cells('service-users.csv', 'nhs_number', invalidNumbers, 'number-invalid'),
  ...cells('service-users.csv', 'nhs_number', ['4010232137', '401 023 2137'], 'number-out-of-range'),
  ...cells('service-users.csv', 'nhs_number', [''], 'number-missing'),
  ...Object.entries(near).flatMap(([column, bad]) =>
    cells(
      columns('service-users.csv').includes(column) ? 'service-users.csv' : 'in-service-choices.csv',
      column,
      bad,
      'value-unknown',
    ),
  ),
  ...cells('service-users.csv', 'location_id', invalidLocations, 'location-invalid'),
  ...cells(
    'service-users.csv',
    'provider_id',
    ['PR-03', 'pr-01', 'constructor', '__proto__'],
    'provider-unknown',
  ),
  ...cells('service-users.csv', 'service_user_id', unsafeIds, 'intake-id-unsafe'),
  ...cells('in-service-choices.csv', 'service_user_id', unsafeIds, 'intake-id-unsafe'),
  ...cells('providers.csv', 'provider_id', ['PR-02'], 'intake-provider-twice'),
  ...tables,
  ...fieldsSpoilt.map(([name, spoil, code]): NamedIntake => ({
    name: `manifest: ${name}`,
    texts: soundTexts,
    spoil,
    code,
  })),
  ...manifestsSpoilt.map(([name, manifest]): NamedIntake => ({
    name: `manifest: ${name}`,
    texts: soundTexts,
    manifest,
    code: invalid,
  })),
];
