import { useState } from 'preact/hooks';
import {
  NOTIFICATION_EVENTS,
  type NotificationEvent,
  type NotificationTargetView,
} from '../../src/core/notification.ts';
import type { Page, ProjectView } from '../../src/core/view.ts';
import { api, type ApiError, asApiError, segment } from '../api.ts';
import { namesOf } from '../notification-form.ts';
import { Action } from './action.tsx';
import { ErrorBox, useLoad } from './load.tsx';
import { Ago } from './time.tsx';
import { Words } from './words.tsx';

const EVENTS = Object.keys(NOTIFICATION_EVENTS) as NotificationEvent[];

/** Who is told of the project's builds and deployments; what signs a webhook goes in and is never shown. */
export function Notifications({ project }: { project: ProjectView }) {
  const path = `/projects/${segment(project.id)}/notifications`;
  const { value, error, reload } = useLoad(path, () => api<Page<NotificationTargetView>>('GET', path));
  return (
    <section class="card form" aria-label="Notifications">
      <h2>Notifications</h2>
      <p class="hint">Sent at least once, each under an id of its own; a webhook's body is signed.</p>
      {error !== null && <ErrorBox error={error} />}
      <ul class="targets">
        {(value?.items ?? []).map((target) => (
          <Target key={target.id} path={path} target={target} onChange={reload} />
        ))}
      </ul>
      <AddTarget path={path} onAdded={reload} />
    </section>
  );
}

function Target({
  path,
  target: { id, kind, to, events, branches, last },
  onChange,
}: {
  path: string;
  target: NotificationTargetView;
  onChange: () => void;
}) {
  const name = to.join(', ');
  return (
    <li>
      <span class="target-about">
        <strong class="break">{name}</strong>
        <span class="row-note">
          {events.map((event) => NOTIFICATION_EVENTS[event]).join('; ')}
          {branches.length > 0 && `; on ${branches.join(', ')}`}
        </span>
        {last !== null && (
          <span class="row-note">
            <span class={`status status-${LOOKS[last.state]}`}>{STATES[last.state]}</span>{' '}
            <Ago atMs={last.atMs} />
            {last.result !== null && (
              <>
                : <Words text={last.result} />
              </>
            )}
          </span>
        )}
      </span>
      <span class="target-actions">
        <Action
          kind="quiet"
          label={`send a test to ${name}`}
          run={() => api('POST', `${path}/${id}/test`).then(onChange)}
        >
          Test
        </Action>
        <Action
          label={`remove ${name}`}
          confirm={`Send nothing more to this ${kind === 'email' ? 'e-mail' : 'webhook'}?`}
          run={() => api('DELETE', `${path}/${id}`).then(onChange)}
        >
          Remove
        </Action>
      </span>
    </li>
  );
}

const STATES = { pending: 'waiting', done: 'sent', failed: 'not sent' } as const;
const LOOKS = { pending: 'pending', done: 'success', failed: 'failure' } as const;

function AddTarget({ path, onAdded }: { path: string; onAdded: () => void }) {
  const [kind, setKind] = useState<'webhook' | 'email'>('webhook');
  const [error, setError] = useState<ApiError | null>(null);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(form instanceof HTMLFormElement)) return;
    const data = new FormData(form);
    const text = (name: string): string => {
      const value = data.get(name);
      return typeof value === 'string' ? value.trim() : '';
    };
    const to =
      kind === 'webhook'
        ? { url: text('url'), secret: text('secret') }
        : { addresses: namesOf(text('addresses')) };
    api('POST', path, {
      kind,
      ...to,
      events: data.getAll('events'),
      branches: namesOf(text('branches')),
    }).then(
      () => {
        form.reset();
        setError(null);
        onAdded();
      },
      (reason: unknown) => setError(asApiError(reason)),
    );
  };
  return (
    <form onSubmit={submit}>
      <label>
        Send by
        <select
          value={kind}
          onChange={(event) => setKind(event.currentTarget.value === 'email' ? 'email' : 'webhook')}
        >
          <option value="webhook">webhook</option>
          <option value="email">e-mail</option>
        </select>
      </label>
      {kind === 'webhook' ? (
        <>
          <label>
            Address of the webhook
            <input name="url" type="url" required placeholder="https://hooks.example.com/slipway" />
          </label>
          <label>
            Signing secret <span class="hint">at least 16 characters; the receiver verifies with it</span>
            <input name="secret" type="password" required minLength={16} autocomplete="off" />
          </label>
        </>
      ) : (
        <label>
          E-mail addresses <span class="hint">with commas between</span>
          <input name="addresses" required placeholder="ada@example.com, bob@example.com" />
        </label>
      )}
      <fieldset>
        <legend>Tell of</legend>
        {EVENTS.map((event) => (
          <label key={event} class="check">
            <input name="events" type="checkbox" value={event} defaultChecked={CHOSEN.has(event)} />
            {NOTIFICATION_EVENTS[event]}
          </label>
        ))}
      </fieldset>
      <label>
        Branches{' '}
        <span class="hint">
          with commas between, * for any text; empty: every one, tags and pull requests too
        </span>
        <input name="branches" placeholder="main, release/*" />
      </label>
      <button type="submit">Add notification</button>
      {error !== null && <ErrorBox error={error} />}
    </form>
  );
}

/** What most want: the news, and not each end. */
const CHOSEN: ReadonlySet<NotificationEvent> = new Set([
  'build.failed',
  'build.recovered',
  'deployment.failed',
]);
