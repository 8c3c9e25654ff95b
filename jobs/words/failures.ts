import type { Failure } from '../../src/domain/failure.ts';

/** A failure as a person reads it: what happened, where, what stood there, what is allowed, what to do next. */
export function describeFailure({ code, message, detail }: Failure): string {
  const lines = [
    `export-gate: ${message}`,
    detail.place === undefined ? null : `  where:      ${detail.place}`,
    detail.found === undefined ? null : `  found:      ${detail.found}`,
    detail.allowed === undefined ? null : `  allowed:    ${detail.allowed}`,
    detail.hint === undefined ? null : `  what to do: ${detail.hint}`,
    `  code:       ${code}`,
  ];
  return `${lines.filter((line) => line !== null).join('\n')}\n`;
}
