import { describe, expect, it } from '@jest/globals';

import { readManifest } from '../../src/intake/manifest.ts';

const sha256 = 'a'.repeat(64);
const files = ['service-users.csv', 'in-service-choices.csv', 'providers.csv'].map((name) => ({
  name,
  rows: 1,
  sha256,
}));
const good = { businessDate: '2026-11-22', producedAt: '2026-11-22T01:45:00Z', supplier: 'Test', files };
const faultsOf = (manifest: unknown): { code: string; column: string | null; found: string }[] => {
  const reading = readManifest(
    Buffer.from(typeof manifest === 'string' ? manifest : JSON.stringify(manifest)),
  );
  return 'faults' in reading ? [...reading.faults] : [];
};
const firstFile = (over: object): object => ({
  ...good,
  files: [{ ...files[0], ...over }, ...files.slice(1)],
});

describe('the manifest', () => {
  it('is read with any layout, any order of files, a BOM, and an offset', () => {
    const text = `\uFEFF${JSON.stringify({ ...good, producedAt: '2026-11-22T02:45:00.5+01:00', files: files.toReversed() }, null, 3)}`;
    expect(readManifest(Buffer.from(text))).toMatchObject({
      manifest: {
        businessDate: '2026-11-22',
        producedAt: Date.parse('2026-11-22T01:45:00.500Z'),
        supplier: 'Test',
      },
    });
  });

  it.each([
    ['not JSON', '{', null],
    ['nothing', '', null],
    ['two values', `${JSON.stringify(good)}{}`, null],
    ['not UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('latin1').replace('ÿ', '\ud800'), ''],
    ['null', 'null', ''],
    ['a list', '[]', ''],
    ['an unknown field', { ...good, note: 'x' }, ''],
    ['an unknown field of a file', firstFile({ size: 1 }), 'files.0'],
    ['no supplier', { ...good, supplier: undefined }, 'supplier'],
    ['an empty supplier', { ...good, supplier: '' }, 'supplier'],
    ['a supplier of spaces', { ...good, supplier: '  ' }, 'supplier'],
    ['a supplier with a line break', { ...good, supplier: 'a\nb' }, 'supplier'],
    ['a supplier that turns the line around', { ...good, supplier: 'a\u202Eb' }, 'supplier'],
    ['a supplier without end', { ...good, supplier: 'a'.repeat(201) }, 'supplier'],
    ['a date that is none', { ...good, businessDate: '2026-11-31' }, 'businessDate'],
    ['a date out of order', { ...good, businessDate: '22/11/2026' }, 'businessDate'],
    ['a time without offset', { ...good, producedAt: '2026-11-22T01:45:00' }, 'producedAt'],
    ['a time as a number', { ...good, producedAt: 1_795_000_000_000 }, 'producedAt'],
    ['rows below zero', firstFile({ rows: -1 }), 'files.0.rows'],
    ['half a row', firstFile({ rows: 0.5 }), 'files.0.rows'],
    ['rows in quotes', firstFile({ rows: '1' }), 'files.0.rows'],
    ['an upper-case digest', firstFile({ sha256: 'A'.repeat(64) }), 'files.0.sha256'],
    ['a short digest', firstFile({ sha256: 'a'.repeat(63) }), 'files.0.sha256'],
    ['a file we do not know', firstFile({ name: '../service-users.csv' }), 'files.0.name'],
    ['a file left out', { ...good, files: files.slice(1) }, 'files'],
    ['no files', { ...good, files: [] }, 'files'],
  ])('is refused: %s', (_, manifest, column) => {
    const [first] = faultsOf(manifest);
    expect(first).toMatchObject({ code: 'manifest-invalid', column });
  });

  it('is refused with a field twice, however it is spelt, for JSON.parse would keep the last', () => {
    const text = JSON.stringify(good);
    const spelt = (field: string): string => text.replace('"supplier"', `"supplier" : "x" , ${field}`);
    for (const twice of ['"supplier"', String.raw`"suppli\u0065r"`])
      expect(faultsOf(spelt(twice))).toMatchObject([{ code: 'manifest-invalid', column: '"supplier"' }]);
    const inFile = text.replace('"rows":1', '"rows":0,"rows":1');
    expect(faultsOf(inFile)).toMatchObject([{ code: 'manifest-invalid', column: '"rows"' }]);
    expect(faultsOf({ ...good, supplier: '{"supplier":"businessDate"' })).toEqual([]);
  });

  it('is refused with a file named twice', () => {
    const [roster] = files;
    expect(faultsOf({ ...good, files: [...files, roster] })).toMatchObject([
      { code: 'intake-file-named-twice' },
    ]);
  });

  it('has all its faults told at once, with numbers masked', () => {
    const faults = faultsOf({
      ...good,
      businessDate: '9990000018',
      producedAt: null,
      supplier: [9990000018],
    });
    expect(faults.map(({ column, found }) => [column, found])).toEqual([
      ['businessDate', '"##########"'],
      ['producedAt', '"null"'],
      ['supplier', '"[##########]"'],
    ]);
  });
});
