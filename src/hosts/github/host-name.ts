/**
 * Host name in the addresses of the repositories that an API serves: `github.com` of `https://api.github.com`,
 * `SUBDOMAIN.ghe.com` of `https://api.SUBDOMAIN.ghe.com`, `HOST` of `https://HOST/api/v3` (GitHub Enterprise Server).
 */
export function hostNameOf(api: string): string {
  const { hostname } = new URL(api);
  return /^api\.(github\.com|[^.]+\.ghe\.com)$/.exec(hostname)?.[1] ?? hostname;
}

/** Whether a clone address is of that host; ports do not count, since ssh and http have different ones. */
export function isOnHost(cloneUrl: string, hostName: string): boolean {
  return URL.canParse(cloneUrl) && new URL(cloneUrl).hostname.toLowerCase() === hostName.toLowerCase();
}

/** `owner` and `name` of a full name. */
export function splitName(fullName: string): { readonly owner: string; readonly repo: string } {
  const [owner = '', ...rest] = fullName.split('/');
  return { owner, repo: rest.join('/') };
}
