import { expect, it } from 'vitest';
import { routerWatcher } from '../../../../worker/deploy/watch-router.ts';
import { RouterAway } from '../../../../worker/router/runtime-client.ts';

/** What is told when HAProxy answers these looks in turn: `<pid> <uptime>`, or is away. */
async function told(...looks: readonly (`${number} ${number}` | 'away')[]): Promise<readonly string[]> {
  const answers = [...looks];
  const heard: string[] = [];
  const ask = async (): Promise<string> => {
    const answer = answers.shift() ?? 'away';
    if (answer === 'away') throw new RouterAway('connect ENOENT runtime.sock');
    const [pid, uptime] = answer.split(' ');
    return `Name: HAProxy\nPid: ${pid}\nUptime: 0d 0h00m00s\nUptime_sec: ${uptime}\n`;
  };
  const look = routerWatcher({ ask, tell: async () => undefined }, (change) =>
    heard.push(change.kind === 'away' ? `away: ${change.cause}` : change.kind),
  );
  while (answers.length > 0) await look();
  return heard;
}

it('says nothing of a router that goes on', async () => {
  expect(await told('7 1', '7 2', '7 2', '7 3')).toEqual([]);
});

it('says once that the router is away, and once that it is back', async () => {
  const heard = await told('7 1', 'away', 'away', 'away', 'away', '9 0', '9 1', '9 2');
  expect(heard).toEqual(['away: connect ENOENT runtime.sock', 'back']);
});

it('says it of a router that never was there', async () => {
  expect(await told('away', 'away', 'away')).toEqual(['away: connect ENOENT runtime.sock']);
});

it('says once that the router was started again, seen missing for a moment or not', async () => {
  expect(await told('7 100', '9 0', '9 1')).toEqual(['restarted']);
  expect(await told('7 100', 'away', '9 0', '9 1')).toEqual(['restarted']);
});

it('knows another life by its age where every process has the same id', async () => {
  expect(await told('1 100', '1 0', '1 1')).toEqual(['restarted']);
});
