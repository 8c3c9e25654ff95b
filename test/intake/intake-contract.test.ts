import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { createIntakeReader } from '../../src/intake/intake-folder.ts';
import { intakeContract } from '../support/contracts/intake-contract.ts';
import { createFakeIntake } from '../support/fake-intake.ts';
import { cellsOf, writeIntake } from '../support/intake-folder.ts';

intakeContract('on a disk', () => {
  const intakeDir = fs.mkdtempSync(path.join(os.tmpdir(), 'intake-'));
  return {
    reader: createIntakeReader({ intakeDir }),
    put: (businessDate, night) => {
      writeIntake(intakeDir, cellsOf(night), {}, businessDate);
    },
    close: () => {
      fs.rmSync(intakeDir, { recursive: true });
    },
  };
});

intakeContract('in memory', () => {
  const reader = createFakeIntake();
  return {
    reader,
    put: (businessDate, night) => {
      reader.put(businessDate, night);
    },
    close: () => undefined,
  };
});
