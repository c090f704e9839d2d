import { describe, expect, it } from 'vitest';
import { parseCounters } from '../../../../worker/router/in-flight.ts';
import { parseMap, parseMapList, parseServers } from '../../../../worker/router/running-state.ts';
import { eventsBetween } from '../../../../worker/router/watch-failovers.ts';

describe('what HAProxy answers', () => {
  it('to `show servers state` is read by the names in its header', () => {
    const text = [
      '1',
      '# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_port',
      '17 e3s1 1 main 127.0.0.2 2 4 18090',
      '17 e3s1 3 spare0 127.0.0.1 0 5 1',
      '',
    ].join('\n');
    const servers = parseServers(text);
    expect(servers.get('e3s1/main')).toMatchObject({
      address: '127.0.0.2',
      port: 18_090,
      ready: true,
      up: true,
    });
    expect(servers.get('e3s1/spare0')).toMatchObject({ ready: false, up: false });
  });

  it('when it is not what was asked for is an error, never an empty state', () => {
    expect(() => parseServers("Can't find backend.")).toThrow("Can't find backend.");
    expect(() => parseCounters('Unknown command')).toThrow('Unknown command');
  });

  it('to `show map` names each map by its file', () => {
    const text = '# id (file) description\n773 (/r/gen-4/live.map) pattern loaded from file\n';
    expect(parseMapList(text).get('live.map')).toBe('#773');
    expect([...parseMap('0x55d8ce31e6f0 e3 e3s0\n')]).toEqual([['e3', 'e3s0']]);
  });

  it('to `show stat` is read by the names in its first line', () => {
    const counters = parseCounters('# pxname,svname,qcur,scur,stot,status,\ne3s1,main,0,2,40,UP,\n');
    expect(counters.get('main')).toEqual({ now: 2, total: 40, status: 'UP' });
  });
});

describe('the events between two looks', () => {
  const at = (spared: number, up: boolean) => ({ spared, up });
  const types = (before: ReturnType<typeof at>, now: ReturnType<typeof at>) =>
    eventsBetween(before, now, { id: 'env_1' }, 'dep_1', 1).map(({ type, requests }) => [type, requests]);

  it('tell that live went, how many requests the standby answered, and that live came back', () => {
    expect(types(at(0, true), at(7, false))).toEqual([
      ['live_down', 0],
      ['failover', 7],
    ]);
    expect(types(at(7, false), at(9, true))).toEqual([
      ['failover', 2],
      ['live_up', 0],
    ]);
    expect(types(at(9, true), at(9, true))).toEqual([]);
  });

  it('count from nothing when HAProxy started anew', () => {
    expect(types(at(9, true), at(3, true))).toEqual([['failover', 3]]);
  });
});
