import type { NeededLogins } from '../ports/lease-secrets.ts';

/**
 * Who gets a login. `push`: leases that push to its registry, or name it where no login to pull is kept.
 * `pull`: leases that name its registry, and every trusted build of an image, whose base images nobody knows before.
 */
export const LOGIN_USES = ['push', 'pull'] as const;
export type LoginUse = (typeof LOGIN_USES)[number];

/** A login as far as the choice needs it. */
interface Login {
  /** `host[:port]`. */
  readonly host: string;
  readonly use: LoginUse;
}

/** The logins that a lease gets: at most one a registry, and none that its work has no use for. Pure. */
export function chooseLogins<L extends Login>(logins: readonly L[], needed: NeededLogins): readonly L[] {
  const hosts = [...new Set(logins.map(({ host }) => host))];
  return hosts.flatMap((host) => {
    const find = (use: LoginUse): L | undefined => logins.find((one) => one.host === host && one.use === use);
    const isNamed = needed.pull.includes(host);
    const pull = isNamed || needed.baseImages ? find('pull') : undefined;
    const chosen = needed.push.includes(host)
      ? (find('push') ?? find('pull'))
      : (pull ?? (isNamed ? find('push') : undefined));
    return chosen === undefined ? [] : [chosen];
  });
}
