import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectEngine } from '../../worker/engine/connect-engine.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { mayMakeDisks } from '../experiments/path/disk.ts';
import { importBusyboxImage, ORDINARY, OwnEngine } from './support.ts';
import { runTestWorkflow } from './workflow-harness.ts';

const IMAGE = 'slipway-test-full-layer:ordinary';
const MIB = 1024 * 1024;
const DISK_MIB = 192;

let disk: string;
let own: OwnEngine;
let engine: Engine;

/** An engine whose disk is small enough to be filled: it is memory. */
beforeAll(async () => {
  if (!mayMakeDisks()) return;
  disk = mkdtempSync(path.join(tmpdir(), 'slipway-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_MIB}m`, 'tmpfs', disk]);
  own = new OwnEngine(disk);
  await own.start();
  engine = connectEngine(own.host);
  await importBusyboxImage(engine, IMAGE, ORDINARY);
});
afterAll(async () => {
  if (!mayMakeDisks()) return;
  engine?.close();
  await own?.remove();
  execFileSync('umount', ['-l', disk]);
  rmSync(disk, { recursive: true, force: true });
});

const freeBytes = (): number => {
  const { bavail, bsize } = statfsSync(disk);
  return bavail * bsize;
};

// A mount needs root.
it.runIf(mayMakeDisks()).each([
  ['its layer', '/big'],
  ['the workspace', '/workspace/big'],
])(
  'ends a step that fills %s as its failure, with the words of its program, and gives the disk back',
  async (_, file) => {
    const { outcome, logs, left } = await runTestWorkflow(engine, {
      image: IMAGE,
      steps: [
        { name: 'fill', commands: ['echo before', `dd if=/dev/zero of=${file} bs=1M`] },
        { name: 'next', commands: ['echo never'] },
      ],
    });
    expect(outcome).toMatchObject({ status: 'failure', reason: 'step fill: exit code 1', code: 'exit_code' });
    expect(logs['fill']?.text('stdout')).toContain('before\n');
    expect(logs['fill']?.text('stderr')).toContain('No space left on device');
    expect(left).toEqual([]);
    expect(freeBytes()).toBeGreaterThan((DISK_MIB / 2) * MIB);
    const again = await runTestWorkflow(engine, {
      image: IMAGE,
      steps: [{ name: 'after', commands: ['echo well'] }],
    });
    expect(again.outcome.status, again.outcome.reason ?? '').toBe('success');
  },
);
