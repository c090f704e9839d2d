import { expect, test } from 'vitest';
import { explainBuildFailure, TAKEN_AWAY } from '../../../../worker/image/build-failure.ts';
import { readBuildProgress } from '../../../../worker/image/build-progress.ts';
import { ENGINE_LOST } from '../../../../worker/outcome.ts';

const read = (text: string): ReturnType<typeof readBuildProgress> & { kept: readonly string[] } => {
  const progress = readBuildProgress();
  const kept = text.split('\n').filter((line) => progress.readLine(line));
  return Object.assign(Object.create(progress) as typeof progress, { kept });
};

/** As the client of Docker 20.10 writes it. */
const OLD = `#1 [internal] load build definition from Dockerfile
#1 sha256:a48cdfb9f8d73f4fc8774d2802b35f06bbe001a0c13d21345fc300ae60613407
#1 DONE 0.0s

#4 [1/3] FROM docker.io/library/base
#4 sha256:5d74e1cbef69a6afba16e3115c7ff14aae01aad2bb7b5ba612fd5f8c6e7ca305
#4 CACHED

#5 [2/3] RUN echo hi
#5 sha256:82486d34b0f2747f39130b6a0cc2f10a65ced1f59b05ed7bfc38c79c8e46351f
#5 0.154 hi
#5 0.155 CACHED
#5 DONE 0.2s

#6 [3/3] COPY a /a
#6 CACHED

#9 exporting to image
#9 DONE 0.0s`;

test('counts the steps of the Dockerfile, and which came from the cache', () => {
  const progress = read(OLD);
  expect([progress.cachedSteps, progress.totalSteps]).toEqual([2, 3]);
});

test('counts steps of named stages, as buildx writes them', () => {
  const progress = read(
    '#7 [build 1/2] FROM x\n#7 CACHED\n#8 [build 2/2] RUN y\n#8 DONE 1.0s\n#9 [auth] a/b:pull',
  );
  expect([progress.cachedSteps, progress.totalSteps]).toEqual([1, 2]);
});

test('keeps the digests of steps out of the log and every line of output in it', () => {
  const { kept } = read(OLD);
  expect(kept.join('\n')).not.toContain('sha256:');
  expect(kept).toContain('#5 0.154 hi');
});

test('explains a command that failed by its line and exit code', () => {
  const old = read(
    '#5 ERROR: executor failed running [/bin/sh -c exit 3]: exit code: 3\n------\n > [2/2] RUN exit 3:\n------\nexecutor failed running [/bin/sh -c exit 3]: exit code: 3',
  );
  expect(explainBuildFailure(old.closingLines)).toEqual({
    status: 'failure',
    reason: 'executor failed running [/bin/sh -c exit 3]: exit code: 3',
    code: 'dockerfile_failed',
    exitCode: 3,
  });
  const buildx = read(
    '------\n > [2/2] RUN exit 3:\n------\nDockerfile:2\n--------------------\n   1 |     FROM x\n   2 | >>> RUN exit 3\n--------------------\nERROR: failed to solve: process "/bin/sh -c exit 3" did not complete successfully: exit code: 3',
  );
  expect(explainBuildFailure(buildx.closingLines)).toEqual({
    status: 'failure',
    reason: 'process "/bin/sh -c exit 3" did not complete successfully: exit code: 3',
    code: 'dockerfile_failed',
    exitCode: 3,
  });
});

test('calls a mistake in the Dockerfile a failure', () => {
  const line =
    'failed to solve with frontend dockerfile.v0: failed to create LLB definition: dockerfile parse error line 2: unknown instruction: RUNN';
  expect(explainBuildFailure([line])).toMatchObject({
    status: 'failure',
    reason: 'dockerfile parse error line 2: unknown instruction: RUNN',
  });
});

test.each([
  'failed to dial gRPC: cannot connect to the Docker daemon. Is "docker daemon" running on this host?',
  'failed to solve: rpc error: code = Unavailable desc = transport is closing',
  'failed to solve: write /x: no space left on device',
  'failed to do request: Head "https://registry-1.docker.io/v2/library/x/manifests/1": dial tcp: no such host',
])('calls it an error when the machine failed: %s', (line) => {
  expect(explainBuildFailure([line])).toMatchObject({ status: 'error', code: 'image_build_broken' });
});

test('knows an image that went while it was made again', () => {
  const content = '/var/lib/docker/image/overlay2/imagedb/content/sha256/69972bbc';
  const line = `failed to get digest sha256:69972bbc: open ${content}: no such file or directory`;
  expect(explainBuildFailure([line])).toBe(TAKEN_AWAY);
});

test('takes no line that a command put out for the reason, where the client ends before it has said one', () => {
  const cutOff = [
    '------',
    ' > [2/2] RUN cat /run/secrets/token:',
    '0.254 what-the-command-put-out',
    '------',
  ];
  expect(explainBuildFailure(cutOff)).toMatchObject({ status: 'failure', reason: 'The build failed.' });
});

test.each([
  'error during connect: Post "http://%2Frun%2Fdocker.sock/v1.41/build?buildargs=%7B%7D": EOF',
  'cannot write /dev/shm/scratch/image-id- because server did not provide an image ID',
])("an engine that goes away in the midst of a build is not the Dockerfile's doing: %s", (line) => {
  expect(explainBuildFailure(['#5 sha256:0123', line])).toEqual(ENGINE_LOST);
});
