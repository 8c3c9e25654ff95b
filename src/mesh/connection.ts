import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { Failure } from '../domain/failure.ts';

/** Our certificate and key, and the only authorities whose servers are believed; PEM. */
export interface TlsMaterial {
  readonly cert: string | Uint8Array;
  readonly key: string | Uint8Array;
  readonly ca: string | Uint8Array;
}

/** Verification is said aloud, for its default can be switched off by an environment variable. */
interface TlsOptions {
  readonly rejectUnauthorized: true;
  readonly minVersion: 'TLSv1.2';
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly ca?: string | Buffer;
}

/** Where MESH is and how both sides prove who they are. */
export interface Connection {
  readonly secure: boolean;
  readonly hostname: string;
  readonly port: number;
  readonly tls: TlsOptions;
}

const strict = { rejectUnauthorized: true, minVersion: 'TLSv1.2' } as const;

/**
 * Reads `MESH_URL` and the TLS material. Plain http, and TLS without a certificate of ours, are for this machine only. Throws
 * `configuration-invalid` for a URL with more than scheme, host and port, and for material that is missing, unreadable or does not
 * belong together (R64).
 */
export function readConnection(url: string, material?: TlsMaterial): Connection {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const secure = parsed?.protocol === 'https:';
  if (parsed === null || !(secure || parsed.protocol === 'http:'))
    throw wrong('MESH_URL', 'it is no https URL');
  const { pathname, search, hash, username, password } = parsed;
  if (pathname !== '/' || [search, hash, username, password].some((part) => part !== ''))
    throw wrong('MESH_URL', 'it holds more than scheme, host and port');
  const hostname = parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const here = hostname === 'localhost' || hostname === '::1' || /^127(?:\.[0-9]{1,3}){3}$/.test(hostname);
  if (!secure && !here) throw wrong('MESH_URL', 'plain http is for this machine only');
  if (secure && !here && material === undefined)
    throw wrong('MESH_CLIENT_CERT_FILE', 'it is required, with key and CA');
  const port = parsed.port === '' ? (secure ? 443 : 80) : Number(parsed.port);
  return {
    secure,
    hostname,
    port,
    tls: material === undefined ? strict : { ...strict, ...checked(material) },
  };
}

/** Reads the material once, so that a fault shows at the start and not at the first call in the night. */
function checked(material: TlsMaterial): {
  cert: string | Buffer;
  key: string | Buffer;
  ca: string | Buffer;
} {
  const [cert, key, ca] = [pem(material.cert), pem(material.key), pem(material.ca)];
  try {
    createSecureContext({ cert, key });
  } catch {
    throw wrong('MESH_CLIENT_CERT_FILE', 'certificate and key cannot be read or do not belong together');
  }
  try {
    new X509Certificate(ca);
  } catch {
    throw wrong('MESH_CA_FILE', 'it holds no certificate that can be read');
  }
  return { cert, key, ca };
}

const pem = (given: string | Uint8Array): string | Buffer =>
  typeof given === 'string' ? given : Buffer.from(given);

/** Without the cause: what a library says about a key may show some of it. */
const wrong = (place: string, why: string): Failure =>
  new Failure('configuration-invalid', {
    message: `The connection to MESH is not configured rightly: ${why}.`,
    place,
    allowed:
      'https://host[:port], with client certificate, key and CA as PEM; http://localhost[:port] for the simulator',
    hint: 'Nothing was sent. Correct the configuration and run `config check`.',
  });
