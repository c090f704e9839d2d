import { mkdir } from 'node:fs/promises';
import type { RouterSettings } from '../../config/settings.ts';
import { Problem } from '../../src/core/problem.ts';
import { prepareRouter } from './open-router.ts';
import { takeCertificates } from './renew-certificates.ts';

/**
 * Makes or renews all that HAProxy starts from, by an operator's settings.
 * @throws Problem `certificates_missing` where it is to speak TLS and has nothing to do so with.
 */
export async function prepareRouterFiles({ dir, bind, tls, backends }: RouterSettings): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if (tls !== null) await demandCertificates(dir, tls);
  const redirectTo = tls?.redirect === true ? tls.bind.port : null;
  await prepareRouter(dir, {
    binds: [bindOf(bind)],
    backends,
    ...(tls === null ? {} : { tls: { binds: [bindOf(tls.bind)], redirectTo } }),
  });
}

async function demandCertificates(dir: string, tls: NonNullable<RouterSettings['tls']>): Promise<void> {
  const { certificates: folder, bind } = tls;
  const about = { bind: bindOf(bind), folder };
  const taken = await takeCertificates(dir, folder).catch((error: unknown) => {
    const cause = `${folder} cannot be read (${(error as Error).message})`;
    throw new Problem('certificates_missing', { ...about, cause }, { cause: error });
  });
  if (taken.copies !== null) return;
  const [refused] = taken.refused.values();
  const cause = refused === undefined ? `there is none in ${folder}` : refused.message.replace(/\.$/, '');
  throw new Problem('certificates_missing', { ...about, cause });
}

function bindOf({ host, port }: RouterSettings['bind']): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
