/** A path as it is compared: without `.`, and without a slash twice or at its end. */
export function hostPath(path: string): string {
  return `/${path
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/')}`;
}

/** Whoever has one of these, or what is in it, has the host: sockets of engines, devices, the kernel's own files. */
const THE_HOST: readonly string[] = [
  '/proc',
  '/sys',
  '/dev',
  '/run',
  '/var/run',
  '/var/lib/docker',
  '/var/lib/containerd',
  '/var/lib/kubelet',
];

/** To have these themselves, or what they are in, is to have its passwords and keys; what is in them an operator may give. */
const ITS_SECRETS: readonly string[] = ['/etc/shadow', '/etc/ssh', '/root', '/home'];

/** To write here is to change what the host runs. */
const ITS_PROGRAMS: readonly string[] = ['/etc', '/usr', '/bin', '/sbin', '/lib', '/lib64', '/boot', '/opt'];

/**
 * Why no operator can give a build a path of a host, as a half-sentence; null: one may. `..` is never resolved, since where
 * it leads depends on links. Pure.
 * @param more Further paths of the kind of an engine's socket, with all that is in them.
 */
export function whyNeverGiven(path: string, more: readonly string[] = []): string | null {
  const tidy = hostPath(path);
  if (tidy.split('/').includes('..')) return 'it has `..`';
  const host = [...THE_HOST, ...more].find((one) => isWithin(tidy, one) || isWithin(one, tidy));
  if (host !== undefined) return `who has ${host} has the host`;
  const secret = ITS_SECRETS.find((one) => isWithin(one, tidy));
  return secret === undefined ? null : `it has ${secret} in it, with secrets of the host`;
}

/** The same of a path that builds could write. */
export function whyNeverWritten(path: string, more: readonly string[] = []): string | null {
  const program = ITS_PROGRAMS.find((one) => isWithin(hostPath(path), one));
  return (
    whyNeverGiven(path, more) ?? (program === undefined ? null : `who writes to ${program} changes the host`)
  );
}

/** Whether a tidy path is another, or in it. */
export function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}
