import type { PlanValue } from '../../core/plan.ts';
import { choice } from '../shape/choice.ts';
import { dictionary } from '../shape/dictionary.ts';
import { list, oneOrMore } from '../shape/list.ts';
import { record, required } from '../shape/record.ts';
import { scalar } from '../shape/scalar.ts';
import { defined, located, mapped } from '../shape/shape.ts';
import type { Shape } from '../shape/shape.ts';
import { secretName, variableName } from '../format/names.ts';
import { anyText, command } from '../format/text.ts';

export const secretReference = record('a reference to a secret', {
  from_secret: required(scalar(secretName), 'Name of a secret of the project.'),
});

/** Text, or the name of a secret. */
export const value: Shape<PlanValue> = defined(
  'value',
  choice<PlanValue>(
    {
      text: scalar(anyText),
      map: mapped(secretReference, ({ from_secret }): PlanValue => ({ fromSecret: from_secret })),
    },
    'text, or `{ from_secret: name }`',
  ),
);

export const environment = defined(
  'environment',
  dictionary(variableName, located(value), 'a map from variable to value'),
);

/** Whatever is there: only what aliases of it stand for is read, and where they stand. */
export const anything: Shape<null> = {
  phrase: 'anything',
  blank: null,
  schema: () => ({}),
  read: () => null,
};

export const commands = oneOrMore(scalar(command), 'a command, or a list of commands');

/** The words of one command, as a process gets them; no shell takes them apart. */
export const words = list(scalar(anyText), 'a list of words such as `[node, server.js]`');
