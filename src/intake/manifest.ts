/** The manifest of an intake folder: nothing in the folder is believed before it. */
import { createHash } from 'node:crypto';

import { z } from 'zod';

import { formatInstant, hour, readDate, readInstant } from '../domain/calendar.ts';
import type { Instant, LocalDate } from '../domain/calendar.ts';
import type { Digest } from '../domain/digest.ts';
import type { FileDigest } from '../domain/evidence.ts';
import type { IntakeTerms } from '../ports.ts';
import { shown } from './cell.ts';
import { fault } from './fault.ts';
import type { FaultCode, IntakeFault } from './fault.ts';
import { HashedFile, openHashed } from './hashed-file.ts';
import { manifestName, tableNames } from './tables.ts';
import type { TableName } from './tables.ts';

export interface Manifest {
  /** SHA-256 over the manifest's bytes. */
  readonly digest: Digest;
  readonly businessDate: LocalDate;
  readonly producedAt: Instant;
  readonly supplier: string;
  readonly files: readonly FileDigest[];
}

/** A manifest, or everything that keeps it from being one. */
export type ManifestReading =
  { readonly manifest: Manifest } | { readonly faults: readonly [IntakeFault, ...IntakeFault[]] };

const largest = 64 * 1024;

const instant = z.string().transform((text, context) => {
  const at = readInstant(text);
  if (at !== null) return at;
  context.addIssue({ code: 'custom' });
  return z.NEVER;
});

const form = z.strictObject({
  businessDate: z.string().refine((text) => readDate(text) !== null),
  producedAt: instant,
  supplier: z.string().regex(/^(?=.*\S)[^\p{Cc}\p{Cf}]{1,200}$/u),
  files: z.array(
    z.strictObject({
      name: z.enum(tableNames),
      rows: z.int().min(0),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});

const allowed: Readonly<Record<string, string>> = {
  businessDate: 'a date YYYY-MM-DD',
  producedAt: 'an RFC 3339 time with offset',
  supplier: '1 to 200 characters, none of them invisible',
  files: `the files ${tableNames.join(', ')}`,
  name: tableNames.join(', '),
  rows: 'a whole number of rows, without the header',
  sha256: '64 lower-case hex digits',
};

/** Reads `manifest.json`. Faults: `manifest-missing`, `manifest-invalid`, `intake-file-named-twice`. */
export async function readManifestFile(folder: string): Promise<ManifestReading> {
  const file = await openHashed(folder, manifestName);
  if (!(file instanceof HashedFile)) return { faults: [file] };
  try {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of file.chunks()) {
      pieces.push(chunk);
      length += chunk.length;
      if (length > largest)
        return { faults: [invalid(null, 'a file of over 64 KiB', 'a file of at most 64 KiB')] };
    }
    return readManifest(Buffer.concat(pieces));
  } finally {
    await file.close();
  }
}

/** Reads the bytes of a manifest: strict UTF-8, strict JSON without repeated or unknown fields, each of the three files once. */
export function readManifest(bytes: Uint8Array): ManifestReading {
  const json = readJson(bytes);
  if ('faults' in json) return json;
  const { success, data: manifest, error } = form.safeParse(json.value);
  const faults = success
    ? faultsOfFiles(manifest.files)
    : error.issues.flatMap((issue) => faultsOf(issue, json.value));
  const [first, ...others] = faults;
  if (first !== undefined) return { faults: [first, ...others] };
  if (!success) return { faults: [invalid(null, 'something else', 'the agreed fields')] };
  return { manifest: { ...manifest, digest: createHash('sha256').update(bytes).digest('hex') } };
}

const invalid = (column: string | null, found: string, allowed: string): IntakeFault =>
  fault('manifest-invalid', { file: manifestName, column }, found, allowed);

function readJson(
  bytes: Uint8Array,
): { readonly value: unknown } | { readonly faults: readonly [IntakeFault] } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    const value: unknown = JSON.parse(text);
    const twice = repeatedField(text);
    return twice === null
      ? { value }
      : { faults: [invalid(shown(twice), 'the field twice', 'each field once')] };
  } catch {
    return { faults: [invalid(null, 'something that is not JSON in UTF-8, or was cut', 'one JSON object')] };
  }
}

const stringOrBrace = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}]/g;

/** A field that stands twice in one object, of which `JSON.parse` would silently keep the last. `text` is valid JSON. */
function repeatedField(text: string): string | null {
  const open: Set<string>[] = [];
  for (const [token, colon] of text.matchAll(stringOrBrace)) {
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (colon !== undefined) {
      const field = JSON.parse(token.slice(0, -colon.length)) as string;
      if (open.at(-1)?.has(field) === true) return field;
      open.at(-1)?.add(field);
    }
  }
  return null;
}

function faultsOf(issue: z.core.$ZodIssue, manifest: unknown): IntakeFault[] {
  const place = issue.path.join('.');
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => invalid(place, `the field ${shown(key)}`, 'the agreed fields only'));
  let found = manifest;
  for (const step of issue.path) found = (found as Record<PropertyKey, unknown>)[step];
  const field = issue.path.findLast((step) => typeof step === 'string');
  return [invalid(place, wordsFor(found), allowed[String(field)] ?? 'one object with the agreed fields')];
}

function wordsFor(value: unknown): string {
  if (value === undefined) return 'nothing';
  return typeof value === 'string' ? shown(value) : shown(JSON.stringify(value));
}

function faultsOfFiles(files: readonly FileDigest[]): IntakeFault[] {
  return tableNames.flatMap((name) => {
    const times = files.filter((file) => file.name === name).length;
    if (times === 0) return [invalid('files', `no ${name}`, `the files ${tableNames.join(', ')}`)];
    const place = { file: manifestName, column: 'files' } as const;
    return times === 1 ? [] : [fault('intake-file-named-twice', place, `${name} ${times} times`)];
  });
}

/**
 * What speaks against believing a manifest tonight: `manifest-of-another-date`, `manifest-stale`, `manifest-from-the-future`.
 * `elsewhere`: when the manifests of other dates that lie beside it were produced.
 */
export function faultsOfAge(
  manifest: Manifest,
  terms: IntakeTerms,
  elsewhere: ReadonlySet<Instant>,
): IntakeFault[] {
  const { producedAt } = manifest;
  const at = (code: FaultCode, column: string, found: string): IntakeFault =>
    fault(code, { file: manifestName, column }, found);
  const found = formatInstant(producedAt);
  return [
    manifest.businessDate === terms.businessDate
      ? null
      : at('manifest-of-another-date', 'businessDate', manifest.businessDate),
    producedAt < terms.openedAt - 24 * hour ? at('manifest-stale', 'producedAt', found) : null,
    producedAt > terms.now + 2 * hour ? at('manifest-from-the-future', 'producedAt', found) : null,
    terms.usedElsewhere.has(producedAt) || elsewhere.has(producedAt)
      ? at('manifest-of-another-date', 'producedAt', `${found}, which another date's manifest bears`)
      : null,
  ].filter((of) => of !== null);
}

/** What a manifest says of one table. */
export interface TableDigest extends FileDigest {
  readonly name: TableName;
}

/** The digest of a table; one that nothing matches where there is none. */
export function digestOf(files: readonly FileDigest[], name: TableName): TableDigest {
  const { rows, sha256 } = files.find((file) => file.name === name) ?? { rows: 0, sha256: 'none' };
  return { name, rows, sha256 };
}

/** `intake-file-altered`: the table's bytes are not those that the manifest speaks of. */
export const alteration = ({ name, sha256 }: TableDigest, found: Digest): IntakeFault =>
  fault('intake-file-altered', { file: name }, `SHA-256 ${found}`, `SHA-256 ${sha256}`);

/** How a table differs from what the manifest says of it: `intake-file-altered`, `intake-file-short`. */
export function faultsOfFile(expected: TableDigest, found: Omit<TableDigest, 'name'>): IntakeFault[] {
  const short = (): IntakeFault =>
    fault('intake-file-short', { file: expected.name }, `${found.rows} rows`, `${expected.rows} rows`);
  return [
    expected.sha256 === found.sha256 ? null : alteration(expected, found.sha256),
    expected.rows === found.rows ? null : short(),
  ].filter((of) => of !== null);
}
