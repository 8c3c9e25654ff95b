/** How the head of an answer says where its body ends. */
export type Framing = { readonly kind: 'length'; readonly bytes: number } | { readonly kind: 'chunked' };

/**
 * Header names in lower case; a name that comes again is joined by a comma (RFC 9110, section 5.3). Null when a `mex-` header comes
 * twice, for then nobody can say which of the two speaks of the message.
 */
export function readHeaders(raw: readonly string[]): Readonly<Record<string, string>> | null {
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = (raw[at] ?? '').toLowerCase();
    const value = raw[at + 1] ?? '';
    const before = headers.get(name);
    if (before !== undefined && name.startsWith('mex-')) return null;
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }
  return Object.fromEntries(headers);
}

/**
 * Exactly one of content length and chunked transfer encoding (RFC 9112, section 6); null for neither, both, or anything else. A body
 * that ends where the connection does cannot be told from one that was cut.
 */
export function framingOf(status: number, headers: Readonly<Record<string, string>>): Framing | null {
  const length = headers['content-length'];
  const encoding = headers['transfer-encoding'];
  if (status === 204 || status === 304) return { kind: 'length', bytes: 0 };
  if (encoding !== undefined)
    return length === undefined && encoding.trim().toLowerCase() === 'chunked' ? { kind: 'chunked' } : null;
  return length !== undefined && /^[0-9]{1,15}$/.test(length)
    ? { kind: 'length', bytes: Number(length) }
    : null;
}
