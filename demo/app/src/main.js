import { createApp } from './app.js';
import { openStore } from './store.js';

const store = await openStore(process.env.STORE ?? 'file:links.jsonl');
const server = createApp(store);
server.listen(Number(process.env.PORT ?? 8080), () => console.log('links is listening'));

process.on('SIGTERM', () => {
  console.log('links is ending');
  server.close(() => store.close());
  server.closeIdleConnections();
});
