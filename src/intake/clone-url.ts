import { Problem } from '../core/problem.ts';

/** A clone address, taken apart. */
export interface CloneUrl {
  /** Without credentials, query and fragment. */
  readonly url: string;
  /** `owner/name` (or deeper), without `.git`, as the host writes it. */
  readonly fullName: string;
  /** A password that stood in the address; it is kept encrypted, never in the address. */
  readonly token: string | null;
}

/** Reads `https://…`, `http://…`, `ssh://…` and `git@host:owner/name.git`. @throws Problem `request_wrong`. */
export function parseCloneUrl(text: string): CloneUrl {
  const scp = /^(?<user>[\w.-]+)@(?<host>[\w.-]+):(?!\/)(?<path>\S+)$/.exec(text)?.groups;
  const address = scp === undefined ? text : `ssh://${scp['user']}@${scp['host']}/${scp['path']}`;
  if (!/^(https?|ssh):\/\/[^\s]+$/i.test(address) || !URL.canParse(address))
    throw wrong('is no https, http or ssh address of a repository');
  const url = new URL(address);
  const fullName = decodeURI(url.pathname)
    .replace(/^\/+|\/+$/g, '')
    .replace(/\.git$/, '');
  if (!/^[\w.-]+(\/[\w.-]+)+$/.test(fullName) || /(^|\/)\.\.?(\/|$)/.test(fullName))
    throw wrong('names no repository; it ends like owner/name.git');
  const token = decodeURIComponent(url.password) || null;
  url.password = '';
  if (url.protocol !== 'ssh:') url.username = '';
  url.search = '';
  url.hash = '';
  return { url: url.href, fullName, token };
}

/** Host name in an address, by which places are shared; the address itself where it has none. Pure. */
export function gitHostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname.toLowerCase() : url;
}

function wrong(cause: string): Problem {
  return new Problem('request_wrong', { field: 'cloneUrl', cause });
}
