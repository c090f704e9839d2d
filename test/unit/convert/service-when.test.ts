import { expect, it } from 'vitest';
import type { Format } from '../../../src/convert/converted.ts';
import { notesOf, textOf } from './support.ts';

const STEP = 'steps:\n  - { name: t, image: "a:1", commands: [x] }\n';
const DETACHED = '  - { name: tunnel, image: "b:1", detach: true, ';
const DEPLOYS = 'environment: { KEY: { from_secret: key } }';
const LEFT_OUT = 'also where its `when` does not hold, and it is left out';

it('what runs beside the steps with a secret, in some builds only, runs in none: a service has no `when`', () => {
  for (const [format, file] of [
    ['woodpecker', `${STEP}${DETACHED}${DEPLOYS}, when: { event: push, branch: main } }\n`],
    ['woodpecker', `${STEP}${DETACHED}commands: [ship], when: { event: push } }\n`],
    ['woodpecker', `${STEP}${DETACHED}settings: { a: b }, when: { event: push } }\n`],
    ['woodpecker', `${STEP}${DETACHED}volumes: ["/var/a:/a"], when: { path: "a/**" } }\n`],
    ['woodpecker', `${STEP}${DETACHED}${DEPLOYS}, when: { platform: linux/arm64 } }\n`],
    ['woodpecker', `${STEP}${DETACHED}${DEPLOYS}, when: { status: failure } }\n`],
    [
      'woodpecker',
      `${STEP}services:\n  - { name: tunnel, image: "b:1", ${DEPLOYS}, when: { event: tag } }\n`,
    ],
    ['drone', `${STEP}services:\n  - { name: tunnel, image: "b:1", ${DEPLOYS}, when: { event: tag } }\n`],
    ['drone', `${STEP}${DETACHED}${DEPLOYS}, when: { branch: main } }\n`],
  ] as const) {
    expect(textOf(format, file), file).not.toContain('tunnel');
    const line = file.includes('services') ? 4 : 3;
    const left = notesOf(format, file).filter((one) => one.startsWith(`${line} convert_left_out`));
    expect(left, file).toContainEqual(expect.stringContaining(LEFT_OUT));
  }
});

it('what can run in none of our builds is no service either', () => {
  const file = `${STEP}${DETACHED}${DEPLOYS}, when: { event: deployment } }\n`;
  expect(textOf('woodpecker', file)).not.toContain('tunnel');
  const service = `${STEP}services:\n  - { name: db, image: "b:1", when: { event: deployment } }\n`;
  expect(textOf('woodpecker', service)).not.toContain('db');
});

it('it is a service where its `when` holds in every build of the file', () => {
  for (const [format, before, when] of [
    ['woodpecker', '', '{ event: [push, pull_request, tag, manual] }'],
    ['woodpecker', '', '[{ event: push }, {}]'],
    ['woodpecker', '', '{ status: [success, failure] }'],
    ['woodpecker', 'when: { event: push, branch: main }\n', '{ event: [push, tag] }'],
    ['woodpecker', 'when: { event: push, branch: main }\n', '{ branch: main }'],
    ['woodpecker', 'when: [{ event: push }, { event: tag }]\n', '[{ event: tag }, { event: push }]'],
    ['drone', 'trigger: { event: [push] }\n', '{ event: [push, tag] }'],
  ] as readonly (readonly [Format, string, string])[]) {
    const file = `${before}${STEP}${DETACHED}${DEPLOYS}, when: ${when} }\n`;
    expect(textOf(format, file), file).toContain('tunnel');
    expect(notesOf(format, file).join('\n'), file).not.toContain('when');
  }
});

it('one that only waits for steps runs in more builds, with a note: they need it, and it does nothing by itself', () => {
  const file = `${STEP}services:\n  - { name: db, image: "postgres:16", environment: { A: b }, when: { event: push } }\n`;
  expect(textOf('woodpecker', file)).toContain('postgres:16');
  expect(notesOf('woodpecker', file)).toEqual([
    expect.stringContaining('`services[0].when` is left out: a service runs whenever a step runs'),
  ]);
});
