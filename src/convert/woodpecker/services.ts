import type { Foreign } from '../foreign.ts';
import { hostNameOf, isFalse } from '../names.ts';
import { copy, entry, map, text } from '../out.ts';
import type { Out, OutEntry } from '../out.ts';
import { pullEntry } from '../pull.ts';
import { stepText } from '../substitution.ts';
import { environmentEntry } from './environment.ts';
import { mayBeService, serviceConditions } from './service-when.ts';
import { wordEntry } from './step.ts';
import type { ReadStep, StepWords } from './step.ts';
import { volumesEntry } from './volumes.ts';

const LEFT_OUT: Readonly<Record<string, readonly [string, string]>> = {
  privileged: ['no container of a build is privileged', 'Build images with `image:`.'],
  depends_on: ['services start together', 'Write `ready` for the service.'],
  entrypoint: ['a service runs its image’s own command, or `commands`', 'Write `commands`.'],
  directory: ['a service has no checkout', 'Remove it.'],
  working_dir: ['a service has no checkout', 'Remove it.'],
  settings: ['a service is given `environment`', 'Write them as PLUGIN_… in `environment`.'],
  failure: ['the end of a service ends no build', 'Remove it.'],
  backend_options: ['limits and users are the operator’s and the image’s', 'Remove it.'],
  user: ['a service runs as its image’s user', 'Set USER in the image.'],
  network_mode: ['the network is set by Slipway', 'Remove it.'],
  devices: ['no device of the host is given to a service', 'Remove it.'],
  tmpfs: ['a service keeps its data for one build', 'Remove it.'],
  dns: ['the network is set by the operator', 'Remove it.'],
  dns_search: ['the network is set by the operator', 'Remove it.'],
  extra_hosts: ['the network is set by the operator', 'Remove it.'],
  shm_size: ['limits are set by the operator', 'Remove it.'],
  resources: ['limits are set by the operator', 'Remove it.'],
};

/**
 * Null, and noted, where it would run in builds where it does not there.
 * @param ofFile The `when` of the workflow; null where it has none.
 */
export function readService(
  service: Foreign,
  name: string,
  words: StepWords,
  ofFile: Out | null,
): Out | null {
  const texts = stepText(words.dialect, words.matrix);
  service.get('name')?.use();
  for (const [key, [why, fix]] of Object.entries(LEFT_OUT)) {
    const one = service.get(key);
    if (one !== undefined && isFalse(one)) one.needs('it asks for nothing');
    else one?.leaveOut(why, fix);
  }
  service.get('ports')?.needs('steps reach every port of a service');
  service.get('detach')?.needs('a service runs beside the steps');
  const commands = service.get('commands') ?? service.get('command');
  const entries = [
    entry('name', text(renamed(name, service), service), service),
    wordEntry(service.get('image'), texts),
    pullEntry(service.get('pull')),
    environmentEntry(
      words.environment,
      service.get('environment'),
      service.get('secrets'),
      words.dialect,
      texts,
    ),
    commands === undefined ? null : commandsEntry(commands),
    volumesEntry(service.get('volumes'), words.declaredVolumes),
  ];
  const conditions = serviceConditions(service, words);
  return mayBeService(service, conditions, ofFile, entries) ? map(entries, service) : null;

  function commandsEntry(own: Foreign): OutEntry {
    const command = own.key === 'command' && own.kind === 'list' ? own.items() : null;
    if (command !== null) {
      own.changes(
        'its words are given to a shell, and not to the entrypoint of the image',
        'Write the whole command, with its program, in `commands`.',
      );
      return entry('commands', text(command.map((one) => one.text() ?? '').join(' '), own), own);
    }
    if (own.key === 'command')
      own.changes(
        'it is given to a shell, and not to the entrypoint of the image',
        'Write the whole command, with its program, in `commands`.',
      );
    return entry(
      'commands',
      copy(own, (one, at) => texts.command(one, at)),
      own,
    );
  }
}

const OF_SERVICES: readonly string[] = ['image', 'pull', 'commands', 'volumes'];

/** A step that goes on beside the others is a service; null, and noted, where it would run in more builds than there. */
export function detachedService(step: ReadStep, ofFile: Out | null): Out | null {
  const entries = [...step.entries, step.environment];
  if (!mayBeService(step.from, step.when, ofFile, entries)) return null;
  step.from.changes(
    'a detached step becomes a service: it starts before all steps and has no checkout',
    'Put what it needs into its image.',
  );
  const kept = step.entries.filter((one) => one !== null && OF_SERVICES.includes(one.key));
  for (const one of step.entries)
    if (one !== null && !OF_SERVICES.includes(one.key))
      one.from?.leaveOut('a service does not have it', 'Remove it.');
  step.dependsFrom?.leaveOut('services start together', 'Write `ready` for the service.');
  return map(
    [entry('name', text(renamed(step.name, step.from), step.from), step.from), ...kept, step.environment],
    step.from,
  );
}

function renamed(name: string, from: Foreign): string {
  const host = hostNameOf(name);
  if (host !== name) from.changes(`its name as a host is \`${host}\``, 'Name it so where it is reached.');
  return host;
}
