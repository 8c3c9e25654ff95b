/** One contract for every anchor, the fake included. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { createFolderAnchor } from '../../src/anchor/folder.ts';
import { createTimestampAnchor } from '../../src/anchor/timestamp.ts';
import { createWitnessAnchor } from '../../src/anchor/witness.ts';
import { anchorContract } from '../support/contracts/anchor-contract.ts';
import { createFakeAnchor } from '../support/fake-anchor.ts';
import { serveHandler } from '../support/loopback.ts';
import { createTestWitness } from '../support/test-witness.ts';
import { certify, pemOf, stamp } from '../support/timestamp-authority.ts';
import { systemChance } from '../../src/wiring.ts';

anchorContract('the fake', {
  remembers: true,
  open() {
    const anchor = createFakeAnchor();
    return {
      anchor,
      goAway: () => void (anchor.isAway = true),
      comeBack: () => void (anchor.isAway = false),
      close: () => undefined,
    };
  },
});

anchorContract('a second folder', {
  remembers: true,
  open() {
    const base = fs.mkdtempSync(path.join(os.tmpdir(), 'export-gate-folder-'));
    const folder = path.join(base, 'second');
    const unmounted = path.join(base, 'elsewhere');
    fs.mkdirSync(folder, { mode: 0o700 });
    return {
      anchor: createFolderAnchor({ folder }),
      // What is left of a share that is not mounted: an empty folder of its name.
      goAway() {
        fs.renameSync(folder, unmounted);
        fs.mkdirSync(folder, { mode: 0o700 });
      },
      comeBack() {
        fs.rmSync(folder, { recursive: true });
        fs.renameSync(unmounted, folder);
      },
      close: () => {
        fs.rmSync(base, { recursive: true });
      },
    };
  },
});

anchorContract('a witness, over HTTP', {
  remembers: true,
  async open(origin, key) {
    const witness = createTestWitness([{ origin, key }]);
    const server = await serveHandler((request) => witness.handle(request));
    return {
      anchor: createWitnessAnchor({ url: server.url, cosigner: witness.cosigner }),
      goAway: () => server.stop(),
      async comeBack() {
        witness.restart();
        await server.again();
      },
      async close() {
        await server.stop();
        witness.close();
      },
    };
  },
});

anchorContract('a time-stamp authority, over HTTP', {
  remembers: false,
  async open() {
    const root = await certify({ isAuthority: true });
    const signer = await certify({}, root);
    const server = await serveHandler(async (request) => {
      const answer = await stamp(new Uint8Array(await request.arrayBuffer()), signer, []);
      return new Response(Buffer.from(answer), {
        headers: { 'content-type': 'application/timestamp-reply' },
      });
    });
    const authorities = pemOf(root.certificate);
    return {
      anchor: createTimestampAnchor({ url: server.url, authorities, policy: null, chance: systemChance }),
      goAway: () => server.stop(),
      comeBack: () => server.again(),
      close: () => server.stop(),
    };
  },
});
