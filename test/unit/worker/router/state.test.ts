import { describe, expect, it } from 'vitest';
import { dropEnvironment, putEnvironment, type RouterState } from '../../../../worker/router/state.ts';
import { environment } from './environments.ts';

const live = environment(1, ['live', 'empty', 'empty'], { fence: 5 });
const state: RouterState = { settings: { binds: [], backends: 2 }, environments: [live] };

describe('a change of the state', () => {
  it('is refused under an older fence', () => {
    const older = environment(1, ['empty', 'live', 'empty'], { fence: 4 });
    expect(putEnvironment(state, older)).toEqual({ ok: false, refusal: { kind: 'stale', fence: 5 } });
  });

  it('is taken under the same or a newer fence, in the order of backends', () => {
    const other = environment(0, ['live', 'empty', 'empty']);
    const put = putEnvironment(state, other);
    expect(put).toMatchObject({
      ok: true,
      changed: true,
      state: { environments: [{ backend: 0 }, { backend: 1 }] },
    });
    expect(putEnvironment(state, live)).toMatchObject({ ok: true, changed: false });
  });

  it.each([
    [environment(2, ['live', 'empty', 'empty']), 'router_full'],
    [environment(0, ['live', 'empty', 'empty'], { hosts: ['1.test'] }), 'host_taken'],
    [environment(1, ['live', 'empty', 'empty'], { id: 'env_other', hosts: [] }), 'conflict'],
  ])('is refused where it does not fit: %#', (wrong, code) => {
    expect(putEnvironment(state, wrong)).toMatchObject({ ok: false, refusal: { problem: { code } } });
  });

  it('forgets an environment', () => {
    expect(dropEnvironment(state, live.id).environments).toEqual([]);
  });
});
