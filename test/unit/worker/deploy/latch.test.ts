import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { latchArchive, PROGRAMS } from '../../../../worker/deploy/latch/latch.ts';

/** Where the assembler of an architecture may be: under its own name here, else under that of a cross assembler. */
const TOOLS: Readonly<Record<string, readonly string[]>> = {
  x86_64: [...(process.arch === 'x64' ? [''] : []), 'x86_64-linux-gnu-'],
  aarch64: [...(process.arch === 'arm64' ? [''] : []), 'aarch64-linux-gnu-'],
};

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'slipway-latch-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe.each(['x86_64', 'aarch64'])('the latch for %s', (architecture) => {
  it('is what its source says', (context) => {
    const prefix = TOOLS[architecture]?.find((one) => isThere(`${one}as`) && isThere(`${one}objcopy`));
    if (prefix === undefined) return context.skip(`no assembler for ${architecture} is installed`);
    const source = fileURLToPath(
      new URL(`../../../../worker/deploy/latch/latch-${architecture}.s`, import.meta.url),
    );
    const [object, program] = [path.join(dir, `${architecture}.o`), path.join(dir, architecture)];
    run(`${prefix}as`, '-o', object, source);
    run(`${prefix}objcopy`, '-O', 'binary', '-j', '.text', object, program);
    expect(programOf(architecture).toString('hex')).toBe(readFileSync(program).toString('hex'));
  });

  it('is a static program of less than 1 KiB with a stack that is not executable', () => {
    const program = programOf(architecture);
    expect(program.length).toBeLessThan(1024);
    expect(program.toString('latin1', 1, 4)).toBe('ELF');
    expect(program.readUInt16LE(18)).toBe({ x86_64: 62, aarch64: 183 }[architecture]);
    const types = Array.from({ length: program.readUInt16LE(56) }, (_, index) => ({
      type: program.readUInt32LE(64 + 56 * index),
      flags: program.readUInt32LE(68 + 56 * index),
    }));
    expect(types).toEqual([
      { type: 1, flags: 5 },
      { type: 0x6474e551, flags: 6 },
    ]);
  });

  it('lets nobody write but to its mark', () => {
    const archive = latchArchive(architecture) ?? Buffer.alloc(0);
    const { stdout } = spawnSync('tar', ['--numeric-owner', '-tvf', '-'], {
      input: archive,
      encoding: 'utf8',
    });
    const lines = stdout.trim().split('\n');
    expect(lines.map((line) => line.replace(/^(\S+ \S+) .* (\S+)$/, '$1 $2'))).toEqual([
      'drwxr-xr-x 0/0 .slipway/',
      '-r-xr-xr-x 0/0 .slipway/latch',
      '-rw-rw-rw- 0/0 .slipway/wait',
    ]);
  });
});

it('is not there for other architectures', () => {
  expect(latchArchive('riscv64')).toBeNull();
  expect(latchArchive('arm64')).toEqual(latchArchive('aarch64'));
});

function programOf(architecture: string): Buffer {
  return Buffer.from(PROGRAMS[architecture] ?? '', 'base64');
}

function isThere(command: string): boolean {
  return spawnSync(command, ['--version']).status === 0;
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
}
