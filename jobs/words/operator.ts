import os from 'node:os';

/** Who acts, as the entries say it: the account's name, or its number where it has none, as in a container under a user of its own. */
export function operator(): string {
  try {
    return `operator:${os.userInfo().username}`;
  } catch {
    return `operator:uid-${process.getuid?.() ?? 'unknown'}`;
  }
}
