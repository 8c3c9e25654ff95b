import { readDate } from '../domain/calendar.ts';
import { readNumberCell } from '../domain/nhs-number.ts';
import { choiceColumns, onList, personTypes, yesOrNo } from '../domain/service-user.ts';
import type { ServiceUserRow } from '../domain/service-user.ts';
import { checkId, readPeriodEnd } from './cell.ts';
import type { Tell } from './fault.ts';
import { rosterTable } from './tables.ts';
import type { RosterCells } from './tables.ts';

/**
 * A row of `service-users.csv` once understood: what is not on its list is `unknown` and objects (R12), a date that cannot be read is
 * null and gives no ground. Tells `intake-id-unsafe`.
 */
export function readRosterRow({ line, cells }: RosterCells, tell: Tell): ServiceUserRow {
  const [id, providerId, locationId, number, personType, informedOn, notice, choice, restricted, from, to] =
    cells;
  checkId(id, rosterTable.name, line, 'service_user_id', tell);
  checkId(providerId, rosterTable.name, line, 'provider_id', tell);
  checkId(locationId, rosterTable.name, line, 'location_id', tell);
  return {
    serviceUserId: id,
    providerId,
    locationId,
    number: readNumberCell(number),
    personType: onList(personTypes, personType),
    informedOn: readDate(informedOn),
    noticeVersion: notice,
    choiceColumn: onList(choiceColumns, choice),
    restricted: onList(yesOrNo, restricted),
    residentFrom: readDate(from),
    residentTo: readPeriodEnd(to),
  };
}
