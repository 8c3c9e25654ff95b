import type { Route } from './call.ts';
import type { Directory, MailboxAccount } from './directory.ts';
import type { ApiVersion } from './refusals.ts';
import { jsonResponse, refuseField } from './refusals.ts';

/** Proves that a mailbox can be opened; asked for once in 24 hours. The caller names its client and system. */
export const handshake: Route = (_service, { mailbox, version, headers }) => {
  for (const name of ['mex-clientversion', 'mex-osname', 'mex-osversion'])
    if ((headers.get(name) ?? '').trim() === '') return refuseField('header', name, 'field required');
  return version === 1 ? jsonResponse(200, { mailboxId: mailbox }, 1) : new Response(null, { status: 200 });
};

/** Mailboxes of an organisation (or, with null, of any) that take a workflow; an empty list when there is none. */
export function lookUpMailboxes(
  directory: Directory,
  odsCode: string | null,
  workflowId: string,
  version: ApiVersion,
): Response {
  const found = directory.lookUp(odsCode, workflowId);
  if (version === 2) return jsonResponse(200, { results: found.map(shown) }, 2);
  const results = found.map(({ id, name }) => ({
    address: id,
    description: name ?? id,
    endpoint_type: 'MESH',
  }));
  return jsonResponse(200, { query_id: '', results }, 1);
}

const shown = ({ id, name }: MailboxAccount): unknown => ({ mailbox_id: id, mailbox_name: name ?? id });
