import { writeFileSync } from 'node:fs';
import path from 'node:path';

import { formatRunId } from '../../src/domain/run.ts';
import type { DropStep } from '../../src/drop/disk.ts';
import { outboundDropContract } from '../support/contracts/drop-contract.ts';
import { createFakeDrop } from '../support/fake-drop.ts';
import type { DropInterruption } from '../support/fake-drop.ts';
import { dropOnDisk, newFolder, recipientReads, removeFolder } from './drop-on-disk.ts';

outboundDropContract('in memory', () => {
  const drop = createFakeDrop();
  return Promise.resolve({
    drop,
    recipient: (run) => Promise.resolve(drop.recipient(run)),
    interrupt: (at) => {
      drop.interrupt(at);
    },
    collect: (run) => {
      drop.collect(run);
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
});

outboundDropContract('on a file system', () => {
  const opened = dropOnDisk(newFolder());
  return Promise.resolve({
    drop: opened.drop,
    recipient: (run) => Promise.resolve(recipientReads(opened.dir, run)),
    interrupt: (at) => {
      opened.before = failOnceAt(at, () => (opened.before = () => undefined));
    },
    collect: (run) => {
      writeFileSync(path.join(opened.dir, formatRunId(run), 'collected'), '');
      return Promise.resolve();
    },
    close: () => {
      removeFolder(opened.dir);
      return Promise.resolve();
    },
  });
});

/** An input/output error at the first link, at the link of the manifest, or at the first flush after that. */
function failOnceAt(at: DropInterruption, done: () => void): (step: DropStep) => void {
  let manifestLinked = false;
  return ({ act, place }) => {
    const isManifest = act === 'link' && place.endsWith('manifest.json');
    const now =
      (at === 'before-files' && act === 'link') ||
      (at === 'before-manifest' && isManifest) ||
      (at === 'before-last-flush' && manifestLinked);
    manifestLinked ||= isManifest;
    if (!now) return;
    done();
    throw Object.assign(new Error('EIO'), { code: 'EIO' });
  };
}
