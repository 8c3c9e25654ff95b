/** Text for a page: whatever a name holds, it stays text. */
const marks: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export const escaped = (text: string): string => text.replaceAll(/[&<>"']/g, (mark) => marks[mark] ?? mark);

/** A text of somebody else's, kept apart so that its writing direction cannot turn what stands around it. */
export const foreign = (text: string): string => `<bdi>${escaped(text)}</bdi>`;

export interface Column {
  readonly title: string;
  readonly kind?: 'number' | 'code';
}

/**
 * A table with caption and headers, the first cell of each row its header; scrolls by itself where it is too wide, also by keyboard. Cells
 * are HTML already.
 */
export function table(
  id: string,
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const head = columns.map(({ title, kind }) => `<th scope="col"${classOf(kind)}>${escaped(title)}</th>`);
  const body = rows.map((cells) => {
    const html = cells.map((cell, at) =>
      at === 0 ? `<th scope="row">${cell}</th>` : `<td${classOf(columns[at]?.kind)}>${cell}</td>`,
    );
    return `<tr>${html.join('')}</tr>`;
  });
  return [
    `<div class="wide" role="region" aria-labelledby="${id}" tabindex="0"><table>`,
    `<caption id="${id}">${escaped(caption)}</caption>`,
    `<thead><tr>${head.join('')}</tr></thead>`,
    `<tbody>\n${body.join('\n')}\n</tbody></table></div>`,
  ].join('\n');
}

const classOf = (kind: Column['kind']): string => (kind === undefined ? '' : ` class="${kind}"`);
