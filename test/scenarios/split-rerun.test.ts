import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { BuildView } from '../../src/core/views/build-view.ts';
import { endOf, push } from '../support/builds.ts';
import { explain } from './support/expect-build.ts';
import { logOf, rowOf, rowsOf } from './support/read-build.ts';
import { untilSaid } from './support/watch-build.ts';
import { startWorld, type World } from './support/world.ts';

let world: World;

beforeAll(async () => {
  world = await startWorld({ capacity: 2 });
});
afterEach(() => world.expectNothingOfBuilds());
afterAll(() => world?.stop());

const STEPS = `steps:
  - name: unit
    image: "slipway-test/busybox:1"
    split: { count: 3, files: "tests/*" }
    commands: [sh unit.sh]
    reports: { junit: "junit-\${CI_NODE_INDEX}.xml" }
    depends_on: []
  - { name: lint, image: "slipway-test/busybox:1", commands: [echo fine], depends_on: [] }
`;

/** Fails on `tests/b`, but for a build that runs another again. */
const UNIT = `cat "$SLIPWAY_SPLIT_FILES"
while read -r file; do
  echo "<testsuite><testcase name='it' file='$file' time='$(cat "$file")'/></testsuite>" > junit-$CI_NODE_INDEX.xml
  if [ "$file" = tests/b ] && [ -z "$CI_PIPELINE_RERUNS" ]; then exit 3; fi
done < "$SLIPWAY_SPLIT_FILES"
`;

const FILES = { 'tests/a': '1', 'tests/b': '2', 'tests/c': '3', 'tests/d': '100' };
const statusesOf = (build: BuildView) =>
  Object.fromEntries(rowsOf(build).map(({ name, status }) => [name, status]));

it('runs the share that failed again, alone and with the files that it had, whatever they are said to take now', async () => {
  const repository = await world.addProject('split/again', {
    'slipway.yml': STEPS,
    'unit.sh': UNIT,
    ...FILES,
  });
  const failed = await endOf(world.system, await push(world.system, repository, {}));
  expect(statusesOf(failed), explain(failed)).toMatchObject({
    'unit 1/3': 'success',
    'unit 2/3': 'failure',
    'unit 3/3': 'success',
    lint: 'success',
  });
  expect(failed.reason).toBe('step unit 2/3: exit code 3');
  expect(await logOf(world.system, failed, 'unit 2/3')).toContain('tests/b');
  // By what the first has reported, tests/d would now have a share of its own.
  const { id } = await world.system.api<{ id: string }>('POST', `/builds/${failed.id}/rerun`, {
    only: 'failed',
  });
  const green = await endOf(world.system, id);
  expect(green.status, explain(green)).toBe('success');
  const log = await logOf(world.system, green, 'unit 2/3');
  expect(log).toContain('Test files of this share: 1 of 4, by their number');
  expect(log).toContain('\ntests/b\n');
  expect(rowOf(green, 'unit 1/3').attempts).toEqual(rowOf(failed, 'unit 1/3').attempts);
});

it('ends one share alone: the others go on, and the build is not green', async () => {
  const hanging = UNIT.replace('exit 3', '{ echo hangs; sleep 300; }');
  const repository = await world.addProject('split/cancel', {
    'slipway.yml': STEPS,
    'unit.sh': hanging,
    ...FILES,
  });
  const id = await push(world.system, repository, {});
  const running = await untilSaid(world.system, id, 'unit 2/3', 'hangs');
  await world.system.api('POST', `/steps/${rowOf(running, 'unit 2/3').id}/cancel`);
  const build = await endOf(world.system, id);
  expect(statusesOf(build), explain(build)).toMatchObject({
    'unit 1/3': 'success',
    'unit 2/3': 'cancelled',
    'unit 3/3': 'success',
  });
  expect(build.status).toBe('cancelled');
});
