import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { NODE_FLAGS } from '../../../config/node-flags.ts';

const ROOT = path.resolve(import.meta.dirname, '../../..');

it.each([
  'packaging/container.sh',
  'packaging/systemd/slipway-server.service',
  'packaging/systemd/slipway-worker.service',
])('are given by %s to every server and worker that it starts', async (file) => {
  const lines = (await readFile(path.join(ROOT, file), 'utf8')).split('\n');
  const starts = lines.filter((line) => /\bnode\b.*\bmain\.js/.test(line));
  expect(starts.length).toBeGreaterThan(0);
  for (const start of starts) expect(start).toContain(`node ${NODE_FLAGS.join(' ')} `);
});
