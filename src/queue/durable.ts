/** What Redis must promise before a bell is hung there: nothing is thrown out for want of room, and a crash loses a second at most. */
import { Failure } from '../domain/failure.ts';

/** The lines of Redis's `INFO` by name. */
const factsIn = (info: string): ReadonlyMap<string, string> =>
  new Map(
    info.split(/\r?\n/).flatMap((line) => {
      const at = line.indexOf(':');
      return at < 0 || line.startsWith('#') ? [] : [[line.slice(0, at), line.slice(at + 1)] as const];
    }),
  );

const demanded = [
  ['maxmemory_policy', 'noeviction', 'maxmemory-policy noeviction'],
  ['aof_enabled', '1', 'appendonly yes'],
] as const;

/** Throws `place-unsafe` for a Redis that may forget a bell; `info` is its own `INFO`. */
export function demandDurable(info: string): void {
  const facts = factsIn(info);
  for (const [fact, wanted, setting] of demanded) {
    const found = facts.get(fact);
    if (found === wanted) continue;
    throw new Failure('place-unsafe', {
      message: 'This Redis may forget what it was told.',
      place: 'REDIS_URL',
      found: `${fact} = ${found ?? 'unknown'}`,
      allowed: `${fact} = ${wanted}`,
      hint: `Set \`${setting}\` in redis.conf and restart it. No run was begun.`,
    });
  }
}
