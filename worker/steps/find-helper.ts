import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../../src/core/problem.ts';

const NAMES = ['busybox', 'busybox.static', 'busybox-static'];
const USUAL = ['/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/** `e_machine` of an ELF file, as the engine names its processor (System V ABI). */
const MACHINES: Readonly<Record<string, number>> = {
  x86_64: 62,
  amd64: 62,
  aarch64: 183,
  arm64: 183,
  armv7l: 40,
  i686: 3,
  ppc64le: 21,
  s390x: 22,
  riscv64: 243,
};

/**
 * Finds a statically linked busybox for the engine's processor: the one named, else the first on PATH and in the
 * usual folders. Static, because in a step's container nothing but this one file can be counted on.
 * @throws Problem `part_missing`, or `configuration_wrong` when the one named will not do.
 */
export async function findHelper(
  named: string | null,
  architecture: string,
  searchPath: string = process.env['PATH'] ?? '',
): Promise<string> {
  if (named !== null) {
    if (await isStaticProgram(named, architecture)) return named;
    throw new Problem('configuration_wrong', {
      name: 'SLIPWAY_HELPER',
      cause: `${named} is not a statically linked program for ${architecture}`,
    });
  }
  const folders = [...searchPath.split(path.delimiter).filter((folder) => path.isAbsolute(folder)), ...USUAL];
  for (const candidate of folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name))))
    if (await isStaticProgram(candidate, architecture)) return candidate;
  throw new Problem('part_missing', {
    part: `A statically linked busybox for ${architecture}`,
    command: 'apt-get install busybox-static (or name one with SLIPWAY_HELPER)',
  });
}

/** Whether the file is an ELF program of that processor that asks for no interpreter (no PT_INTERP). */
export async function isStaticProgram(file: string, architecture: string): Promise<boolean> {
  const facts = await stat(file).catch(() => null);
  if (facts === null || !facts.isFile()) return false;
  const handle = await open(file, 'r');
  try {
    const head = Buffer.alloc(4096);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    return bytesRead >= 64 && isStaticElf(head.subarray(0, bytesRead), architecture);
  } finally {
    await handle.close();
  }
}

function isStaticElf(head: Buffer, architecture: string): boolean {
  if (head.readUInt32BE(0) !== 0x7f454c46) return false;
  const wide = head[4] === 2;
  const little = head[5] === 1;
  const half = (at: number) => (little ? head.readUInt16LE(at) : head.readUInt16BE(at));
  const word = (at: number) => (little ? head.readUInt32LE(at) : head.readUInt32BE(at));
  if (half(18) !== MACHINES[architecture]) return false;
  const table = wide ? word(little ? 32 : 36) : word(28);
  const entrySize = half(wide ? 54 : 42);
  const entries = half(wide ? 56 : 44);
  if (table + entries * entrySize > head.length) return false;
  const PT_INTERP = 3;
  return Array.from({ length: entries }, (_, i) => word(table + i * entrySize)).every(
    (type) => type !== PT_INTERP,
  );
}
