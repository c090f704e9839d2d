import type { AuditSubject } from '../src/core/audit.ts';

const FILTERS = ['action', 'actor', 'subject'] as const;

/** The query of the audit log for what of a filter says something, `?action=…&actor=…`; empty for none. */
export function filterQuery(values: Readonly<Record<string, string>>): string {
  const set = FILTERS.flatMap((name) => {
    const value = values[name]?.trim() ?? '';
    return value === '' ? [] : [`${name}=${encodeURIComponent(value)}`];
  });
  return set.length === 0 ? '' : `?${set.join('&')}`;
}

const PAGES: Partial<Record<AuditSubject['kind'], string>> = {
  build: '/builds/',
  delivery: '/deliveries/',
  environment: '/environments/',
  project: '/projects/',
  secret: '/projects/',
};

/** The page of what an entry is about; null where it has none. */
export function subjectLink(subject: AuditSubject | null): string | null {
  const page = subject === null ? undefined : PAGES[subject.kind];
  return page === undefined || subject?.id == null ? null : `${page}${subject.id}`;
}
