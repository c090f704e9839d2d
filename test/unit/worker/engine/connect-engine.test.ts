import { expect, it } from 'vitest';
import { connectEngine } from '../../../../worker/engine/connect-engine.ts';
import { EngineLost } from '../../../../worker/engine/engine-lost.ts';

it.each(['ssh://builder', 'nonsense', ''])('refuses the address %j', (host) => {
  expect(() => connectEngine(host, {})).toThrowError('DOCKER_HOST');
});

it('calls an engine that is not there lost, and not up', async () => {
  const engine = connectEngine('unix:///nowhere/docker.sock', {});
  await expect(engine.facts()).rejects.toThrow(EngineLost);
  expect(await engine.isUp()).toBe(false);
  engine.close();
});
