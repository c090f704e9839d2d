import { useEffect, useState } from 'preact/hooks';
import { LocationProvider, Route, Router } from 'preact-iso';
import { api, ApiError } from './api.ts';
import { BuildPage } from './pages/build.tsx';
import { BuildsPage } from './pages/builds.tsx';
import { DeliveriesPage } from './pages/deliveries.tsx';
import { DeliveryPage } from './pages/delivery.tsx';
import { EnvironmentPage } from './pages/environment.tsx';
import { EnvironmentsPage } from './pages/environments.tsx';
import { NotFoundPage } from './pages/not-found.tsx';
import { ProjectPage } from './pages/project.tsx';
import { ProjectsPage } from './pages/projects.tsx';
import { SignInPage } from './pages/sign-in.tsx';
import { Frame } from './parts/frame.tsx';

/** Every page, behind the sign-in. */
export function App() {
  const [signedIn, setSignedIn] = useState<boolean | null>(null);
  useEffect(() => {
    api('GET', '/session').then(
      () => setSignedIn(true),
      (error: unknown) => setSignedIn(error instanceof ApiError && error.status === 401 ? false : null),
    );
  }, []);
  if (signedIn === null) return <p class="centred">Asking the server…</p>;
  if (!signedIn) return <SignInPage onSignedIn={() => setSignedIn(true)} />;
  return (
    <LocationProvider>
      <Frame onSignOut={() => setSignedIn(false)}>
        <Router>
          <Route path="/" component={BuildsPage} />
          <Route path="/builds/:build" component={BuildPage} />
          <Route path="/deliveries" component={DeliveriesPage} />
          <Route path="/deliveries/:delivery" component={DeliveryPage} />
          <Route path="/environments" component={EnvironmentsPage} />
          <Route path="/environments/:environment" component={EnvironmentPage} />
          <Route path="/projects" component={ProjectsPage} />
          <Route path="/projects/:project" component={ProjectPage} />
          <Route default component={NotFoundPage} />
        </Router>
      </Frame>
    </LocationProvider>
  );
}
