import { OLDEST_PROTOCOL } from '../../src/protocol/worker.ts';
import { changeModules } from './change-modules.ts';

/*
 * Loaded by `--import` before a worker's program, which then registers and works as one that knows the protocol up to the
 * version before this program's: `connectServer` can be told so, and no setting says it.
 */
changeModules([
  {
    file: 'worker/main.ts',
    from: 'connectServer({',
    to: `connectServer({ protocol: ${OLDEST_PROTOCOL},`,
  },
]);
