import { expect, it } from 'vitest';
import { startTestServer } from '../../support/test-server.ts';

it('tells whoever is signed in that no build is started, and why', async () => {
  let paused: string | null = "the server's disk has less than 2.5 GiB free";
  const server = await startTestServer({ intake: false, change: () => ({ whyPaused: () => paused }) });
  try {
    expect(await (await server.api('GET', '/server')).json()).toEqual({ paused });
    paused = null;
    expect(await (await server.api('GET', '/server')).json()).toEqual({ paused: null });
    expect((await fetch(`${server.url}/api/v1/server`)).status).toBe(401);
  } finally {
    await server.close();
  }
});
