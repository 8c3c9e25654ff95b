/**
 * A CSV cell for people's eyes: RFC 4180, and nothing that a spreadsheet would take for a formula. A cell is dangerous when it begins
 * with = + - @ in either width, behind white space and control characters or not, or with a tab, CR, LF or NUL; and so is what follows
 * a separator or a line break within it, where another program may cut differently. An apostrophe in front makes it text.
 */
const dangerous = /(^|[,;|\t\r\n\0])([\s\0"']*)([=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/gu;
const controlFirst = /^[\t\r\n\0]/u;

/** The cell in quotes, made harmless. NUL, which no program reads alike, becomes a space. */
export function csvCell(text: string): string {
  const harmless = text.replaceAll(dangerous, "$1$2'$3");
  const marked = controlFirst.test(harmless) ? `'${harmless}` : harmless;
  return `"${marked.replaceAll('\0', ' ').replaceAll('"', '""')}"`;
}

/** A line of cells with its CR LF. */
export const csvRow = (cells: readonly string[]): string => `${cells.map(csvCell).join(',')}\r\n`;
