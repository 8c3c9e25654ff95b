/** A far side that may misbehave byte by byte. */
import net from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface RawServer {
  readonly url: string;
  /** Head and body of every call whose head came whole, as text. */
  readonly calls: string[];
  readonly connections: () => number;
  readonly close: () => Promise<void>;
}

/**
 * A server that answers the n-th call with whatever `answer` writes to the socket; it knows just enough HTTP to tell one call from the
 * next.
 */
export async function rawServer(answer: (socket: Socket, call: number) => void): Promise<RawServer> {
  const calls: string[] = [];
  const open = new Set<Socket>();
  let connections = 0;
  const server = net.createServer((socket) => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => socket.destroy());
    let unread = '';
    socket.on('data', (bytes) => {
      unread += bytes.toString('latin1');
      for (let end = endOfCall(unread); end > 0; end = endOfCall(unread)) {
        calls.push(unread.slice(0, end));
        unread = unread.slice(end);
        answer(socket, calls.length);
      }
    });
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => {
          resolve();
        });
      }),
  };
}

function endOfCall(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return 0;
  const length = Number(/content-length: ([0-9]+)/i.exec(text.slice(0, head))?.[1] ?? 0);
  return text.length >= head + 4 + length ? head + 4 + length : 0;
}

/** A whole answer, framed by its length. */
export const answerText = (status: string, headers: Readonly<Record<string, string>>, body = ''): string =>
  [
    `HTTP/1.1 ${status}`,
    ...Object.entries({ ...headers, 'content-length': String(body.length) }).map(
      ([name, value]) => `${name}: ${value}`,
    ),
    '',
    body,
  ].join('\r\n');

/** The same, of JSON. */
export const answerJson = (
  body: unknown,
  status = '200 OK',
  headers: Readonly<Record<string, string>> = {},
): string =>
  answerText(status, { 'content-type': 'application/vnd.mesh.v2+json', ...headers }, JSON.stringify(body));

/** Answers the n-th call with the n-th text, and all further ones with the last. */
export const scriptedServer = (...answers: readonly string[]): Promise<RawServer> =>
  rawServer((socket, call) => void socket.write(answers[Math.min(call, answers.length) - 1] ?? '', 'latin1'));

export interface HeardCall {
  /** Method and path. */
  readonly line: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A call as the raw server heard it. */
export function heard(text: string | undefined): HeardCall {
  const [head = '', ...rest] = (text ?? '').split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const headers = fields.map((field) => /^([^:]*): (.*)$/.exec(field)?.slice(1) ?? []);
  return {
    line: line.replace(/ HTTP\/1\.1$/, ''),
    headers: Object.fromEntries(headers.map(([name = '', value = '']) => [name.toLowerCase(), value])),
    body: rest.join('\r\n\r\n'),
  };
}
