/**
 * A worker with one step, as a process of its own that a test may kill or freeze.
 * Arguments: engine, image, lease, dead man's time in ms, command. Prints `waiting` and then the outcome as JSON.
 */
import { newId } from '../../src/core/id.ts';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import { runOneStep } from './step-harness.ts';

const [host = '', image = '', lease = '', deadManMs = '', command = ''] = process.argv.slice(2);
const engine = connectEngine(host);
const labels = { build: newId('bld'), workflow: newId('wfl'), lease, worker: 'frozen' };
const { outcome } = await runOneStep(engine, labels, {
  image,
  commands: [command],
  deadManMs: Number(deadManMs),
  onWaiting: () => console.log('waiting'),
});
console.log(JSON.stringify(outcome));
engine.close();
