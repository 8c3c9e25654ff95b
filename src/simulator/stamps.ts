/** How MESH writes instants and message ids. Instants are milliseconds since 1970; everything MESH shows is UTC. */

const digitsOf = (at: number): string => new Date(at).toISOString().replaceAll(/[^0-9]/g, '');

/** Fourteen digits, year to second: `mex-statustimestamp` and the version 1 tracking model. */
export const compactTime = (at: number): string => digitsOf(at).slice(0, 14);

/** Twenty digits, year to microsecond: beyond the safe integers of a JSON reader. */
export const microTime = (at: number): string => `${digitsOf(at)}000`;

/** ISO 8601 without a zone, six decimals: the version 2 tracking model. */
export const zonelessTime = (at: number): string => `${new Date(at).toISOString().slice(0, 23)}000`;

/** `last-modified` as MESH writes it, which ends in UTC where RFC 9110 says GMT. */
export const httpTime = (at: number): string => new Date(at).toUTCString().replace('GMT', 'UTC');

/** Twenty digits of time, an underscore, six upper-case hex digits, as the live service makes them (`chance`: three bytes). */
export function messageIdOf(at: number, serial: number, chance: Uint8Array): string {
  const micros = String(serial % 1000).padStart(3, '0');
  return `${digitsOf(at)}${micros}_${Buffer.from(chance).toString('hex').toUpperCase()}`;
}
