import { expect, test } from 'vitest';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';

const warned = (text: string) =>
  lintPipeline(text, 'slipway.yml')
    .filter(({ code }) => code === 'secret_in_pull_request')
    .map(
      ({ line, column, message }) => `${line}:${column} ${message.replace(/ runs for .*`(.*)`\.$/, ': $1')}`,
    );

const SERVICE = 'services: { db: { image: "postgres:15", environment: { P: { from_secret: s } } } }';

test('a secret of a step, a service or the image is warned of where pull requests come to it', () => {
  expect(warned('steps: { a: { commands: x, environment: { T: { from_secret: t } } } }')).toEqual([
    '1:46 The step `a`: t',
  ]);
  expect(warned(`${SERVICE}\nsteps: { a: { commands: psql -h db } }`)).toEqual(['1:59 The service `db`: s']);
  expect(warned('image: { secrets: [k, l] }\nsteps: { a: { commands: x } }')).toEqual([
    '1:20 The build of the image: k',
    '1:23 The build of the image: l',
  ]);
});

test('a file, or its steps, that no pull request runs are not warned of', () => {
  const only = 'when: { event: [push, tag] }';
  const step = '{ commands: psql -h db, environment: { T: { from_secret: t } } }';
  expect(warned(`${only}\nimage: { secrets: [k] }\n${SERVICE}\nsteps: { a: ${step} }`)).toEqual([]);
  // The image is built for a pull request, too, though no step runs for it.
  expect(
    warned(`image: { secrets: [k] }\n${SERVICE}\nsteps: { a: { commands: psql -h db, ${only} } }`),
  ).toEqual(['1:20 The build of the image: k']);
});

test('of a fork it says what is so: its build is blocked, and runs nothing that could fail', () => {
  const [warning] = lintPipeline(
    'steps: { a: { commands: x, environment: { T: { from_secret: t } } } }',
    'slipway.yml',
  ).filter(({ code }) => code === 'secret_in_pull_request');
  expect(warning?.fix).toContain('the pull request of a fork gets a build that is `blocked`, and no secret');
});
