import net from 'node:net';
import { Problem } from '../../src/core/problem.ts';

/**
 * Resolves when this machine can listen at an address. What listens there already would be taken for ours, or, where
 * both allow it, share its connections with ours.
 * @param setting The variable that names the address.
 * @param mayLackRight Whether what will listen there has a right that this process may lack: then that is no reason.
 * @throws Problem `address_taken`.
 */
export async function demandFree(
  { host, port }: { readonly host: string; readonly port: number },
  setting: string,
  { mayLackRight = false } = {},
): Promise<void> {
  const server = net.createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port, exclusive: true }, resolve);
    });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' && mayLackRight) return;
    if (code !== 'EADDRINUSE' && code !== 'EADDRNOTAVAIL' && code !== 'EACCES') throw error;
    const why = WHY[code];
    throw new Problem('address_taken', { address: `${host}:${port}`, setting, why }, { cause: error });
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

const WHY = {
  EADDRINUSE: 'is in use by another program',
  EADDRNOTAVAIL: 'is no address of this machine',
  EACCES: 'may not be used by this user',
} as const;
