import type { ComponentChildren } from 'preact';
import { useLocation } from 'preact-iso';
import { api } from '../api.ts';
import { Action } from './action.tsx';
import { ServerNotice } from './server-notice.tsx';

const SECTIONS = [
  { path: '/', name: 'Builds', owns: /^\/(builds\/|$)/ },
  { path: '/environments', name: 'Environments', owns: /^\/environments/ },
  { path: '/deliveries', name: 'Deliveries', owns: /^\/deliveries/ },
  { path: '/projects', name: 'Projects', owns: /^\/projects/ },
  { path: '/workers', name: 'Workers', owns: /^\/workers/ },
  { path: '/audit', name: 'Audit', owns: /^\/audit/ },
] as const;

/** The head of every page: where you are, where you can go. */
export function Frame({ children, onSignOut }: { children: ComponentChildren; onSignOut: () => void }) {
  const { path } = useLocation();
  return (
    <>
      <a class="skip" href="#content">
        Skip to content
      </a>
      <header class="frame">
        <a class="brand" href="/">
          <img src="/favicon.svg" alt="" width="24" height="24" />
          Slipway
        </a>
        <nav aria-label="Sections">
          {SECTIONS.map((section) => (
            <a
              key={section.path}
              href={section.path}
              aria-current={section.owns.test(path) ? 'page' : undefined}
            >
              {section.name}
            </a>
          ))}
        </nav>
        <Action kind="quiet" run={() => api('DELETE', '/session').then(onSignOut)}>
          Sign out
        </Action>
      </header>
      <ServerNotice />
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
