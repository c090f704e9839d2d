import { setImmediate } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { Engine } from '../../../../worker/engine/engine.ts';
import { runSteps } from '../../../../worker/steps/run-steps.ts';

it('ends by itself, not its process, when image and checkout fail before the engine has answered', async () => {
  const gone = Promise.withResolvers<never>();
  const engine = new Proxy({}, { get: () => () => gone.promise }) as unknown as Engine;
  const full = new Error('ENOSPC: no space left on device');
  const escaped: unknown[] = [];
  const note = (error: unknown): void => void escaped.push(error);
  process.on('unhandledRejection', note);
  try {
    const running = runSteps({
      engine: new Proxy(engine, { get: (_, name) => (name === 'events' ? engine : () => gone.promise) }),
      settings: { helperPath: null },
      workspace: Promise.reject(full),
      builtImage: Promise.reject(full),
    } as unknown as Parameters<typeof runSteps>[0]);
    await setImmediate();
    await setImmediate();
    gone.reject(new Error('the engine is gone'));
    await expect(running).rejects.toThrow('the engine is gone');
  } finally {
    process.off('unhandledRejection', note);
  }
  expect(escaped).toEqual([]);
});
