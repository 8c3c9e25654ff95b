/** What a campaign tried, how each ended, and what must not have ended so. */
export class Tally {
  readonly kinds = new Map<string, { tried: number; readonly codes: Map<string, number> }>();
  readonly found: string[] = [];

  add(kind: string, code: string, wrong: string | null): void {
    const row = this.kinds.get(kind) ?? { tried: 0, codes: new Map<string, number>() };
    this.kinds.set(kind, row);
    row.tried += 1;
    row.codes.set(code, (row.codes.get(code) ?? 0) + 1);
    if (wrong !== null) this.found.push(`${kind}: ${wrong}`);
  }

  /** One line a kind, and under it how often each end was come to. */
  table(): string {
    return [...this.kinds]
      .flatMap(([kind, { tried, codes }]) => [
        `${kind.padEnd(34)}${String(tried).padStart(8)}`,
        ...[...codes]
          .sort(([, a], [, b]) => b - a)
          .map(([code, times]) => `  ${code.padEnd(32)}${String(times).padStart(8)}`),
      ])
      .join('\n');
  }
}
