import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SlotRole } from '../../../../src/core/deployment.ts';
import { FILES, renderMaps, renderRouter } from '../../../../worker/router/render-router.ts';
import { serverLines } from '../../../../worker/router/server-lines.ts';
import type { RouterState } from '../../../../worker/router/state.ts';
import { environment } from './environments.ts';

const PLACES = {
  generation: '/r/gen-1',
  adminSocket: '/r/runtime.sock',
  sideSocket: '/r/side.sock',
  certificates: '/r/certificates/list.txt',
};
const settings = { binds: ['*:80', '[::]:80'], backends: 4 };

/** Every way three slots may be: one live, one standby, one candidate at most. */
const roles = fc
  .tuple(
    ...([0, 1, 2] as const).map(() => fc.constantFrom<SlotRole>('live', 'standby', 'candidate', 'empty')),
  )
  .filter((all) =>
    (['live', 'standby', 'candidate'] as const).every(
      (role) => all.filter((one) => one === role).length <= 1,
    ),
  )
  .map((all) => all as [SlotRole, SlotRole, SlotRole]);

/** HAProxy backends that a public host leads to. */
function publicBackends(state: RouterState): readonly string[] {
  const maps = renderMaps(state);
  return [...maps['hosts.map'].values()].flatMap((key) => maps['live.map'].get(key) ?? []);
}

describe('the files of a router', () => {
  it('never lead a public host to a candidate or an empty slot, by any line', () => {
    fc.assert(
      fc.property(roles, (three) => {
        const one = environment(2, three);
        const reachable = serverLines(2, one).filter(
          (line) => line.ready && publicBackends({ settings, environments: [one] }).includes(line.backend),
        );
        for (const line of reachable) expect(['live', 'standby']).toContain(three[line.slot ?? 0]);
      }),
    );
  });

  it('lead a public host to live, and to the standby as backup only', () => {
    fc.assert(
      fc.property(roles, (three) => {
        const one = environment(2, three);
        const live = three.indexOf('live');
        expect(publicBackends({ settings, environments: [one] })).toEqual(live === -1 ? [] : [`e2s${live}`]);
        const config = renderRouter({ settings, environments: [one] }, PLACES)[FILES.config] ?? '';
        const standby = one.slots.find(({ role }) => role === 'standby');
        if (live === -1 || standby === undefined) return;
        const backend = config.split(`backend e2s${live} `)[1]?.split('\nbackend ')[0] ?? '';
        const lines = backend.split('\n').filter((line) => line.includes(standby.address));
        expect(lines).toEqual([`    server spare${standby.index} ${standby.address}:8080 backup`]);
      }),
    );
  });

  it('name the candidate at the side entrance alone', () => {
    const one = environment(2, ['live', 'candidate', 'standby'], { candidateHost: 'new.test' });
    const maps = renderMaps({ settings, environments: [one] });
    expect([...maps['side.map']]).toEqual([['e2.candidate', 'e2side']]);
    expect([...maps['side-hosts.map']]).toEqual([['e2.candidate', 'new.test']]);
    const config = renderRouter({ settings, environments: [one] }, PLACES)[FILES.config] ?? '';
    const lines = config.split('\n').filter((line) => line.includes('10.0.2.2'));
    expect(lines).toEqual(['    server candidate 10.0.2.2:8080 no-check']);
  });

  it('declare every backend ahead, used or not, with the same lines', () => {
    const config =
      renderRouter({ settings, environments: [environment(2, ['live', 'empty', 'empty'])] }, PLACES)[
        FILES.config
      ] ?? '';
    for (const backend of [0, 1, 2, 3])
      for (const slot of [0, 1, 2]) expect(config).toContain(`backend e${backend}s${slot} from common`);
    expect(config.match(/^ {4}server /gm)).toHaveLength(4 * 16);
    expect(config.match(/ disabled$/gm)).toHaveLength(4 * 16 - 3);
  });

  it('are the same, byte for byte, for the same state', () => {
    const state = { settings, environments: [environment(1, ['live', 'standby', 'empty'])] };
    expect(renderRouter(state, PLACES)).toEqual(renderRouter(structuredClone(state), PLACES));
  });

  it('repeat a request only when its method is safe, and only for reasons that hide no answer', () => {
    const config = renderRouter({ settings, environments: [] }, PLACES)[FILES.config] ?? '';
    expect(config).toContain('http-request disable-l7-retry unless { method GET HEAD OPTIONS }');
    expect(config).toContain('retry-on conn-failure empty-response response-timeout\n');
  });
});
