import { callServer, type ServerCommand } from './call-server.ts';
import { findBuild, segment } from './find.ts';
import { readPairs } from './read-pairs.ts';

const cancel: ServerCommand = {
  usage: 'slipway cancel <build>   (an id, or like shop/web#12)',
  arguments: [1, 1],
  run: async ({ api, positionals: [build = ''], say }) => {
    await api.request('POST', `/builds/${segment(await findBuild(api, build))}/cancel`);
    say(`${build} is being cancelled`);
    return 0;
  },
};

const rerun: ServerCommand = {
  usage: 'slipway rerun <build>   (an id, or like shop/web#12)',
  arguments: [1, 1],
  run: async ({ api, positionals: [build = ''], values, say }) => {
    const id = await findBuild(api, build);
    const made = await api.request<{ id: string; number: number }>('POST', `/builds/${segment(id)}/rerun`);
    say(
      values['json'] === true ? JSON.stringify(made) : `${build} runs again as #${made.number} (${made.id})`,
    );
    return 0;
  },
};

const runNow: ServerCommand = {
  usage: 'slipway run-now <project> [branch] [--input NAME=VALUE]…   (what the pipeline file asks for)',
  arguments: [1, 2],
  options: { input: { type: 'string', multiple: true }, branch: { type: 'string' } },
  run: async ({ api, positionals: [project = '', place], values, say }) => {
    const path = `/projects/${segment(project)}/builds`;
    const branch = place ?? (typeof values['branch'] === 'string' ? values['branch'] : undefined);
    const inputs = readPairs('input', values['input']);
    const made = await api.request<{ id: string; number: number }>('POST', path, { branch, inputs });
    say(values['json'] === true ? JSON.stringify(made) : `${project}#${made.number} (${made.id})`);
    return 0;
  },
};

/** `slipway cancel`. Gives the exit status. */
export const cancelCommand = (argv: readonly string[]): Promise<number> => callServer(cancel, argv);
/** `slipway rerun`. Gives the exit status. */
export const rerunCommand = (argv: readonly string[]): Promise<number> => callServer(rerun, argv);
/** `slipway run-now`. Gives the exit status. */
export const runNowCommand = (argv: readonly string[]): Promise<number> => callServer(runNow, argv);
