import { describe, expect, it } from 'vitest';
import { planFiles } from '../../../src/convert/plan-files.ts';
import { EVENTS, inputOf } from '../pipeline/support.ts';
import { errorsOf, notesOf, PATHS, textOf } from './support.ts';

type Product = 'woodpecker' | 'drone';

/** The events whose build has the step `one`, of a file that is run as it is. */
function eventsOf(product: Product, when: string): readonly string[] {
  const text = fileOf(product, when);
  expect(errorsOf(product, text)).toEqual([]);
  return Object.entries(EVENTS).flatMap(([name, event]) => {
    const { plan } = planFiles({ ...inputOf(null, event), files: [{ path: PATHS[product], text }] });
    const step = plan?.workflows[0]?.plan.steps.find((each) => each.name === 'one');
    return step?.selected === true ? [name] : [];
  });
}

const HEAD = { woodpecker: '', drone: 'kind: pipeline\ntype: docker\nname: default\n' };

const fileOf = (product: Product, when: string): string =>
  `${HEAD[product]}steps:
  - { name: always, image: "busybox:1.36", commands: [x] }
  - { name: one, image: "busybox:1.36", commands: [deploy], when: ${when} }
`;

const ALL = ['push', 'feature', 'tag', 'manual', 'cron', 'pull'];

describe('a branch is not looked at for tags in Woodpecker, and holds for none in Drone', () => {
  it.each([
    ['{ branch: main }', ['push', 'tag', 'manual', 'cron', 'pull']],
    ['{ branch: { exclude: [main] } }', ['feature', 'tag']],
    ['{ branch: main, event: [push, tag] }', ['push', 'tag']],
  ])('Woodpecker: %s', (when, expected) => expect(eventsOf('woodpecker', when)).toEqual(expected));

  it.each([
    ['{ branch: main }', ['push', 'manual', 'cron', 'pull']],
    ['{ branch: [main, "release/*"] }', ['push', 'manual', 'cron', 'pull']],
    ['{ branch: { include: [main] } }', ['push', 'manual', 'cron', 'pull']],
    ['{ branch: "${DRONE_REPO_BRANCH}" }', ['push', 'manual', 'cron', 'pull']],
    ['{ branch: { exclude: [main] } }', ['feature', 'tag']],
    ['{ branch: "*" }', ALL.filter((one) => one !== 'feature')],
    ['{ branch: main, event: [push, tag] }', ['push']],
  ])('Drone: %s', (when, expected) => expect(eventsOf('drone', when)).toEqual(expected));

  it('where a condition of Drone names tags, too, that is noted', () => {
    expect(notesOf('drone', fileOf('drone', '{ branch: main, event: [push, tag] }'))).toEqual([
      expect.stringMatching(/^6 convert_changed: `steps\[1\]\.when\.branch` .*a tag has no branch there/),
    ]);
    expect(notesOf('drone', fileOf('drone', '{ branch: main }'))).toEqual([]);
  });

  it('a trigger of Drone is held the same way', () => {
    const text = `${fileOf('drone', '{ event: { exclude: [cron] } }')}trigger: { branch: main }\n`;
    const { plan } = planFiles({ ...inputOf(null, EVENTS.tag), files: [{ path: PATHS.drone, text }] });
    expect(plan?.workflows).toEqual([]);
  });
});

describe('a cron job’s name is looked at in its builds alone in Woodpecker, and in all of Drone', () => {
  it.each([
    ['{ cron: nightly }', ALL],
    ['{ cron: weekly }', ALL.filter((one) => one !== 'cron')],
    ['{ event: [push, cron], cron: weekly, branch: main }', ['push']],
    ['{ event: [push, cron], cron: nightly, branch: main }', ['push', 'cron']],
    ['{ event: tag, cron: nightly }', ['tag']],
    ['{ event: cron, cron: { exclude: nightly } }', []],
  ])('Woodpecker: %s', (when, expected) => expect(eventsOf('woodpecker', when)).toEqual(expected));

  it.each([
    ['{ cron: [nightly] }', ['cron']],
    ['{ event: [push, cron], cron: nightly }', ['cron']],
    ['{ cron: { exclude: [nightly] } }', ALL.filter((one) => one !== 'cron')],
    ['{ cron: { exclude: [weekly] } }', ALL],
  ])('Drone: %s', (when, expected) => expect(eventsOf('drone', when)).toEqual(expected));
});

describe('an action of Drone is one of its event', () => {
  it.each([
    ['{ action: [opened, synchronized] }', ['pull']],
    ['{ action: [create] }', ['tag']],
    ['{ action: [opened], event: [push, pull_request] }', ['pull']],
    ['{ action: { exclude: [opened] } }', ALL],
  ])('%s', (when, expected) => expect(eventsOf('drone', when)).toEqual(expected));

  it('that a pull request is not a new one is not known, and noted', () => {
    expect(notesOf('drone', fileOf('drone', '{ action: [opened] }'))).toEqual([
      expect.stringMatching(/action` is left out: a build does not know whether/),
    ]);
    expect(notesOf('drone', fileOf('drone', '{ action: [opened], event: push }')).join('\n')).toContain(
      'none of its conditions can hold here',
    );
  });
});

it.each([
  '[]',
  '{}',
  '{ event: [] }',
  '{ branch: [], path: [], status: [] }',
  '{ branch: { include: [] } }',
  '{ evaluate: "" }',
  '~',
])('an empty condition of Woodpecker holds always: %s', (when) =>
  expect(eventsOf('woodpecker', when)).toEqual(ALL),
);

it('a filter that is no condition there is noted, and held', () => {
  expect(notesOf('woodpecker', fileOf('woodpecker', '{ tag: "v*" }'))).toEqual([
    expect.stringMatching(/when\.tag` is not quite the same here: it is no condition there/),
  ]);
  expect(notesOf('drone', fileOf('drone', '{ paths: [a/**] }'))).toEqual([
    expect.stringMatching(/when\.paths` is not quite the same here: Drone looks at it with an extension/),
  ]);
});

describe('a matrix', () => {
  const file = (when: string, ofFile = ''): string =>
    `${ofFile}matrix: { GO: ["1", "2"], DB: [a, b] }\n${fileOf('woodpecker', when)}`;

  it('of a step’s condition has `include` and `exclude`', () => {
    expect(
      textOf('woodpecker', file('{ matrix: { include: { GO: 1 }, exclude: { GO: 1, DB: a } } }')),
    ).toContain('evaluate: GO == "1" && !(GO == "1" && DB == "a")\n');
    expect(notesOf('woodpecker', file('{ matrix: { exclude: { GO: 1 } } }'))).toEqual([]);
  });

  it('is not looked at in a workflow’s condition', () => {
    const text = file('{ event: push }', 'when: { matrix: { GO: 1 }, event: push }\n');
    expect(textOf('woodpecker', text)).toMatch(/^when:\n {2}event: push\n\n/);
  });
});
