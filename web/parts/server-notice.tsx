import { useEffect } from 'preact/hooks';
import type { ServerView } from '../../src/core/views/server-view.ts';
import { api } from '../api.ts';
import { useLoad } from './load.tsx';

const EVERY_MS = 15_000;

/** On every page while the server starts no builds: that it does not, and why. */
export function ServerNotice() {
  const { value, reload } = useLoad('server', () => api<ServerView>('GET', '/server'));
  useEffect(() => {
    const timer = setInterval(reload, EVERY_MS);
    return () => clearInterval(timer);
  }, [reload]);
  if (value === null || value.paused === null) return null;
  return (
    <div class="box box-warning server-notice" role="status">
      <strong>No build is started: {value.paused}.</strong>
      <p>What runs goes on, and pushes are taken in. Builds start by themselves once there is room.</p>
    </div>
  );
}
