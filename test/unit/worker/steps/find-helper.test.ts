import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findHelper } from '../../../../worker/steps/find-helper.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-helper-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** A 64-bit little-endian ELF header with one program header of that type. */
function elf(machine: number, programHeader: number): Buffer {
  const file = Buffer.alloc(64 + 56);
  file.writeUInt32BE(0x7f454c46, 0);
  file[4] = 2;
  file[5] = 1;
  file.writeUInt16LE(machine, 18);
  file.writeUInt32LE(64, 32);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(1, 56);
  file.writeUInt32LE(programHeader, 64);
  return file;
}
const [X86, ARM, LOAD, INTERP] = [62, 183, 1, 3];

function program(name: string, bytes: Buffer): string {
  const file = path.join(folder, name);
  writeFileSync(file, bytes);
  chmodSync(file, 0o755);
  return file;
}

it('takes the static busybox that is first on PATH', async () => {
  const file = program('busybox', elf(X86, LOAD));
  expect(await findHelper(null, 'x86_64', `relative:${folder}`)).toBe(file);
});

it('passes over one that needs a loader, is for another processor or is no program', async () => {
  program('busybox', elf(X86, INTERP));
  program('busybox.static', Buffer.from('#!/bin/sh\n'.padEnd(100)));
  const arm = program('busybox-static', elf(ARM, LOAD));
  expect(await findHelper(null, 'aarch64', folder)).toBe(arm);
});

it('refuses the one that is named when it will not do', async () => {
  const file = program('busybox', elf(X86, INTERP));
  await expect(findHelper(file, 'x86_64')).rejects.toThrowError('SLIPWAY_HELPER');
  await expect(findHelper(path.join(folder, 'none'), 'x86_64')).rejects.toThrowError('SLIPWAY_HELPER');
});

it('says what to install when there is none', async () => {
  await expect(findHelper(null, 's390x', folder)).rejects.toMatchObject({ code: 'part_missing' });
});
