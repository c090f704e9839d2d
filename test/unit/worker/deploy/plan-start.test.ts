import { describe, expect, it } from 'vitest';
import { planStart, type StartFacts } from '../../../../worker/deploy/plan-start.ts';

const image = { entrypoint: [], command: ['node', 'server.js'], healthcheck: null };
const settings = { command: [], volumes: [] };

function start(facts: Partial<StartFacts> = {}) {
  return planStart({ image, settings, architecture: 'x86_64', decided: false, ...facts });
}

describe('the start of a candidate is held', () => {
  it.each([
    ['the command of an image', [], ['node', 'server.js'], [], ['node', 'server.js']],
    ['entrypoint and command', ['/entry.sh', '-v'], ['serve'], [], ['/entry.sh', '-v', 'serve']],
    ['an entrypoint alone', ['/entry.sh'], [], [], ['/entry.sh']],
    ["the file's command in place of the image's", [], ['node'], ['sh', '-c', 'x'], ['sh', '-c', 'x']],
    ["an entrypoint before the file's command", ['/entry.sh'], ['a'], ['b', 'c'], ['/entry.sh', 'b', 'c']],
  ])('with %s', (_what, entrypoint, command, words, expected) => {
    const plan = start({
      image: { ...image, entrypoint, command },
      settings: { ...settings, command: words },
    });
    expect(plan).toMatchObject({ kind: 'held', words: expected });
  });

  it.each(['aarch64', 'arm64', 'amd64'])('on %s', (architecture) => {
    expect(start({ architecture })).toMatchObject({ kind: 'held' });
  });

  it('with a volume elsewhere', () => {
    const volumes = [{ name: 'data', path: '/.slipways' }];
    expect(start({ settings: { ...settings, volumes } })).toMatchObject({ kind: 'held' });
  });
});

describe('the start of a candidate is plain', () => {
  it.each<[string, Partial<StartFacts>, string]>([
    ['when the verdict is there', { decided: true }, 'the verdict is there'],
    [
      'when the engine would run a command of the image',
      { image: { ...image, healthcheck: { kind: 'shell', command: 'wget localhost' } } },
      'the image has a HEALTHCHECK, which the engine would run before the verdict',
    ],
    ['without a latch', { architecture: 'riscv64' }, 'there is no latch for riscv64'],
    [
      'when a volume covers the latch',
      { settings: { ...settings, volumes: [{ name: 'data', path: '//.slipway/' }] } },
      'the volume data is mounted where the latch would be',
    ],
    [
      'when a volume covers a file of the latch',
      { settings: { ...settings, volumes: [{ name: 'data', path: '/.slipway/wait' }] } },
      'the volume data is mounted where the latch would be',
    ],
    ['when the image is gone', { image: null }, 'the image is gone'],
  ])('%s', (_what, facts, because) => {
    expect(start(facts)).toEqual({ kind: 'plain', because });
  });
});

it('starts nothing of an image that names no program', () => {
  expect(start({ image: { ...image, command: [] } })).toMatchObject({ kind: 'impossible' });
  expect(start({ image: { ...image, command: [] }, decided: true })).toMatchObject({ kind: 'impossible' });
});
