import type { ProjectView } from '../core/view.ts';
import { callServer, UsageError, type ServerCommand } from './call-server.ts';
import { segment } from './find.ts';
import { readSecret } from './read-secret.ts';

const secret: ServerCommand = {
  usage: `slipway secret set <project> <name> [--file FILE]   (the value comes by standard input)
       slipway secret list <project>
       slipway secret remove <project> <name>`,
  arguments: [2, 3],
  options: { file: { type: 'string' } },
  run: async ({ api, positionals, values, say }) => {
    const [verb = '', project = '', name] = positionals;
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
    } else if (verb === 'remove') await api.request('DELETE', path);
    else throw new UsageError(`there is no "secret ${verb}"`);
    say(`${verb === 'set' ? 'set' : 'removed'} ${name} of ${project}`);
    return 0;
  },
};

/** `slipway secret …`. Gives the exit status. */
export const secretCommand = (argv: readonly string[]): Promise<number> => callServer(secret, argv);
