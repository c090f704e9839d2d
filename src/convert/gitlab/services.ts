import type { Foreign } from '../foreign.ts';
import { hostNameOf } from '../names.ts';
import { copy, entry, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { pullEntry } from '../pull.ts';
import type { JobText } from './variables.ts';

/** A container beside a job. */
export interface JobService {
  /** As a host. */
  readonly name: string;
  readonly out: Out;
}

/** One that a job asks for; none for an engine, which is noted. */
export function readService(service: Foreign, texts: JobText): readonly JobService[] {
  const name = service.kind === 'map' ? service.get('name') : service;
  const image = texts.word(name?.text() ?? '', name ?? service);
  const alias = service.kind === 'map' ? service.get('alias')?.text() : null;
  if (/(?:^|\/)docker(?::|@|$)/.test(image)) {
    service.leaveOut(
      'no container of a build is privileged, so it cannot run an engine',
      'Build the image by `image:`.',
    );
    return [];
  }
  const host = nameOf(service, alias?.trim() || repositoryOf(image).replaceAll('/', '-'));
  const more: (OutEntry | null)[] = [];
  if (service.kind === 'map') {
    service
      .get('entrypoint')
      ?.leaveOut('a service runs its image’s own command, or `commands`', 'Write `commands`.');
    more.push(pullEntry(service.get('pull_policy')));
    service.get('docker')?.leaveOut('an image runs as it is', 'Remove it.');
    service.get('kubernetes')?.leaveOut('an image runs as it is', 'Remove it.');
    const command = service.get('command');
    if (command !== undefined) {
      command.changes(
        'it is given to a shell, and not to the entrypoint of the image',
        'Write the whole command in `commands`.',
      );
      more.push(
        entry(
          'commands',
          text(
            command
              .oneOrMore()
              .map((one) => one.text() ?? '')
              .join(' '),
            command,
          ),
          command,
        ),
      );
    }
    const variables = service.get('variables');
    if (variables !== undefined)
      more.push(
        entry(
          'environment',
          copy(variables, (one, at) => texts.value(one, at)),
          variables,
        ),
      );
  }
  return [
    {
      name: host,
      out: map(
        [
          entry('name', text(host, service), service),
          entry('image', text(image, name ?? service), name ?? service),
          ...more,
        ],
        service,
      ),
    },
  ];
}

/** Of an image, without the port of its registry, its tag and its digest (GitLab Runner, `SplitNameAndVersion`). */
const repositoryOf = (image: string): string =>
  image.replace(/(?::[^/]*)?(?:@.*)?$/, '').replace(/^([^/:]*):\d+(?=\/)/, '$1');

/** As a host: the first of several aliases; noted where it is called otherwise. */
function nameOf(service: Foreign, written: string): string {
  const [first = '', ...others] = written.split(/[\s,]+/).filter((one) => one !== '');
  const host = hostNameOf(first);
  if (others.length > 0 || host !== first.toLowerCase())
    service.changes(`its name as a host is \`${host}\` alone`, 'Name it so where it is reached.');
  return host;
}
