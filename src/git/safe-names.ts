import { Problem } from '../core/problem.ts';

/** A commit's id. @throws Problem `request_wrong` for anything but 40 hex digits. */
export function safeCommit(commit: string): string {
  if (/^[0-9a-f]{40}$/.test(commit)) return commit;
  throw new Problem('request_wrong', { field: 'commit', cause: 'is not 40 hex digits' });
}

/** A full ref name. @throws Problem `request_wrong` for what git could take for something else. */
export function safeRef(ref: string): string {
  if (/^refs\/[^\s~^:?*[\\]+$/.test(ref) && !ref.includes('..')) return ref;
  throw new Problem('request_wrong', { field: 'ref', cause: 'is not a ref' });
}

/** An id that names a folder. @throws Problem `request_wrong`. */
export function safeId(id: string): string {
  if (/^[\w-]{1,64}$/.test(id)) return id;
  throw new Problem('request_wrong', { field: 'project', cause: 'is not an id' });
}

/** A path in a repository, for a line-based command. @throws Problem `request_wrong`. */
export function safePath(name: string): string {
  if (!/[\n\r\0]/.test(name)) return name;
  throw new Problem('request_wrong', { field: 'path', cause: 'has a line break' });
}
