import type { Foreign } from '../foreign.ts';
import { hostNameOf, isVariable } from '../names.ts';
import { entry, list, map, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { definedBy } from './defined-by.ts';
import type { Start } from './start.ts';
import { stepExpressions } from './expressions.ts';

/** Containers beside the steps of a job. */
export function servicesEntry(
  services: Foreign,
  isInContainer: boolean,
  env: readonly (Foreign | undefined)[],
  start: Start,
): OutEntry {
  const texts = stepExpressions(definedBy(env), start);
  return entry(
    'services',
    list(
      services.entries().flatMap((service) => {
        const image = service.get('image');
        const named = image === undefined ? null : texts.word(image.text() ?? '', image);
        if (named === '') {
          service.leaveOut('it names no image, and is left out', 'Remove it.');
          service.use();
          return [];
        }
        const ports = service.get('ports');
        if (ports !== undefined && !isInContainer)
          ports.changes(
            `steps reach it as \`${hostNameOf(service.key)}\`, and not on localhost`,
            'Write its name as the host.',
          );
        ports?.needs('steps reach every port of a service');
        service
          .get('credentials')
          ?.leaveOut('logins of registries are the server’s', 'Use `slipway registry login`.');
        service.get('volumes')?.leaveOut('a service keeps its data for one build', 'Remove it.');
        for (const key of ['command', 'entrypoint'])
          service.get(key)?.leaveOut('a service runs its image’s own command', 'Write `commands`.');
        const options = service.get('options');
        const written = options?.text() ?? '';
        const health = /--health-cmd[= ](?:"([^"]+)"|'([^']+)'|(\S+))/.exec(written);
        const others = written.replace(/--health-[\w-]+[= ](?:"[^"]*"|'[^']*'|\S+)/g, '').trim();
        if (others !== '')
          options?.changes(
            `\`${others.slice(0, 40)}\` is not passed on`,
            'Limits and network are the operator’s.',
          );
        const variables = service.get('env');
        const command = health?.slice(1).find((one) => one !== undefined);
        return map(
          [
            entry('name', text(hostNameOf(service.key), service), service),
            image === undefined ? null : entry('image', text(named ?? '', image), image),
            variables === undefined
              ? null
              : entry(
                  'environment',
                  map(
                    variables.entries().map((one) => {
                      if (isVariable(one.key)) return entry(one.key, texts.value(one.text() ?? '', one), one);
                      one.leaveOut('it is no name of a variable', 'Names have A-Z, a-z, 0-9 and `_`.');
                      return null;
                    }),
                  ),
                  variables,
                ),
            command === undefined ? null : entry('ready', text(command, options ?? null), options ?? null),
          ],
          service,
        );
      }),
      services,
    ),
    services,
  );
}
