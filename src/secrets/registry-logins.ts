import { Problem } from '../core/problem.ts';
import type { LeaseSecrets } from '../core/work.ts';
import type { Clock } from '../ports/clock.ts';
import type { NeededLogins } from '../ports/lease-secrets.ts';
import type { Note, Store } from '../store/store.ts';
import { checkLength } from './check-length.ts';
import { chooseLogins, type LoginUse } from './choose-logins.ts';
import type { SecretBox } from './secret-box.ts';

interface Deps {
  readonly store: Store;
  readonly box: SecretBox;
  readonly clock: Clock;
}

export interface NewLogin {
  readonly username: string;
  readonly password: string;
  readonly use: LoginUse;
}

/** Keeps a login; replaces an earlier one of the same registry and use. */
export async function setRegistryLogin(
  { store, box, clock }: Deps,
  host: string,
  { username, password, use }: NewLogin,
  note: Note,
): Promise<void> {
  if (!/^[a-z0-9.-]+(:\d{1,5})?$/i.test(host))
    throw new Problem('request_wrong', { field: 'host', cause: 'is not host or host:port' });
  checkLength(`login of ${host}`, password);
  const row = {
    username,
    ciphertext: box.seal(password, loginContext(host, use)),
    updated_at: clock.nowMs(),
  };
  await store.transaction(async (tx) => {
    await tx.db
      .insertInto('registry_login')
      .values({ host, use, ...row })
      .onConflict((conflict) => conflict.columns(['host', 'use']).doUpdateSet(row))
      .execute();
    await note(tx);
  });
}

/** Forgets both logins of a registry. @throws Problem `not_found` when there is none. */
export async function removeRegistryLogin({ store }: Deps, host: string, note: Note): Promise<void> {
  await store.transaction(async (tx) => {
    const done = await tx.db.deleteFrom('registry_login').where('host', '=', host).executeTakeFirst();
    if (done.numDeletedRows === 0n) throw new Problem('not_found', { what: 'registry login', id: host });
    await note(tx);
  });
}

/** The logins that a lease gets, by registry; only those are decrypted. */
export async function readLogins(
  { store, box }: Deps,
  needed: NeededLogins,
): Promise<LeaseSecrets['registries']> {
  const rows = await store.db
    .selectFrom('registry_login')
    .select(['host', 'use', 'username', 'ciphertext'])
    .execute();
  return Object.fromEntries(
    chooseLogins(rows, needed).map(({ host, use, username, ciphertext }) => [
      host,
      { username, password: box.open(ciphertext, loginContext(host, use)) },
    ]),
  );
}

const loginContext = (host: string, use: LoginUse): string => `registry/${host}/${use}`;
