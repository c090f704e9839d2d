import { expect, it } from 'vitest';
import { chooseImages } from '../../../src/parts/part-images.ts';

const engine = 'unix:///var/run/docker.sock';

it('takes images for what they can stand in for, on an engine of this machine', () => {
  expect(chooseImages(['redis', 'haproxy'], { apt: false, engine })).toEqual(['redis', 'haproxy']);
  expect(chooseImages(['registry'], { apt: false, engine: null })).toEqual(['registry']);
  expect(chooseImages([], { apt: false, engine })).toEqual([]);
});

it('leaves it to apt where that may be used', () => {
  expect(chooseImages(['redis'], { apt: true, engine })).toEqual([]);
});

it('takes none where something is missing that no image brings, so that one command brings it all', () => {
  expect(chooseImages(['redis', 'git'], { apt: false, engine })).toEqual([]);
});

it('takes none on an engine elsewhere', () => {
  expect(chooseImages(['redis'], { apt: false, engine: 'tcp://192.0.2.7:2376' })).toEqual([]);
});
