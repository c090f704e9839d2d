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

/**
 * One that a job asks for; none for an engine, which is noted.
 * @param inJob Commands and values of the job: what may reach the service by a name.
 */
export function readService(service: Foreign, texts: JobText, inJob: string): readonly JobService[] {
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
  const host = nameOf(service, namesThere(image, alias ?? ''), inJob);
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

/** What a service is called there: its aliases, and two names after its image (GitLab, `ci/services`). */
interface NamesThere {
  readonly aliases: readonly string[];
  readonly ofImage: readonly string[];
}

function namesThere(image: string, alias: string): NamesThere {
  const repository = repositoryOf(image);
  return {
    aliases: alias.split(/[\s,]+/).filter((one) => one !== ''),
    ofImage: [repository.replaceAll('/', '-'), repository.replaceAll('/', '__')],
  };
}

/** As a host, the first of its names; noted where the job calls it otherwise. */
function nameOf(service: Foreign, { aliases, ofImage }: NamesThere, inJob: string): string {
  const [first = '', ...others] = aliases.length > 0 ? aliases : ofImage.slice(0, 1);
  const host = hostNameOf(first);
  const isCalledOtherwise = ofImage.some((one) => one !== host && isNamedIn(inJob, one));
  if (others.length > 0 || host !== first.toLowerCase() || isCalledOtherwise)
    service.changes(`its name as a host is \`${host}\` alone`, 'Name it so where it is reached.');
  return host;
}

/** Whether a text has it, and not as a part of another name. */
function isNamedIn(text: string, name: string): boolean {
  const around = text.split(name);
  return around.slice(1).some((after, index) => {
    const before = around[index] ?? '';
    return !/[\w.-]$/.test(before) && !/^(?:[\w-]|\.\w)/.test(after);
  });
}
