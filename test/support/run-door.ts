import { openDoor } from './door.ts';

/*
 * A door as a process of its own, where another than the test's network is meant:
 * `run-door.ts <address> <port> <address to forward to> <its port>`. It ends with SIGTERM.
 */
const [address = '', port = '', host = '', onward = ''] = process.argv.slice(2);
const door = await openDoor(address, { host, port: Number(onward) }, Number(port));
door.ref();
console.log('the door is open');
