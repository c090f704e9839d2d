import { createHash } from 'node:crypto';

/** Tags by the OCI distribution specification 1.1, "Pulling manifests". */
const TAG = /^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/;

export function isTag(text: string): boolean {
  return TAG.test(text);
}

/**
 * A name as a valid tag: lower case, every run of other characters than a-z, 0-9, `_` and `.` is one `-`,
 * at most 63 characters. A name of which nothing is left gets `ref-` and 12 digits of its hash.
 */
export function slugOf(name: string): string {
  const slug = name
    .toLowerCase()
    .replace(/[^a-z0-9_.]+/g, '-')
    .replace(/^[-.]+/, '')
    .slice(0, 63)
    .replace(/[-.]+$/, '');
  return slug === '' ? `ref-${createHash('sha256').update(name).digest('hex').slice(0, 12)}` : slug;
}

/** The path of a project as a repository of a registry: lower case, each part of characters that are allowed. */
export function repositoryOf(projectPath: string): string {
  const parts = projectPath
    .toLowerCase()
    .split('/')
    .map((part) =>
      part
        .replace(/[^a-z0-9._-]+/g, '-')
        .replace(/^[._-]+|[._-]+$/g, '')
        .replace(/[._]{2,}/g, '-'),
    )
    .filter((part) => part !== '');
  return parts.join('/') || 'project';
}
