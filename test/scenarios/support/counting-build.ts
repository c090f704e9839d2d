import { expect } from 'vitest';
import { endOf, push } from '../../support/builds.ts';
import { explain } from './expect-build.ts';
import { attemptOf, linesOf } from './read-build.ts';
import { untilSaid } from './watch-build.ts';
import type { World } from './world.ts';

/** Files of a repository whose step counts for so many seconds, a line each. */
export function counting(seconds: number): Record<string, string> {
  const count = `i=0; while [ $i -lt ${seconds} ]; do echo "second $i"; i=$((i+1)); sleep 1; done`;
  const step = { name: 'work', image: 'slipway-test/busybox:1', commands: count };
  return { 'slipway.yml': JSON.stringify({ steps: [step] }) };
}

/** Begins a build whose step counts; resolves when it has begun to. */
export async function beginCounting(world: World, name: string, seconds: number): Promise<string> {
  const repository = await world.addProject(name, counting(seconds));
  const id = await push(world.system, repository, {});
  await untilSaid(world.system, id, 'work', 'second 1');
  return id;
}

/** The build ran once, to its end. */
export async function expectWhole({ system }: World, id: string, seconds: number): Promise<void> {
  const build = await endOf(system, id);
  expect(build.status, explain(build)).toBe('success');
  expect(build.workflows.map(({ attempt }) => attempt)).toEqual([1]);
  const lines = await linesOf(system, attemptOf(build, 'work')?.logId ?? '');
  const counted = lines.filter(({ text }) => text.startsWith('second '));
  expect(counted).toHaveLength(seconds);
}
