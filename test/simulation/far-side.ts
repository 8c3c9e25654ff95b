/** The national check of a history: takes requests, and answers them late, twice, wrongly or as it should. */
import { formatNhsNumber } from '../../src/domain/nhs-number.ts';
import type { Instant } from '../../src/domain/calendar.ts';
import { createFakeMailbox } from '../support/fake-mailbox.ts';
import type { Delivery, FakeMailbox, SentMessage } from '../support/fake-mailbox.ts';
import type { AnswerKind } from './history.ts';

export const ownMailbox = 'X26ABC1';
export const checkMailbox = 'X26HC065';
export const pollEvery = 30 * 60_000;
const hour = 3_600_000;

/** An answer that may be believed: sent by the check to this request, whole, and only what was asked and not opted out. */
export interface GoodAnswer {
  readonly localId: string;
  readonly numbers: ReadonlySet<string>;
  readonly from: Instant;
}

export interface TakenRequest {
  readonly localId: string;
  readonly numbers: readonly string[];
  readonly at: Instant;
}

export interface FarSide {
  readonly mailbox: FakeMailbox;
  readonly requests: readonly TakenRequest[];
  readonly good: readonly GoodAnswer[];
  readonly optedOut: Set<string>;
  /** How the requests from now on are answered. */
  answerWith(kinds: readonly AnswerKind[]): void;
  /** Puts into the inbox what is due. */
  deliverDue(): void;
}

const refusal = 'The file contains one or more invalid NHS Numbers.';
const receipt = '{"status":"job created"}';
const page = '<!doctype html><p>9990000018\n</p>';

export function createFarSide(now: () => Instant): FarSide {
  const requests: TakenRequest[] = [];
  const good: GoodAnswer[] = [];
  const optedOut = new Set<string>();
  let due: { readonly at: Instant; readonly delivery: Delivery }[] = [];
  let kinds: AnswerKind[] = ['proper'];
  let earlier: Delivery | null = null;

  const answerTo = (message: SentMessage): void => {
    const asked = Buffer.from(message.body)
      .toString()
      .split('\n')
      .filter(Boolean)
      .map((line) => line.slice(0, 10));
    const kind = kinds.length > 1 ? kinds.shift()! : (kinds[0] ?? 'proper');
    requests.push({ localId: message.localId, numbers: asked, at: now() });
    const cleared = asked.filter((number) => !optedOut.has(number));
    const lines = (numbers: readonly string[]): string => numbers.map((number) => `${number},\n`).join('');
    const say = (body: string, after = pollEvery, over: Partial<Delivery> = {}): Delivery => {
      const delivery: Delivery = {
        from: checkMailbox,
        workflowId: message.workflowId,
        localId: message.localId,
        subject: '',
        body: Buffer.from(body),
        headers: { 'mex-statustimestamp': stamp(now() + after) },
        ...over,
      };
      due.push({ at: now() + after, delivery });
      return delivery;
    };
    const proper = (after = pollEvery, numbers = cleared): Delivery => {
      good.push({ localId: message.localId, numbers: new Set(numbers), from: now() + after });
      return say(lines(numbers), after);
    };
    if (kind !== 'silent' && kind !== 'reordered') say(receipt, 0, { subject: 'SUCCESS' });
    const before = earlier;
    const foreign = formatNhsNumber(9_990_000_018) === asked[0] ? '9990000026' : '9990000018';
    switch (kind) {
      case 'proper':
        earlier = proper();
        break;
      case 'twice':
        earlier = proper();
        say(lines(cleared));
        break;
      case 'reordered':
        earlier = proper(0);
        say(receipt, pollEvery, { subject: 'SUCCESS' });
        break;
      case 'silent':
        break;
      case 'late':
        proper(30 * hour);
        break;
      case 'slow':
        proper(3 * pollEvery);
        break;
      case 'fewer-later':
        proper();
        proper(2 * pollEvery, cleared.slice(1));
        break;
      case 'foreign-number':
        say(lines([...asked, foreign]));
        break;
      case 'repeated-number':
        say(lines([...asked, ...asked.slice(0, 1)]));
        break;
      case 'truncated':
        say(lines(asked).slice(0, -5));
        break;
      case 'refusal':
        say(refusal);
        break;
      case 'elsewhere':
        say(lines(asked), pollEvery, { from: 'X26OT999' });
        break;
      case 'other-workflow':
        say(lines(asked), pollEvery, { workflowId: `${message.workflowId}_OTHER` });
        break;
      case 'before-send':
        say(lines(asked), pollEvery, { headers: { 'mex-statustimestamp': stamp(now() - 3 * hour) } });
        break;
      case 'earlier-answer':
        if (before !== null) due.push({ at: now(), delivery: before });
        earlier = proper();
        break;
      case 'page':
        say(page);
        break;
      case 'report':
        say('', pollEvery, { messageType: 'REPORT' });
        break;
      case 'empty':
        say('\n');
        break;
    }
  };
  const mailbox = createFakeMailbox({ mailboxId: ownMailbox, onSent: answerTo });
  return {
    mailbox,
    requests,
    good,
    optedOut,
    answerWith: (wanted) => void (kinds = [...wanted]),
    deliverDue() {
      const ready = due.filter(({ at }) => at <= now());
      due = due.filter(({ at }) => at > now());
      for (const { delivery } of ready) mailbox.deliver(delivery);
    },
  };
}

/** As MESH stamps a message: UTC, fourteen digits. */
const stamp = (at: Instant): string => new Date(at).toISOString().replaceAll(/\D/g, '').slice(0, 14);
