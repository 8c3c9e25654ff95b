import { formatRunId } from '../../src/domain/run.ts';
import type { Progress } from '../../src/pipeline/context.ts';
import { anchorWords, stateWords } from './reasons.ts';

/** Writes what a run is doing to a stream: a line a step, and while waiting a line that renews itself where the stream is a terminal. */
export function progressOn(stream: NodeJS.WriteStream): (event: Progress) => void {
  let openLine = false;
  const say = (text: string, renews = false): void => {
    const start = openLine ? '\r\u001b[K' : '';
    openLine = renews && stream.isTTY;
    stream.write(`${start}${text}${openLine ? '' : '\n'}`);
  };
  let saidWaiting = false;
  return (event) => {
    switch (event.step) {
      case 'state':
        say(`${formatRunId(event.run)}  ${stateWords[event.state]}`);
        return;
      case 'gated':
        say(
          `  ${event.rows} rows decided, ${event.asked} numbers to ask about in ${event.requests} request(s)`,
        );
        if (event.unmatched > 0)
          say(`  ${event.unmatched} service user(s) with a choice match no roster row; see intake check`);
        if (event.goneMissing > 0)
          say(`  ${event.goneMissing} opt-out(s) of earlier nights are told of no more; they stay in force`);
        return;
      case 'sent':
        say(`  request ${event.sent} of ${event.of} sent`, true);
        return;
      case 'waiting':
        if (!saidWaiting || stream.isTTY) {
          say(
            `  waiting for ${event.open} of ${event.of} answers, ${Math.round(event.waitedMs / 1000)} s`,
            true,
          );
        }
        saidWaiting = true;
        return;
      case 'mesh-trouble':
        say(`  ${event.code}; trying again`);
        return;
      case 'left-in-inbox':
        say(
          `  about ${event.messages} message(s) of other workflows wait in the mailbox; they were left there`,
        );
        return;
      case 'compaction-put-off':
        say('  destroyed papers are overwritten with the next run: somebody is reading the ledger');
        return;
      case 'anchored':
        say(`  ${anchorWords[event.anchor]} holds the log up to entry ${event.size}`);
        return;
      case 'anchor-failed':
        say(
          `  ALARM: ${anchorWords[event.anchor]} has not taken the log (${event.code}): ${event.why} ${
            event.code === 'anchor-refused'
              ? 'The export stops.'
              : `The export stops in ${event.daysLeft} day(s) unless it does.`
          }`,
        );
        return;
    }
  };
}
