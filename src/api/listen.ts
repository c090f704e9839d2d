import type { Server } from 'node:net';
import { Problem } from '../core/problem.ts';

/**
 * Resolves when the server listens at the address.
 * @param setting The variable that names the address.
 * @throws Problem `address_taken`.
 */
export async function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
  setting: string,
): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // Not shared with another process, even where both allow it.
      server.listen({ host, port, exclusive: true }, () => {
        server.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    const why = WHY[(error as NodeJS.ErrnoException).code ?? ''];
    if (why === undefined) throw error;
    throw new Problem('address_taken', { address: `${host}:${port}`, setting, why }, { cause: error });
  }
}

const WHY: Readonly<Record<string, string>> = {
  EADDRINUSE: 'is in use by another program',
  EADDRNOTAVAIL: 'is no address of this machine',
  EACCES: 'may not be used by this user',
};
