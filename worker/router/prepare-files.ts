import { existsSync } from 'node:fs';
import type { RouterSettings } from '../../config/settings.ts';
import { Problem } from '../../src/core/problem.ts';
import { makeFolderDurably } from '../../src/files/durable.ts';
import { placesOf } from './generations.ts';
import { prepareRouter } from './open-router.ts';
import { takeCertificates } from './renew-certificates.ts';

/**
 * Makes or renews all that HAProxy starts from, by an operator's settings.
 * @returns What is wrong with the operator's certificates, while those that the router took before go on; null for nothing.
 * @throws Problem `certificates_missing` where it is to speak TLS and has nothing to do so with.
 */
export async function prepareRouterFiles({
  dir,
  bind,
  tls,
  backends,
}: RouterSettings): Promise<Problem | null> {
  await makeFolderDurably(dir, 0o700);
  const wrong = tls === null ? null : await whyNoCertificates(dir, tls);
  if (wrong !== null && !existsSync(placesOf(dir, 0).certificates)) throw wrong;
  const redirectTo = tls?.redirect === true ? tls.bind.port : null;
  await prepareRouter(dir, {
    binds: [bindOf(bind)],
    backends,
    ...(tls === null ? {} : { tls: { binds: [bindOf(tls.bind)], redirectTo } }),
  });
  return wrong;
}

async function whyNoCertificates(
  dir: string,
  { certificates: folder, bind }: NonNullable<RouterSettings['tls']>,
): Promise<Problem | null> {
  const missing = (cause: string): Problem =>
    new Problem('certificates_missing', { bind: bindOf(bind), folder, cause });
  try {
    const { copies, refused } = await takeCertificates(dir, folder);
    if (copies !== null) return null;
    const [first] = refused.values();
    return missing(first === undefined ? `there is none in ${folder}` : first.message.replace(/\.$/, ''));
  } catch (error) {
    return missing(`${folder} cannot be read (${(error as Error).message})`);
  }
}

function bindOf({ host, port }: RouterSettings['bind']): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
