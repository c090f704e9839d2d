import { startTestServer } from './test-server.ts';

/** A server in a process of its own, to be killed: `node serve-webhooks.ts <data folder>`; its first message is its address. */
const server = await startTestServer({ directory: process.argv[2] ?? '', intake: false });
process.send?.(server.url);
