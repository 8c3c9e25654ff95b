import { describe, expect, it } from '@jest/globals';
import { closed, other, ours, start, stillSimulator, tokenFor, twoCallers, v2, v1 } from './caller.ts';

describe('looking up', () => {
  it.each([
    [
      'endpointlookup/X26/SPINE_NTT_UPHOLDING',
      [{ mailbox_id: 'X26HC065', mailbox_name: 'Check for National Data Opt-outs' }],
    ],
    ['endpointlookup/ABC/WF_A', [{ mailbox_id: other, mailbox_name: 'Other' }]],
    ['endpointlookup/ABC/SPINE_NTT_UPHOLDING', []],
    ['workflowsearch/WF_A', [{ mailbox_id: other, mailbox_name: 'Other' }]],
    ['workflowsearch/NONE', []],
  ])('%s needs no token', async (path, results) => {
    const ask = (accept: string, method = 'GET') =>
      stillSimulator().handle(
        new Request(`https://mesh.test/messageexchange/${path}`, { method, headers: { accept } }),
      );
    expect(await (await ask(v2)).json()).toEqual({ results });
    const first = (await (await ask(v1)).json()) as { results: { address: string }[] };
    expect(first.results.map((found) => found.address)).toEqual(results.map((found) => found.mailbox_id));
    expect((await ask(v2, 'POST')).status).toBe(405);
  });
});

describe('one call at a time', () => {
  it('conformance 801: counts calls of a mailbox that began before the last was answered', async () => {
    const { simulator, us, them } = twoCallers();
    await us('GET', '/inbox');
    await Promise.all([us('GET', '/inbox'), them('GET', '/inbox')]);
    expect(simulator.overlaps(ours)).toBe(0);
    await Promise.all([us('GET', '/inbox'), us('GET', '/inbox'), us('GET', '/inbox')]);
    expect([simulator.overlaps(ours), simulator.overlaps(other)]).toEqual([2, 0]);
    expect(simulator.statistics()).toEqual({
      now: '2026-11-22T03:39:44.560Z',
      calls: { inbox: 6 },
      overlaps: { [ours]: 2 },
      faultsWaiting: [],
    });
  });

  it('counts a disabled mailbox like any other', async () => {
    const simulator = stillSimulator();
    const call = () =>
      simulator.handle(
        new Request(`https://mesh.test/messageexchange/${closed}/inbox`, {
          headers: { accept: v2, authorization: tokenFor(closed, start) },
        }),
      );
    const [first] = await Promise.all([call(), call()]);
    expect([first.status, simulator.overlaps(closed)]).toEqual([403, 1]);
  });
});
