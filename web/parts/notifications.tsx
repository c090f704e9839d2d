import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import {
  NOTIFICATION_EVENTS,
  type NotificationEvent,
  type NotificationTargetView,
} from '../../src/core/notification.ts';
import type { Page } from '../../src/core/views/page.ts';
import type { ProjectView } from '../../src/core/views/project-view.ts';
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
  target,
  onChange,
}: {
  path: string;
  target: NotificationTargetView;
  onChange: () => void;
}) {
  const { id, kind, to, events, branches, last } = target;
  const name = to.join(', ');
  const [isChanging, setChanging] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  // The focus goes back to where it was.
  const was = useRef(false);
  useLayoutEffect(() => {
    if (!isChanging && was.current) button.current?.focus();
    was.current = isChanging;
  }, [isChanging]);
  if (isChanging) {
    const leave = (): void => setChanging(false);
    const changed = (): void => {
      leave();
      onChange();
    };
    return (
      <li>
        <ChangeTarget path={path} target={target} onChanged={changed} onLeft={leave} />
      </li>
    );
  }
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
        <button
          type="button"
          class="quiet"
          ref={button}
          aria-label={`change ${name}`}
          onClick={() => setChanging(true)}
        >
          Change
        </button>
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

type Kind = NotificationTargetView['kind'];

function AddTarget({ path, onAdded }: { path: string; onAdded: () => void }) {
  const [kind, setKind] = useState<Kind>('webhook');
  return (
    <TargetForm
      kind={kind}
      target={null}
      save={(fields) => api('POST', path, { kind, ...fields }).then(onAdded)}
    >
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
    </TargetForm>
  );
}

interface ChangeProps {
  readonly path: string;
  readonly target: NotificationTargetView;
  readonly onChanged: () => void;
  readonly onLeft: () => void;
}

/** A target's own form in its place; Escape leaves it as it was. */
function ChangeTarget({ path, target, onChanged, onLeft }: ChangeProps) {
  const form = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => form.current?.querySelector('input')?.focus(), []);
  const onKey = (event: KeyboardEvent): void => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    onLeft();
  };
  return (
    <div
      class="target-change"
      role="group"
      aria-label={`Change ${target.to.join(', ')}`}
      ref={form}
      onKeyDown={onKey}
    >
      <TargetForm
        kind={target.kind}
        target={target}
        save={(fields) => api('PATCH', `${path}/${target.id}`, fields).then(onChanged)}
        onLeft={onLeft}
      />
    </div>
  );
}

interface TargetFormProps {
  readonly kind: Kind;
  /** What is changed; null: a new one. What a webhook keeps for itself is then not shown, and stays where its field is empty. */
  readonly target: NotificationTargetView | null;
  readonly save: (fields: Readonly<Record<string, unknown>>) => Promise<unknown>;
  readonly onLeft?: () => void;
  readonly children?: ComponentChildren;
}

function TargetForm({ kind, target, save, onLeft, children }: TargetFormProps) {
  const [error, setError] = useState<ApiError | null>(null);
  const isNew = target === null;
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(form instanceof HTMLFormElement)) return;
    save(fieldsOf(new FormData(form), kind, isNew)).then(
      () => {
        form.reset();
        setError(null);
      },
      (reason: unknown) => setError(asApiError(reason)),
    );
  };
  return (
    <form onSubmit={submit}>
      {children}
      {kind === 'webhook' ? (
        <>
          <label>
            {isNew ? 'Address of the webhook' : 'New address'}{' '}
            {!isNew && <span class="hint">empty: it stays at {target.to.join(', ')}</span>}
            <input name="url" type="url" required={isNew} placeholder="https://hooks.example.com/slipway" />
          </label>
          <label>
            {isNew ? 'Signing secret' : 'New signing secret'}{' '}
            <span class="hint">
              {isNew
                ? 'at least 16 characters; the receiver verifies with it'
                : 'at least 16 characters; empty: it stays'}
            </span>
            <input name="secret" type="password" required={isNew} minLength={16} autocomplete="off" />
          </label>
        </>
      ) : (
        <label>
          E-mail addresses <span class="hint">with commas between</span>
          <input
            name="addresses"
            required
            defaultValue={target?.to.join(', ') ?? ''}
            placeholder="ada@example.com, bob@example.com"
          />
        </label>
      )}
      <fieldset>
        <legend>Tell of</legend>
        {EVENTS.map((event) => (
          <label key={event} class="check">
            <input
              name="events"
              type="checkbox"
              value={event}
              defaultChecked={isNew ? CHOSEN.has(event) : target.events.includes(event)}
            />
            {NOTIFICATION_EVENTS[event]}
          </label>
        ))}
      </fieldset>
      <label>
        Branches{' '}
        <span class="hint">
          with commas between, * for any text; empty: every one, tags and pull requests too
        </span>
        <input
          name="branches"
          defaultValue={target?.branches.join(', ') ?? ''}
          placeholder="main, release/*"
        />
      </label>
      {isNew ? (
        <button type="submit">Add notification</button>
      ) : (
        <div class="actions">
          <button type="submit">Save changes</button>
          <button type="button" class="quiet" onClick={onLeft}>
            Leave it as it was
          </button>
        </div>
      )}
      {error !== null && <ErrorBox error={error} />}
    </form>
  );
}

/** What the form says, as the API takes it; without what a change leaves as it is. */
function fieldsOf(data: FormData, kind: Kind, isNew: boolean): Readonly<Record<string, unknown>> {
  const text = (name: string): string => {
    const value = data.get(name);
    return typeof value === 'string' ? value.trim() : '';
  };
  const own = kind === 'webhook' ? ['url', 'secret'] : [];
  const kept = own.filter((name) => isNew || text(name) !== '').map((name) => [name, text(name)] as const);
  return {
    ...Object.fromEntries(kept),
    ...(kind === 'email' ? { addresses: namesOf(text('addresses')) } : {}),
    events: data.getAll('events'),
    branches: namesOf(text('branches')),
  };
}

/** What most want: the news, and not each end. */
const CHOSEN: ReadonlySet<NotificationEvent> = new Set([
  'build.failed',
  'build.recovered',
  'deployment.failed',
]);
