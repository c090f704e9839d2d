import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endOf, push } from '../support/builds.ts';
import { explain } from './support/expect-build.ts';
import { untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

describe('an environment', () => {
  it('never goes backwards by itself: an older build that turns green is skipped, and so is its re-run', async () => {
    const { system } = world;
    const repository = await world.addProject('deployments/order', {});
    // Longer than a build and its deployment take on a busy machine.
    const older = await push(system, repository, release('older', 'echo on its way; sleep 15'));
    await untilSaid(system, older, 'test', 'on its way');
    const newer = await push(system, repository, release('newer', 'echo quick'));
    const live = await endOf(system, newer);
    expect(live.deployments[0]?.status, explain(live)).toBe('success');
    const late = await endOf(system, older);
    expect(late.status, explain(late)).toBe('success');
    expect(late.deployments[0]).toMatchObject({ status: 'skipped', reason: 'superseded by #2' });
    const { id } = await system.api<{ id: string }>('POST', `/builds/${older}/rerun`);
    const again = await endOf(system, id);
    expect(again.status, explain(again)).toBe('success');
    expect(again.deployments[0]).toMatchObject({ status: 'skipped', reason: 'superseded by #2' });
    expect((await system.ask('order.example.com')).text).toBe('newer\n');
  });
});

function release(version: string, test: string): Record<string, string> {
  return {
    Dockerfile: `FROM slipway-test/busybox:1\nRUN mkdir /www && echo ${version} > /www/index.html\nCMD ["httpd", "-f", "-p", "80", "-h", "/www"]\n`,
    'slipway.yml': `image: {}
steps: [{ name: test, commands: ${JSON.stringify(test)} }]
deploy: { environment: production, port: 80, host: order.example.com }
`,
  };
}
