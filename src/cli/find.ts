import type { BuildSummary, EnvironmentView, Page } from '../core/view.ts';
import type { ApiClient } from './api-client.ts';
import { UsageError } from './call-server.ts';

/** A path segment of the API. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

/** The id of a build named by its id or as `shop/web#12`. @throws UsageError. */
export async function findBuild(api: ApiClient, name: string): Promise<string> {
  if (name.startsWith('bld_')) return name;
  const [, project = '', number = ''] = /^(.+)#(\d+)$/.exec(name) ?? [];
  if (project === '') throw new UsageError(`${name} is no build; name it by its id or like shop/web#12`);
  let before = '';
  do {
    const page: Page<BuildSummary> = await api.request(
      'GET',
      `/builds?limit=200&project=${segment(project)}${before}`,
    );
    const found = page.items.find((build) => build.number === Number(number));
    if (found !== undefined) return found.id;
    before = page.next === null ? '' : `&before=${page.next}`;
  } while (before !== '');
  throw new UsageError(`${project} has no build ${number}`);
}

/** An environment named by its id or as `shop/web:production`. @throws UsageError. */
export async function findEnvironment(api: ApiClient, name: string): Promise<EnvironmentView> {
  const { items } = await api.request<Page<EnvironmentView>>('GET', '/environments');
  const found = items.find((one) => one.id === name || `${one.projectPath}:${one.name}` === name);
  if (found !== undefined) return found;
  const known = items.map((one) => `${one.projectPath}:${one.name}`).join(', ') || 'none';
  throw new UsageError(`there is no environment ${name}; there are: ${known}`);
}
