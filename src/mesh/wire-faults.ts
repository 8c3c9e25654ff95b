import { Failure } from '../domain/failure.ts';

/** A failure of the connection, and whether it is certain that the server never saw the call. */
export interface WireFault {
  readonly failure: Failure;
  readonly certainlyNotTaken: boolean;
}

const tlsCodes =
  /^(?:EPROTO|ERR_(?:TLS|SSL|OSSL)_.*|CERT_.*|UNABLE_TO_.*|SELF_SIGNED_.*|DEPTH_ZERO_.*|HOSTNAME_MISMATCH|INVALID_(?:CA|PURPOSE)|PATH_LENGTH_EXCEEDED|CRL_.*|ERROR_IN_.*)$/;

/** In TLS 1.3 the server looks at our certificate after we have begun to speak; with these alerts it heard nothing of it. */
const refusedCertificate = /_ALERT_(?:.*CERTIFICATE.*|UNKNOWN_CA)$/;

/**
 * What an error of Node's HTTP client means. `begun`: the connection stood, so the call may have left. The cause is not kept: a parser
 * error carries the bytes it stumbled over, which may be a message. An error without a code is taken for the worst.
 */
export function faultOfError(error: Error, begun: boolean, place: string): WireFault {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return {
    failure: failureOf(code, place),
    certainlyNotTaken: (code !== '' && !begun) || refusedCertificate.test(code),
  };
}

function failureOf(code: string, place: string): Failure {
  if (code === 'HPE_HEADER_OVERFLOW') return tooLarge(place, 'its headers');
  if (code.startsWith('HPE_')) return malformedAnswer(place, `it is not HTTP as agreed (${code})`);
  if (tlsCodes.test(code))
    return new Failure('mesh-tls', {
      message: `MESH and we could not prove to each other who we are (${code}).`,
      place,
      hint: 'Check MESH_URL, MESH_CA_FILE and the client certificate: right environment, not expired.',
    });
  return unreachable(place, code === '' ? 'the connection broke' : code);
}

export const unreachable = (place: string, why: string): Failure =>
  new Failure('mesh-unreachable', {
    message: `MESH could not be reached: ${why}.`,
    place,
    hint: 'Check the network, MESH_URL and the firewall. Nobody was released because of this.',
  });

export const malformedAnswer = (place: string, why: string): Failure =>
  new Failure('mesh-malformed', {
    message: `What MESH answered was not believed: ${why}.`,
    place,
    hint: 'Nothing of it was used. If it comes again, something between us and MESH changes what passes.',
  });

export const tooLarge = (place: string, what: string): Failure =>
  new Failure('mesh-too-large', {
    message: `What MESH answered is larger than it may be: ${what}.`,
    place,
    hint: 'Nothing of it was used. Ask the MESH service desk what lies in the mailbox.',
  });

export const closed = (place: string): Failure =>
  new Failure('interrupted', {
    message: 'The mailbox was closed while a call was under way.',
    place,
    hint: 'Run the same command again; it goes on where it stopped.',
  });
