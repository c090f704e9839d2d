import { expect, test } from 'vitest';
import { buildArguments, type BuildCommand } from '../../../../worker/image/build-arguments.ts';

const command: BuildCommand = {
  client: { command: '/usr/bin/docker', kind: 'built-in', version: '20.10' },
  plan: {
    dockerfile: 'Dockerfile',
    context: '.',
    target: null,
    testTarget: null,
    args: { VERSION: '1.4' },
    secrets: ['npm_token'],
  },
  target: 'runtime',
  args: { VERSION: 'worker', COMMIT: 'abc' },
  tag: 'slipway-build/bld_1:image',
  secretFiles: { npm_token: '/scratch/secret-0' },
  dockerfile: '/work/Dockerfile',
  context: '/work',
  imageIdFile: '/scratch/id',
};

test('builds with the built-in BuildKit by `docker build`', () => {
  expect(buildArguments(command)).toEqual([
    'build',
    '--progress=plain',
    '--file=/work/Dockerfile',
    '--iidfile=/scratch/id',
    '--tag=slipway-build/bld_1:image',
    '--target=runtime',
    ...['--build-arg', 'VERSION=1.4', '--build-arg', 'COMMIT=abc'],
    ...['--secret', 'id=npm_token,src=/scratch/secret-0'],
    '--',
    '/work',
  ]);
});

test('has buildx load the image into the engine', () => {
  const client = { ...command.client, kind: 'buildx' as const };
  expect(buildArguments({ ...command, client }).slice(0, 3)).toEqual(['buildx', 'build', '--load']);
});

test('names no stage when the last one ships', () => {
  expect(buildArguments({ ...command, target: null }).join(' ')).not.toContain('--target');
});
