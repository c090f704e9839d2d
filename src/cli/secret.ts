import type { ProjectView } from '../core/views/project-view.ts';
import { callServer, demandVerb, UsageError, type ServerCommand } from './call-server.ts';
import { segment } from './find.ts';
import { readSecret } from './read-secret.ts';

const secret: ServerCommand = {
  usage: `slipway secret set <project> <name> [--file FILE]   (the value comes by standard input)
       slipway secret list <project>
       slipway secret remove <project> <name>`,
  arguments: [1, 3],
  fields: { name: { argument: 2, called: 'name' } },
  options: { file: { type: 'string' } },
  run: async ({ api, positionals, values, say }) => {
    const [verb = '', project = '', name] = positionals;
    demandVerb('secret', verb, ['set', 'list', 'remove']);
    if (project === '') throw new UsageError(`secret ${verb} needs a project`);
    if (verb === 'list') {
      const { secretNames } = await api.request<ProjectView>('GET', `/projects/${segment(project)}`);
      say(values['json'] === true ? JSON.stringify(secretNames) : secretNames.join('\n') || 'no secrets');
      return 0;
    }
    if (name === undefined) throw new UsageError(`secret ${verb} needs a project and a name`);
    const path = `/projects/${segment(project)}/secrets/${segment(name)}`;
    if (verb === 'set') {
      const file = typeof values['file'] === 'string' ? values['file'] : undefined;
      await api.request('PUT', path, { value: await readSecret(file, 'value') });
    } else await api.request('DELETE', path);
    say(`${verb === 'set' ? 'set' : 'removed'} ${name} of ${project}`);
    return 0;
  },
};

/** `slipway secret …`. Gives the exit status. */
export const secretCommand = (argv: readonly string[]): Promise<number> => callServer(secret, argv);
