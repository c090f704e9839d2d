import http from 'node:http';
import https from 'node:https';
import { readPartsSettings } from '../config/settings.ts';

/*
 * Whether the server of this machine, or this container, answers: exit status 0. It is asked where it listens, and who it
 * is needs no proof there, so its certificate may be for any name.
 */
const { listen, tls } = readPartsSettings(process.env);
const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[listen.host] ?? listen.host;
const options = { host, port: listen.port, path: '/healthz', timeout: 5_000, rejectUnauthorized: false };
const request = (tls === null ? http : https).get(options, (answer) => {
  answer.resume();
  process.exitCode = answer.statusCode === 200 ? 0 : 1;
});
request.on('timeout', () => request.destroy(new Error('no answer within 5 s')));
request.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
