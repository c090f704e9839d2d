import { describe, expect, it } from 'vitest';
import { cronTimes, nextCronTime } from '../../../src/pipeline/cron-time.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf, lint, planOf } from './support.ts';

const times = (expression: string, timezone: string, from: string, count = 3): readonly string[] =>
  cronTimes({ expression, timezone }, Date.parse(from), count).map((at) => new Date(at).toISOString());

describe('the times of a schedule', () => {
  it('are those of its time zone, in winter and in summer', () => {
    expect(times('0 9 * * MON-FRI', 'America/New_York', '2026-03-06T00:00:00Z')).toEqual([
      '2026-03-06T14:00:00.000Z',
      '2026-03-09T13:00:00.000Z',
      '2026-03-10T13:00:00.000Z',
    ]);
    expect(times('@daily', 'UTC', '2026-01-01T00:00:00Z', 1)).toEqual(['2026-01-02T00:00:00.000Z']);
  });

  it('leave no day out that the change to summer time shortens, and name none twice in autumn', () => {
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z')).toEqual([
      '2026-03-28T01:30:00.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
    expect(times('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z')).toEqual([
      '2026-10-25T00:30:00.000Z',
      '2026-10-26T01:30:00.000Z',
      '2026-10-27T01:30:00.000Z',
    ]);
    expect(times('0 0 * * *', 'America/Sao_Paulo', '2018-11-03T00:00:00Z')[1]).toBe(
      '2018-11-04T03:00:00.000Z',
    );
  });

  it.each([
    ['*/10 * * * *', 'Europe/Berlin', '2026-10-24T22:00:00Z', 60],
    ['*/10 2 * * *', 'Europe/Berlin', '2026-03-28T22:00:00Z', 20],
    ['17 1-3 * * *', 'Australia/Lord_Howe', '2026-04-04T10:00:00Z', 20],
    ['0 0 29 2 *', 'Pacific/Apia', '2026-01-01T00:00:00Z', 3],
  ])('%s in %s rise, one by one as all at once', (expression, timezone, from, count) => {
    const all = cronTimes({ expression, timezone }, Date.parse(from), count);
    expect(all).toHaveLength(count);
    let at = Date.parse(from);
    for (const time of all) {
      expect(time).toBeGreaterThan(at);
      expect(nextCronTime({ expression, timezone }, at)).toBe(time);
      at = time;
    }
  });

  it.each([
    ['0 0 30 2 *', 'UTC'],
    ['60 0 * * *', 'UTC'],
    ['* * * *', 'UTC'],
    ['* * * * * *', 'UTC'],
    ['0 0 L * *', 'UTC'],
    ['@reboot', 'UTC'],
    ['@daily', 'Mars/Base'],
    ['@daily', '../etc/passwd'],
    ['1-5-9 * * * *', 'UTC'],
    [`${'1,'.repeat(5_000)}1 * * * *`, 'UTC'],
  ])('of %.40s in %s are none', (expression, timezone) => {
    expect(cronTimes({ expression, timezone }, Date.parse('2026-01-01T00:00:00Z'), 1)).toEqual([]);
  });
});

const STEP = 'steps: { a: { image: "busybox:1.36", commands: x } }\n';

it.each([
  ['cron: { a: { schedule: "30 3 * * *", timezone: Europe/Berlin } }', []],
  ['cron: [{ name: a b, schedule: "@weekly" }]', []],
  ['cron: "0 0 * * *"', ['2:7 type_wrong']],
  ['cron: { a: {} }', ['2:12 key_missing']],
  ['cron: { a: { schedule: "0 0 * *" } }', ['2:24 value_wrong']],
  ['cron: { a: { schedule: "0 0 31 2 *" } }', ['2:24 cron_never']],
  ['cron: { a: { schedule: "@daily", timezone: MEZ/x } }', ['2:44 timezone_unknown']],
  ['cron: { a: { schedule: "61 * * * *", timezone: MEZ/x } }', ['2:24 cron_never', '2:48 timezone_unknown']],
  ['cron: [{ name: a, schedule: "@daily" }, { name: a, schedule: "@daily" }]', ['2:49 name_duplicate']],
  ['cron: { a: { schedule: "@daily", branch: x } }', ['2:34 key_not_yet']],
])('%s has the problems %j', (text, problems) => {
  expect(lint(STEP + text)).toEqual(problems);
});

it.each([
  ['61 2 * * *', 'the minute is from 0 to 59, and not `61`'],
  ['0 24 * * *', 'the hour is from 0 to 23, and not `24`'],
  ['0 */2 0 * *', 'the day of the month is from 1 to 31, and not `0`'],
  ['0 0 * MON *', 'the month is from 1 to 12 or JAN-DEC, and not `MON`'],
  ['0 0 * * 1-8', 'the day of the week is from 0 to 7 or SUN-SAT, and not `8`'],
  ['0 0 31 2 *', 'is no time that comes.'],
  ['0 2 * * * *', 'has 6 fields'],
  ['0 2 * *', 'has 4 fields'],
])('of %s lint says: %s', (schedule, why) => {
  const [problem] = lintPipeline(`${STEP}cron: { a: { schedule: "${schedule}" } }`, 'slipway.yml');
  expect(`${problem?.message} ${problem?.fix}`).toContain(why);
});

it('all files of a repository share the names of schedules, of which there are at most 64', () => {
  const file = (from: number, count: number) =>
    `${STEP}cron:\n${Array.from({ length: count }, (_, index) => `  - { name: n${from + index}, schedule: "0 0 30 2 *" }\n`).join('')}`;
  const { problems } = planPipeline({
    ...inputOf(null, EVENTS.push),
    files: [
      { path: '.slipway/a.yml', text: file(0, 40) },
      { path: '.slipway/b.yml', text: file(39, 2_000) },
    ],
  });
  const codes = problems.map(({ file: name, code }) => `${name} ${code}`);
  expect(codes.filter((one) => one.endsWith('cron_never'))).toHaveLength(64);
  expect(problems.find(({ code }) => code === 'name_duplicate')).toMatchObject({
    file: '.slipway/b.yml',
    message: 'There are two schedules named `n39`; the first is on line 42 of .slipway/a.yml.',
  });
  expect(codes).toContain('.slipway/b.yml too_complex');
});

describe('a build by the clock', () => {
  const selected = (when: string): boolean | undefined =>
    planOf(`steps: { a: { image: "busybox:1.36", commands: x, when: ${when} } }`, EVENTS.cron).steps[0]
      ?.selected;

  it.each([
    ['{ event: cron }', true],
    ['{ event: push }', false],
    ['{ event: cron, cron: nightly }', true],
    ['{ cron: "night*" }', true],
    ['{ event: cron, cron: weekly }', false],
    ['{ event: [push, cron], branch: main }', true],
    ['{ branch: other }', false],
    ['{ evaluate: \'CI_CRON_NAME == "nightly"\' }', true],
  ])('matches %s: %s', (when, expected) => expect(selected(when)).toBe(expected));

  it('is the only one that a condition on `cron` holds for', () => {
    const plan = planOf('steps: { a: { image: "x:1", commands: x, when: { cron: nightly } } }', EVENTS.push);
    expect(plan.steps[0]?.selected).toBe(false);
  });

  it('publishes and deploys only where the file says so', () => {
    const deploy = 'deploy: { environment: live, port: 80, host: a.example.com';
    expect(planOf('push: {}', EVENTS.cron).push).toBeNull();
    expect(planOf('push: { when: { branch: main } }', EVENTS.cron).push).toBeNull();
    expect(planOf('push: { when: { event: cron } }', EVENTS.cron).push?.tags).not.toEqual([]);
    expect(planOf('push: { when: { cron: nightly } }', EVENTS.cron).push).not.toBeNull();
    expect(planOf(`${deploy} }`, EVENTS.cron).deploys).toEqual([]);
    expect(planOf(`${deploy}, when: { event: cron } }`, EVENTS.cron).deploys).toHaveLength(1);
  });
});
