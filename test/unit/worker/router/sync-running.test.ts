import { describe, expect, it } from 'vitest';
import { renderMaps, MAPS, type MapName } from '../../../../worker/router/render-router.ts';
import type { RunningMap, RunningServer } from '../../../../worker/router/running-state.ts';
import { serverLines } from '../../../../worker/router/server-lines.ts';
import type { RouterState } from '../../../../worker/router/state.ts';
import { commandsTo } from '../../../../worker/router/sync-running.ts';
import { environment } from './environments.ts';

const settings = { binds: [], backends: 2 };

/** An HAProxy that runs what `state` says. */
function running(state: RouterState) {
  const servers = new Map<string, RunningServer>();
  for (let backend = 0; backend < settings.backends; backend++)
    for (const line of serverLines(
      backend,
      state.environments.find((one) => one.backend === backend),
    ))
      servers.set(`${line.backend}/${line.server}`, { ...line, up: line.ready });
  const maps = renderMaps(state);
  const running = MAPS.map((name, id) => [name, { reference: `#${id}`, entries: maps[name] }] as const);
  return { servers, maps: Object.fromEntries(running) as Record<MapName, RunningMap> };
}

const texts = (from: RouterState, to: RouterState) =>
  commandsTo(to, running(from), undefined).map(({ text }) => text);

const prepared = { settings, environments: [environment(1, ['live', 'candidate', 'empty'])] };
const switched = { settings, environments: [environment(1, ['standby', 'live', 'empty'])] };

describe('the runtime commands', () => {
  it('are none when HAProxy runs what the files say', () => {
    for (const state of [prepared, switched, { settings, environments: [] }])
      expect(texts(state, state)).toEqual([]);
  });

  it('make the new slot ready, then move the traffic, then close the side entrance', () => {
    const commands = texts(prepared, switched);
    const at = (text: string) => commands.indexOf(text);
    expect(at('set server e1s1/main state ready')).toBeGreaterThan(
      at('set server e1s1/main addr 10.0.1.2 port 8080'),
    );
    expect(at('set map #1 e1 e1s1')).toBeGreaterThan(at('set server e1s1/main state ready'));
    expect(at('set server e1side/candidate state maint')).toBeGreaterThan(at('set map #1 e1 e1s1'));
    expect(commands).not.toContain('set server e1s0/main state maint');
  });

  it('back to the hot standby are a map entry and the fail-over lines', () => {
    const back = { settings, environments: [environment(1, ['live', 'standby', 'empty'])] };
    expect(texts(switched, back)).toEqual([
      'set server e1s0/spare1 addr 10.0.1.2 port 8080',
      'set server e1s0/spare1 state ready',
      'set map #1 e1 e1s0',
      'set server e1s1/spare0 state maint',
      'set server e1s1/spare0 addr 127.0.0.1 port 1',
    ]);
  });

  it('add and delete hosts one by one', () => {
    const renamed = {
      settings,
      environments: [environment(1, ['standby', 'live', 'empty'], { hosts: ['new.test'] })],
    };
    expect(texts(switched, renamed)).toEqual(['add map #0 new.test e1', 'del map #0 1.test']);
  });
});
