/** A process of its own that publishes into a folder and kills itself just before its n-th step; its last two arguments say where and n. */
import { singlePlan, testNumbers } from '../support/drop-plans.ts';
import { dropOnDisk } from './drop-on-disk.ts';

const [dir = '', dieBefore = ''] = process.argv.slice(-2);
const opened = dropOnDisk(dir);
opened.before = () => {
  if (opened.steps.length === Number(dieBefore)) process.kill(process.pid, 'SIGKILL');
};
void opened.drop.publish(singlePlan(testNumbers(3)));
