import { workflowLabel } from '../core/matrix-label.ts';
import type { BuildSummary, BuildView } from '../core/views/build-view.ts';
import type { EnvironmentView } from '../core/views/environment-view.ts';
import type { Page } from '../core/views/page.ts';
import type { ApiClient } from './api-client.ts';
import { WrongValue } from './call-server.ts';

/** A path segment of the API. */
export function segment(text: string): string {
  return encodeURIComponent(text);
}

/** The id of a build named by its id or as `shop/web#12`. @throws WrongValue. */
export async function findBuild(api: ApiClient, name: string): Promise<string> {
  if (name.startsWith('bld_')) return name;
  const [, project = '', number = ''] = /^(.+)#(\d+)$/.exec(name) ?? [];
  if (project === '') throw new WrongValue(`${name} is no build; name it by its id or like shop/web#12`);
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
  throw new WrongValue(`${project} has no build ${number}`);
}

/** The id of a step of a build, named by its id, its name, or as `workflow:step`. @throws WrongValue. */
export function findStep({ workflows }: Pick<BuildView, 'workflows'>, name: string): string {
  const all = workflows.flatMap((workflow) =>
    workflow.steps.map((step) => ({ ...step, full: `${workflowLabel(workflow)}:${step.name}` })),
  );
  const found = all.filter((step) => [step.id, step.name, step.full].includes(name));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first.id;
  if (first !== undefined)
    throw new WrongValue(
      `there are ${found.length} steps ${name}: ${found.map(({ full }) => full).join(', ')}`,
    );
  throw new WrongValue(`the build has no step ${name}; it has: ${all.map((step) => step.name).join(', ')}`);
}

/** An environment named by its id or as `shop/web:production`. @throws WrongValue. */
export async function findEnvironment(api: ApiClient, name: string): Promise<EnvironmentView> {
  const { items } = await api.request<Page<EnvironmentView>>('GET', '/environments');
  const found = items.find((one) => one.id === name || `${one.projectPath}:${one.name}` === name);
  if (found !== undefined) return found;
  const known = items.map((one) => `${one.projectPath}:${one.name}`).join(', ') || 'none';
  throw new WrongValue(`there is no environment ${name}; there are: ${known}`);
}
