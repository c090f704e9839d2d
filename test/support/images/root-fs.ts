import { execFile } from 'node:child_process';
import { cp, copyFile, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { Problem } from '../../../src/core/problem.ts';
import { findBinary } from '../../../src/parts/find-binary.ts';

const run = promisify(execFile);

/** A root file system in the making, out of this machine's own programs: an image without pulling. */
export interface RootFs {
  /** Absolute path on this machine. */
  readonly root: string;
  /** Copies a program, or a library that is opened at run time, with every library it names. */
  program(file: string, as?: string): Promise<void>;
  /** Copies a file or folder, following links, to the same place or another. */
  copy(file: string, as?: string): Promise<void>;
  write(file: string, text: string): Promise<void>;
  link(file: string, target: string): Promise<void>;
}

/**
 * Makes a tar of a root file system with a shell and the small tools of busybox, users, name resolution and
 * certificates, and what `fill` adds. The same content gives the same bytes.
 * @throws Problem `part_missing` without a busybox.
 */
export async function packRootFs(target: string, fill: (fs: RootFs) => Promise<void>): Promise<void> {
  const root = await mkdtemp(path.join(tmpdir(), 'slipway-image-'));
  try {
    const fs = rootFs(root);
    await addBase(fs);
    await fill(fs);
    const partial = `${target}.${process.pid}`;
    await run('tar', [
      '-C',
      root,
      '--sort=name',
      '--mtime=@0',
      '--owner=0',
      '--group=0',
      '--numeric-owner',
      '-cf',
      partial,
      '.',
    ]);
    await run('mv', [partial, target]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

function rootFs(root: string): RootFs {
  const place = async (file: string): Promise<string> => {
    const full = path.join(root, file);
    await mkdir(path.dirname(full), { recursive: true });
    return full;
  };
  const fs: RootFs = {
    root,
    async program(file, as = file) {
      await copyFile(await realpath(file), await place(as));
      for (const library of await librariesOf(file))
        await copyFile(await realpath(library), await place(library));
    },
    async copy(file, as = file) {
      await cp(file, await place(as), { recursive: true, dereference: true });
    },
    async write(file, text) {
      await writeFile(await place(file), text);
    },
    async link(file, target) {
      const full = await place(file);
      await rm(full, { force: true });
      await symlink(target, full);
    },
  };
  return fs;
}

/** Absolute paths of the libraries that a program is linked against, and of its loader; none when it is static. */
async function librariesOf(file: string): Promise<string[]> {
  const { stdout } = await run('ldd', [file]).catch(() => ({ stdout: '' }));
  return [...stdout.matchAll(/(?:=>\s+)?(\/\S+)\s+\(0x/g)].map((match) => match[1] ?? '');
}

async function addBase(fs: RootFs): Promise<void> {
  const busybox = process.env['SLIPWAY_HELPER'] || findBinary(['busybox']);
  if (busybox === null)
    throw new Problem('part_missing', { part: 'busybox', command: 'apt-get install busybox-static' });
  for (const folder of ['root', 'app', 'proc', 'sys', 'dev', 'run', 'var/tmp', 'usr/bin'])
    await mkdir(path.join(fs.root, folder), { recursive: true });
  await mkdir(path.join(fs.root, 'tmp'));
  await run('chmod', ['755', fs.root]);
  await run('chmod', ['1777', path.join(fs.root, 'tmp'), path.join(fs.root, 'var/tmp')]);
  await fs.program(busybox, '/bin/busybox');
  const { stdout } = await run(busybox, ['--list']);
  for (const name of stdout.trim().split('\n'))
    if (name !== 'busybox') await fs.link(`/bin/${name}`, 'busybox');
  await fs.write('/etc/passwd', PASSWD);
  await fs.write('/etc/group', 'root:x:0:\nusers:x:100:\napp:x:1000:\nnogroup:x:65534:\n');
  await fs.write('/etc/nsswitch.conf', 'passwd: files\ngroup: files\nhosts: files dns\n');
  for (const library of await nameResolution()) await fs.copy(library);
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  await fs.copy(certificates).catch(() => undefined);
}

const PASSWD = `root:x:0:0:root:/root:/bin/sh
app:x:1000:1000:app:/app:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/bin/false
`;

/** What the C library opens to resolve names, also for a static program: it is named by no program. */
async function nameResolution(): Promise<string[]> {
  const { stdout } = await run(findBinary(['ldconfig']) ?? 'ldconfig', ['-p']);
  const wanted =
    /(libnss_(?:dns|files)\.so\.2|libresolv\.so\.2|libc\.so\.6|ld-linux[-\w]*\.so\.\d) .*=> (\S+)/g;
  const native = process.arch === 'x64' ? 'x86-64' : 'AArch64';
  return [...stdout.matchAll(wanted)]
    .filter((match) => match[0].includes(native))
    .map((match) => match[2] ?? '');
}
