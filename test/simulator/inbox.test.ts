import { describe, expect, it } from '@jest/globals';
import { callerOf, collectAll, dayMs, inboxOf, other, ours, send, twoCallers, v1 } from './caller.ts';
import type { Caller } from './caller.ts';

describe('the inbox', () => {
  const fill = (count: number, workflowOf: (index: number) => string = () => 'WF_A') => {
    const { simulator, us, them } = twoCallers();
    const ids: string[] = [];
    for (let index = 0; index < count; index += 1)
      ids.push(
        simulator.deliver(
          { from: other, to: ours, workflowId: workflowOf(index) },
          Buffer.from(`message ${index}`),
        ),
      );
    return { simulator, us, them, ids };
  };
  interface Page {
    messages: string[];
    links: { self: string; next?: string };
    approx_inbox_count: number;
  }
  const pages = async (us: Caller, search: string): Promise<readonly Page[]> => {
    const found: Page[] = [];
    for (let path: string | undefined = `/inbox${search}`; path !== undefined;) {
      const page = (await (await us('GET', path)).json()) as Page;
      found.push(page);
      path = page.links.next?.replace(`/messageexchange/${ours}`, '');
    }
    return found;
  };

  it('conformance 601: 600 waiting messages come as 500 and 100, oldest first', async () => {
    const { us, ids } = fill(600);
    const found = await pages(us, '');
    expect(found.map((page) => page.messages.length)).toEqual([500, 100]);
    expect(found.flatMap((page) => page.messages)).toEqual(ids);
    expect(found[0]?.approx_inbox_count).toBe(600);
    expect(found[0]?.links.next).toMatch(/^\/messageexchange\/X26ABC1\/inbox\?continue_from=/);
    expect(found[1]?.links).toEqual({ self: found[0]?.links.next });
  });

  it('goes on behind a message that was acknowledged meanwhile', async () => {
    const { us, ids } = fill(15);
    const first = (await (await us('GET', '/inbox?max_results=10')).json()) as Page;
    for (const id of first.messages) await us('PUT', `/inbox/${id}/status/acknowledged`);
    const rest = await us('GET', first.links.next!.replace(`/messageexchange/${ours}`, ''));
    expect(((await rest.json()) as Page).messages).toEqual(ids.slice(10));
  });

  it('goes on behind a message id in version 1', async () => {
    const { us, ids } = fill(15);
    const response = await us('GET', `/inbox?max_results=10&continue_from=${ids[9]!}`, { accept: v1 });
    expect(await response.json()).toEqual({ messages: ids.slice(10) });
  });

  it.each([
    ['WF_A', ['WF_A']],
    ['!WF_A', ['WF_B', 'OTHER_ACK', 'ACK_ONE']],
    ['WF*', ['WF_A', 'WF_B']],
    ['!WF*', ['OTHER_ACK', 'ACK_ONE']],
    ['*ACK*', ['OTHER_ACK', 'ACK_ONE']],
    ['!*ACK*', ['WF_A', 'WF_B']],
    ['WF', []],
  ])('filters by workflow %s', async (filter, expected) => {
    const workflows = ['WF_A', 'WF_B', 'OTHER_ACK', 'ACK_ONE'];
    const { us, ids } = fill(4, (index) => workflows[index]!);
    const [page] = await pages(us, `?workflow_filter=${encodeURIComponent(filter)}`);
    expect(page?.messages.map((id) => workflows[ids.indexOf(id)])).toEqual(expected);
    expect(page?.approx_inbox_count).toBe(4);
  });

  it('can show an empty page although a later one has matches', async () => {
    const { us, ids } = fill(25, (index) => (index === 24 ? 'RARE' : 'WF_A'));
    const found = await pages(us, '?max_results=10&workflow_filter=RARE');
    expect(found.map((page) => page.messages)).toEqual([[], [], [ids[24]]]);
    expect(found[0]?.links.next).toContain('max_results=10&workflow_filter=RARE&continue_from=');
  });
});

describe('tracking', () => {
  it('tells the sender what became of a message', async () => {
    const { us, them } = twoCallers();
    const id = await send(us, { body: 'x' });
    const track = async () => (await us('GET', `/outbox/tracking?messageID=${id}`)).json();
    expect(await track()).toEqual({
      message_id: id,
      local_id: 'local-1',
      workflow_id: 'WF_A',
      filename: 'name-1.dat',
      expiry_time: '2026-11-27T03:39:44.560000',
      upload_timestamp: '2026-11-22T03:39:44.560000',
      recipient: other,
      recipient_name: 'Other',
      recipient_ods_code: 'ABC',
      recipient_org_code: 'ABC',
      recipient_org_name: 'Other',
      status_success: true,
      status: 'accepted',
    });
    await collectAll(them);
    expect(await track()).toMatchObject({ status: 'acknowledged', status_success: true });
    expect((await them('GET', `/outbox/tracking?messageID=${id}`)).status).toBe(404);
  });

  it('finds a message by its local id, in the model of version 1 whatever is asked for', async () => {
    const { us, them } = twoCallers();
    const id = await send(us, { body: 'x' });
    const response = await us('GET', '/outbox/tracking/local-1');
    expect(response.headers.get('content-type')).toBe(v1);
    expect(await response.json()).toMatchObject({
      messageId: id,
      localId: 'local-1',
      status: 'Accepted',
      statusSuccess: 'SUCCESS',
      uploadTimestamp: '20261122033944',
      recipient: other,
      fileSize: 1,
    });
    expect((await us('GET', '/outbox/tracking/local-2')).status).toBe(404);
    expect((await them('GET', '/outbox/tracking/local-1')).status).toBe(404);
    await send(us, { body: 'y' });
    expect((await us('GET', '/outbox/tracking/local-1')).status).toBe(300);
  });
});

describe('lifetimes', () => {
  it('conformance 703: uncollected for five days, a message is gone and its sender gets a report with code 14', async () => {
    const { simulator, us, them } = twoCallers();
    const id = await send(us, { body: 'x' });
    simulator.clock.advance(5 * dayMs - 1);
    expect(await inboxOf(them)).toEqual([id]);
    simulator.clock.advance(1);
    expect(await inboxOf(them)).toEqual([]);
    expect((await them('GET', `/inbox/${id}`)).status).toBe(410);
    expect((await them('PUT', `/inbox/${id}/status/acknowledged`)).status).toBe(410);
    const track = await us('GET', `/outbox/tracking?messageID=${id}`);
    expect(await track.json()).toMatchObject({ status: 'undeliverable', status_success: false });

    const [reportId] = await inboxOf(us);
    const report = await us('GET', `/inbox/${reportId!}`, { headers: { 'accept-encoding': 'gzip' } });
    expect(report.status).toBe(200);
    expect(Object.fromEntries(report.headers)).toEqual({
      'mex-to': other,
      'mex-workflowid': 'WF_A',
      'mex-chunk-range': '1:0',
      'mex-total-chunks': '0',
      'mex-addresstype': 'ALL',
      'mex-localid': 'local-1',
      'mex-filename': `${reportId!}.dat`,
      'mex-subject': 'subject-1',
      'mex-version': '1.0',
      'mex-messagetype': 'REPORT',
      'mex-messageid': reportId,
      'mex-linkedmsgid': id,
      'mex-statuscode': '14',
      'mex-statusevent': 'SEND',
      'mex-statusdescription': 'Message not collected by recipient after 5 days',
      'mex-statussuccess': 'ERROR',
      'mex-statustimestamp': '20261127033944',
      'last-modified': 'Fri, 27 Nov 2026 03:39:44 UTC',
      'content-length': '0',
    });
    expect(await report.text()).toBe('');
    expect((await us('GET', `/inbox/${reportId!}/7`)).status).toBe(200);
    await collectAll(us);
    expect(await inboxOf(us)).toEqual([]);
  });

  it('tells nobody when a report itself is not collected', async () => {
    const { simulator, us } = twoCallers();
    await send(us, { body: 'x' });
    simulator.clock.advance(10 * dayMs);
    expect(await inboxOf(us)).toEqual([]);
    expect(await inboxOf(callerOf(simulator, other))).toEqual([]);
  });

  it('conformance 704: after thirty days nothing is left of a message', async () => {
    const { simulator, us, them } = twoCallers();
    const id = await send(us, { body: 'x' });
    simulator.clock.advance(30 * dayMs);
    expect((await them('GET', `/inbox/${id}`)).status).toBe(404);
    expect((await us('GET', `/outbox/tracking?messageID=${id}`)).status).toBe(404);
    expect((await us('GET', '/outbox/tracking/local-1')).status).toBe(404);
  });
});
