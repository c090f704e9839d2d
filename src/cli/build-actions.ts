import { callServer, type ServerCommand } from './call-server.ts';
import type { BuildView } from '../core/views/build-view.ts';
import { findBuild, findStep, segment } from './find.ts';
import { readPairs } from './read-pairs.ts';

const cancel: ServerCommand = {
  usage: `slipway cancel <build> [step]   (an id, or like shop/web#12)

With a step, by its name or as workflow:step, only that ends, and what depends on it; the rest of the build goes on.`,
  arguments: [1, 2],
  run: async ({ api, positionals: [build = '', step], say }) => {
    const id = await findBuild(api, build);
    if (step === undefined) {
      await api.request('POST', `/builds/${segment(id)}/cancel`);
      say(`${build} is being cancelled`);
      return 0;
    }
    const view = await api.request<BuildView>('GET', `/builds/${segment(id)}`);
    await api.request('POST', `/steps/${segment(findStep(view, step))}/cancel`);
    say(`step ${step} of ${build} is being cancelled`);
    return 0;
  },
};

const rerun: ServerCommand = {
  usage: `slipway rerun <build> [--failed]   (an id, or like shop/web#12)

  --failed       only what did not end green, in the same image; what was green is taken over`,
  arguments: [1, 1],
  options: { failed: { type: 'boolean' } },
  run: async ({ api, positionals: [build = ''], values, say }) => {
    const id = await findBuild(api, build);
    const body = values['failed'] === true ? { only: 'failed' } : {};
    const made = await api.request<{ id: string; number: number }>(
      'POST',
      `/builds/${segment(id)}/rerun`,
      body,
    );
    const what = values['failed'] === true ? `what failed of ${build}` : build;
    say(
      values['json'] === true ? JSON.stringify(made) : `${what} runs again as #${made.number} (${made.id})`,
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
