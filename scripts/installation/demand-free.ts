import net from 'node:net';
import { listen } from '../../src/api/listen.ts';

/**
 * Resolves when this machine can listen at an address. What listens there already would be taken for ours, or, where
 * both allow it, share its connections with ours.
 * @param setting The variable that names the address.
 * @param mayLackRight Whether what will listen there has a right that this process may lack: then that is no reason.
 * @throws Problem `address_taken`.
 */
export async function demandFree(
  address: { readonly host: string; readonly port: number },
  setting: string,
  { mayLackRight = false } = {},
): Promise<void> {
  const server = net.createServer();
  try {
    await listen(server, address, setting);
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
    if (code !== 'EACCES' || !mayLackRight) throw error;
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
