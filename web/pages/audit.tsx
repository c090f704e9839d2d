import { useLocation } from 'preact-iso';
import { AUDIT_ACTIONS, type AuditActor, type AuditEntryView } from '../../src/core/audit.ts';
import { filterQuery, subjectLink } from '../audit-words.ts';
import { Empty, Waiting } from '../parts/load.tsx';
import { Older, usePages } from '../parts/pages.tsx';
import { Ago } from '../parts/time.tsx';
import { useTitle } from '../parts/title.ts';

/** Who changed what, newest first; the address of the page holds the filter. */
export function AuditPage() {
  const { query } = useLocation();
  const filter = filterQuery(query);
  const pages = usePages<AuditEntryView>(`/audit${filter}`);
  useTitle('Audit log');
  return (
    <>
      <h1>Audit log</h1>
      <Filter key={filter} query={query} />
      {pages.items === null ? (
        <Waiting error={pages.error} what="the audit log" />
      ) : pages.items.length === 0 ? (
        <Empty title="No entries">
          <p>{filter === '' ? 'Nothing was changed yet.' : 'None fits the filter.'}</p>
        </Empty>
      ) : (
        <Entries entries={pages.items} />
      )}
      <Older pages={pages} what="entries" />
    </>
  );
}

function Filter({ query }: { query: Readonly<Record<string, string>> }) {
  const { route } = useLocation();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    if (!(event.currentTarget instanceof HTMLFormElement)) return;
    const form = new FormData(event.currentTarget);
    const chosen = [...form].map(([name, value]) => [name, typeof value === 'string' ? value : ''] as const);
    route(`/audit${filterQuery(Object.fromEntries(chosen))}`);
  };
  return (
    <form class="audit-filter" role="search" onSubmit={submit}>
      <label>
        Action
        <select name="action" defaultValue={query['action'] ?? ''}>
          <option value="">every action</option>
          {Object.keys(AUDIT_ACTIONS).map((action) => (
            <option key={action} value={action}>
              {action}
            </option>
          ))}
        </select>
      </label>
      <label>
        Who
        <input name="actor" defaultValue={query['actor'] ?? ''} placeholder="a name" />
      </label>
      <label>
        What
        <input name="subject" defaultValue={query['subject'] ?? ''} placeholder="shop/web" />
      </label>
      <button type="submit">Filter</button>
    </form>
  );
}

function Entries({ entries }: { entries: readonly AuditEntryView[] }) {
  return (
    <table class="audit">
      <thead>
        <tr>
          <th>When</th>
          <th>Who</th>
          <th>What</th>
          <th>Outcome</th>
          <th>From</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </tbody>
    </table>
  );
}

function Entry({ entry }: { entry: AuditEntryView }) {
  const { action, actor, address, refused, requestId, subject } = entry;
  const link = subjectLink(subject);
  const name = subject?.name ?? subject?.id ?? null;
  return (
    <tr>
      <td class="audit-when">
        <Ago atMs={entry.atMs} />
      </td>
      <td class="audit-who">
        <Actor actor={actor} />
      </td>
      <td class="audit-what">
        {refused === null ? <span title={action}>{AUDIT_ACTIONS[action]}</span> : <code>{action}</code>}{' '}
        {name !== null && (link === null ? <strong>{name}</strong> : <a href={link}>{name}</a>)}
      </td>
      <td class="audit-outcome">
        {refused === null ? (
          <span class="status status-success">done</span>
        ) : (
          <>
            <span class="status status-failure">refused</span> <code>{refused}</code>
          </>
        )}
      </td>
      <td class="audit-from">
        <span>{address ?? 'the server'}</span>
        {requestId !== null && (
          <code title={`request ${requestId}, as in the server's log`}>{requestId.slice(0, 8)}</code>
        )}
      </td>
    </tr>
  );
}

function Actor({ actor: { kind, name, via } }: { actor: AuditActor }) {
  if (kind === 'nobody') return <span class="muted">somebody unknown</span>;
  if (kind === 'server') return <span class="muted">the server</span>;
  return (
    <>
      <strong>{name}</strong>{' '}
      <span class="muted">
        {kind === 'worker' ? 'a worker' : via === 'session' ? 'on a page' : 'by token'}
      </span>
    </>
  );
}
