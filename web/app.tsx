import { useEffect, useState } from 'preact/hooks';
import { LocationProvider, Route, Router } from 'preact-iso';
import { api, SIGNED_OUT } from './api.ts';
import { AuditPage } from './pages/audit.tsx';
import { BuildPage } from './pages/build.tsx';
import { BuildsPage } from './pages/builds.tsx';
import { ComparePage } from './pages/compare.tsx';
import { DeliveriesPage } from './pages/deliveries.tsx';
import { DeliveryPage } from './pages/delivery.tsx';
import { EnvironmentPage } from './pages/environment.tsx';
import { EnvironmentsPage } from './pages/environments.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { ProjectPage } from './pages/project.tsx';
import { ProjectsPage } from './pages/projects.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { WorkersPage } from './pages/workers.tsx';
import { Frame } from './parts/frame.tsx';
import { useLoad, Waiting } from './parts/load.tsx';

/** Every page, behind the sign-in. */
export function App() {
  const [isSignedOut, setSignedOut] = useState(false);
  const session = useLoad(`session ${isSignedOut ? 'none' : 'asked'}`, async () =>
    isSignedOut ? null : api('GET', '/session'),
  );
  useEffect(() => {
    const leave = (): void => setSignedOut(true);
    window.addEventListener(SIGNED_OUT, leave);
    return () => window.removeEventListener(SIGNED_OUT, leave);
  }, []);
  if (isSignedOut) return <SignInPage onSignedIn={() => setSignedOut(false)} />;
  if (session.value === null) return <Waiting error={session.error} what="your session" />;
  return (
    <LocationProvider>
      <Frame onSignOut={() => setSignedOut(true)}>
        <Router onRouteChange={toContent}>
          <Route path="/" component={BuildsPage} />
          <Route path="/builds/:build" component={BuildPage} />
          <Route path="/builds/:build/compare" component={ComparePage} />
          <Route path="/deliveries" component={DeliveriesPage} />
          <Route path="/deliveries/:delivery" component={DeliveryPage} />
          <Route path="/environments" component={EnvironmentsPage} />
          <Route path="/environments/:environment" component={EnvironmentPage} />
          <Route path="/projects" component={ProjectsPage} />
          <Route path="/projects/:project" component={ProjectPage} />
          <Route path="/workers" component={WorkersPage} />
          <Route path="/audit" component={AuditPage} />
          <Route default component={NotFoundPage} />
        </Router>
      </Frame>
    </LocationProvider>
  );
}

/** A new page begins at its content, also for the keyboard and a screen reader. */
function toContent(): void {
  document.getElementById('content')?.focus({ preventScroll: true });
}
