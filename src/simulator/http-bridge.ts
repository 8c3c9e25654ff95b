/**
 * Between a server of Node and a `Request -> Response` function. It listens to nothing: the entry point makes the server and hands
 * each call to it, so that only entry points open a port.
 */

/** What the bridge needs of an incoming call; `http.IncomingMessage` is one. */
export interface IncomingCall extends AsyncIterable<unknown> {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  readonly rawHeaders: readonly string[];
}

/** What the bridge needs of the answer; `http.ServerResponse` is one. */
export interface OutgoingAnswer {
  writeHead(status: number, headers: Record<string, string>): unknown;
  write(body: Uint8Array, written: () => void): unknown;
  end(body?: Uint8Array): unknown;
  destroy(): unknown;
}

const bodiless = new Set(['GET', 'HEAD']);

/**
 * Answers one call. The connection breaks when the body is over `maximumBodyBytes`, on `Response.error()`, and behind a response
 * shorter than its content length, for these two stand for a connection that broke.
 */
export async function bridge(
  answer: (request: Request) => Promise<Response>,
  maximumBodyBytes: number,
  incoming: IncomingCall,
  outgoing: OutgoingAnswer,
): Promise<void> {
  const method = incoming.method ?? 'GET';
  const body = await bodyOf(incoming, maximumBodyBytes);
  if (body === null) {
    outgoing.destroy();
    return;
  }
  const init = { method, headers: headersOf(incoming.rawHeaders), ...(bodiless.has(method) ? {} : { body }) };
  const response = await answer(new Request(new URL(incoming.url ?? '/', 'http://simulator.invalid'), init));
  if (response.type === 'error') {
    outgoing.destroy();
    return;
  }
  const bytes = new Uint8Array(await response.arrayBuffer());
  const headers = Object.fromEntries(response.headers);
  const promised = Number(headers['content-length'] ?? bytes.length);
  if (method !== 'HEAD' && promised > bytes.length) {
    outgoing.writeHead(response.status, headers);
    outgoing.write(bytes, () => void outgoing.destroy());
    return;
  }
  outgoing.writeHead(
    response.status,
    method === 'HEAD' ? headers : { ...headers, 'content-length': String(bytes.length) },
  );
  outgoing.end(method === 'HEAD' ? undefined : bytes);
}

function headersOf(raw: readonly string[]): Headers {
  const headers = new Headers();
  for (let at = 0; at + 1 < raw.length; at += 2) headers.append(raw[at] ?? '', raw[at + 1] ?? '');
  return headers;
}

async function bodyOf(incoming: IncomingCall, maximumBytes: number): Promise<Buffer<ArrayBuffer> | null> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of incoming) {
    if (!(part instanceof Uint8Array)) continue;
    length += part.length;
    if (length > maximumBytes) return null;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
