import net from 'node:net';
import { encodeCommand, readReplies } from './redis-protocol.js';

const KEY = 'links';

/** Links in one hash of a Redis. */
export async function openRedisStore({ hostname, port }) {
  const socket = net.connect(Number(port || 6379), hostname);
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const waiting = [];
  const failAll = (error) => waiting.splice(0).forEach(({ reject }) => reject(error));
  socket.on('error', failAll).on('close', () => failAll(new Error('the connection to Redis is over')));
  readReplies(socket, (reply) => {
    const { resolve, reject } = waiting.shift();
    if (reply instanceof Error) reject(reply);
    else resolve(reply);
  });
  const ask = (...words) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject });
      socket.write(encodeCommand(words));
    });
  return {
    get: (code) => ask('HGET', KEY, code),
    set: (code, url) => ask('HSET', KEY, code, url),
    count: () => ask('HLEN', KEY),
    close: async () => socket.end(),
  };
}
