import { once } from 'node:events';
import net from 'node:net';

/** Forwards what comes to a port of this address; a free one unless told. It keeps no process alive. */
export async function openDoor(address: string, to: net.NetConnectOpts, port = 0): Promise<net.Server> {
  const door = net.createServer((from) => {
    const onward = net.connect(to);
    from.pipe(onward).pipe(from);
    from.on('error', () => onward.destroy());
    onward.on('error', () => from.destroy());
    from.on('close', () => onward.destroy());
    onward.on('close', () => from.destroy());
  });
  door.listen(port, address);
  await once(door, 'listening');
  return door.unref();
}

export const portOf = (door: net.Server): number => (door.address() as net.AddressInfo).port;
