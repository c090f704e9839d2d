import type { ComponentChildren } from 'preact';
import { useLocation } from 'preact-iso';
import { api } from '../api.ts';

const SECTIONS = [
  { path: '/', name: 'Builds', owns: /^\/(builds\/|$)/ },
  { path: '/environments', name: 'Environments', owns: /^\/environments/ },
  { path: '/deliveries', name: 'Deliveries', owns: /^\/deliveries/ },
  { path: '/projects', name: 'Projects', owns: /^\/projects/ },
] as const;

/** The head of every page: where you are, where you can go. */
export function Frame({ children, onSignOut }: { children: ComponentChildren; onSignOut: () => void }) {
  const { path } = useLocation();
  const signOut = (): void => void api('DELETE', '/session').finally(onSignOut);
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
        <button type="button" class="quiet" onClick={signOut}>
          Sign out
        </button>
      </header>
      <main id="content" tabIndex={-1}>
        {children}
      </main>
    </>
  );
}
