import type { Page } from '../core/views/page.ts';
import type { ScheduleView } from '../core/views/project-view.ts';
import { callServer, demandVerb, UsageError, type ServerCommand } from './call-server.ts';
import { segment } from './find.ts';
import { oneLine, paint, paintStatus, table } from './print.ts';

const schedule: ServerCommand = {
  usage: `slipway schedule list <project>
       slipway schedule enable <project> <name>
       slipway schedule disable <project> <name>`,
  arguments: [1, 3],
  run: async ({ api, positionals, values, say }) => {
    const [verb = '', project = '', name] = positionals;
    demandVerb('schedule', verb, ['list', 'enable', 'disable']);
    if (project === '') throw new UsageError(`schedule ${verb} needs a project`);
    const path = `/projects/${segment(project)}/schedules`;
    if (verb === 'list') {
      const page = await api.request<Page<ScheduleView>>('GET', path);
      if (values['json'] === true) say(JSON.stringify(page));
      else
        say(table(page.items.map(row)) || `no schedules: the default branch's pipeline file has no \`cron\``);
      return;
    }
    if (name === undefined) throw new UsageError(`schedule ${verb} needs a project and a name`);
    const changed = await api.request<ScheduleView>('PATCH', `${path}/${segment(name)}`, {
      enabled: verb === 'enable',
    });
    say(values['json'] === true ? JSON.stringify(changed) : row(changed).join('  '));
  },
};

/** `slipway schedule …`. Gives the exit status. */
export const scheduleCommand = (argv: readonly string[]): Promise<number> => callServer(schedule, argv);

function row({
  name,
  expression,
  timezone,
  enabled,
  nextMs,
  lastBuild,
  problem,
}: ScheduleView): readonly string[] {
  const [next] = nextMs;
  return [
    oneLine(name, 30),
    expression,
    timezone,
    enabled && next !== undefined ? `next ${new Date(next).toISOString()}` : 'disabled',
    lastBuild === null ? '' : `#${lastBuild.number} ${paintStatus(lastBuild.status)}`,
    paint('dim', oneLine(problem ?? '', 80)),
  ];
}
