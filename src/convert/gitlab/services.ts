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
  const host = hostNameOf(alias ?? image.replace(/[:@].*$/, '').replaceAll('/', '-'));
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
