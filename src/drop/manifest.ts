/** The manifest of a drop: the last thing linked, and the word that the drop is whole. No manifest, no drop. */
import { dropFormatVersion } from '../domain/evidence.ts';
import type { FileDigest } from '../domain/evidence.ts';
import { formatRunId } from '../domain/run.ts';
import type { DropPlan } from '../ports.ts';

/**
 * The manifest as JSON text, the same for the same plan whatever the order of its fields and files. First what it is about, then the
 * fields of the plan by name, then the files by name and the rows of all of them, headers not counted. A field of the plan that bears
 * the name of one of the drop's own does not replace it.
 */
export function manifestText(plan: DropPlan, files: readonly FileDigest[]): string {
  const own = {
    format: dropFormatVersion,
    businessDate: plan.run.businessDate,
    revision: plan.run.revision,
    run: formatRunId(plan.run),
  };
  const places = new Map(plan.files.map(({ name, locationId }) => [name, locationId]));
  const listed = byName(files).map(({ name, rows, sha256 }) => {
    const locationId = places.get(name);
    return { name, ...(locationId === undefined ? {} : { locationId }), rows, sha256 };
  });
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const manifest = { ...own, ...(inOrder(plan.manifest) as object), ...own, files: listed, rows };
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** Files in the order of their names, byte by byte. */
export const byName = <T extends { readonly name: string }>(files: readonly T[]): T[] =>
  [...files].sort((a, b) => (a.name < b.name ? -1 : 1));

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (value === null || typeof value !== 'object') return value;
  const fields = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(fields.map(([name, inner]) => [name, inOrder(inner)]));
}
