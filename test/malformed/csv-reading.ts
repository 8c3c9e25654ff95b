/** CSV as RFC 4180 says it, strictly, in UTF-8 with or without its mark; read here by nothing of the gate. */

/** The rows, each of its cells; null where the bytes are no such text. Lines end in LF or CR LF, the last one may lack its end. */
export function readCsv(bytes: Uint8Array): string[][] | null {
  const text = decode(bytes);
  if (text === null) return null;
  const rows: string[][] = [];
  let at = text.startsWith('\ufeff') ? 1 : 0;
  while (at < text.length) {
    const row: string[] = [];
    for (;;) {
      const cell = text[at] === '"' ? quoted(text, at) : plain(text, at);
      if (cell === null) return null;
      row.push(cell.value);
      at = cell.end;
      if (text[at] !== ',') break;
      at += 1;
    }
    if (text.startsWith('\r\n', at)) at += 2;
    else if (text[at] === '\n') at += 1;
    else if (at < text.length) return null;
    rows.push(row);
  }
  return rows;
}

interface Cell {
  readonly value: string;
  readonly end: number;
}

function plain(text: string, from: number): Cell | null {
  let end = from;
  while (end < text.length && text[end] !== ',' && text[end] !== '\n' && !text.startsWith('\r\n', end)) {
    if (text[end] === '"') return null;
    end += 1;
  }
  return { value: text.slice(from, end), end };
}

function quoted(text: string, from: number): Cell | null {
  let value = '';
  for (let at = from + 1; at < text.length; at += 1) {
    if (text[at] !== '"') value += text.charAt(at);
    else if (text[at + 1] === '"') {
      value += '"';
      at += 1;
    } else return { value, end: at + 1 };
  }
  return null;
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
