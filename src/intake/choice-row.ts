import { readInstant } from '../domain/calendar.ts';
import { channels, choices, deciders } from '../domain/in-service-choice.ts';
import type { InServiceChoice } from '../domain/in-service-choice.ts';
import { onList } from '../domain/service-user.ts';
import { checkId } from './cell.ts';
import type { Tell } from './fault.ts';
import { choicesTable } from './tables.ts';
import type { ChoiceCells } from './tables.ts';

/**
 * A row of `in-service-choices.csv` as a choice: what is not on its list is `unknown`, a time that cannot be read is null, and both
 * object (R12). Tells `intake-id-unsafe`.
 */
export function readChoice({ line, cells }: ChoiceCells, tell: Tell): InServiceChoice {
  const [choiceId, serviceUserId, choice, channel, requestedAt, recordedAt, , decidedBy] = cells;
  checkId(choiceId, choicesTable.name, line, 'choice_id', tell);
  checkId(serviceUserId, choicesTable.name, line, 'service_user_id', tell);
  return {
    serviceUserId,
    choice: onList(choices, choice),
    channel: onList(channels, channel),
    requestedAt: readInstant(requestedAt),
    recordedAt: readInstant(recordedAt),
    decidedBy: onList(deciders, decidedBy),
  };
}
