import { isScalar } from 'yaml';
import type { PlanValue } from '../../core/plan.ts';
import type { Located } from '../report.ts';
import { choice } from '../shape/choice.ts';
import { dictionary } from '../shape/dictionary.ts';
import type { Entry } from '../shape/dictionary.ts';
import { list } from '../shape/list.ts';
import { scalar } from '../shape/scalar.ts';
import { defined, located, mapped } from '../shape/shape.ts';
import type { Shape } from '../shape/shape.ts';
import { nestedName, settingName } from '../format/names.ts';
import { anyText } from '../format/text.ts';
import { secretReference } from './values.ts';

/** What a plugin is told: a value, or a list or a map of such. */
export type Setting =
  | { readonly kind: 'value'; readonly value: Located<PlanValue> }
  | { readonly kind: 'list'; readonly items: readonly Setting[] }
  | { readonly kind: 'map'; readonly entries: readonly Entry<Setting>[] };

export type Settings = readonly Entry<Setting>[];

const phrase = 'text, `{ from_secret: name }`, or a list or a map of such';

const asValue = (value: Located<PlanValue>): Setting => ({ kind: 'value', value });

const secret: Shape<Setting> = mapped(
  located(mapped(secretReference, ({ from_secret }): PlanValue => ({ fromSecret: from_secret }))),
  asValue,
);

/** A map with `from_secret` is a secret, as anywhere else. */
const secretOrMap: Shape<Setting> = {
  ...secret,
  schema: (definitions) => ({ anyOf: [secret.schema(definitions), map.schema(definitions)] }),
  read: (cursor) => {
    const keys = cursor.entries().map(({ pair }) => pair.key);
    const isSecret = keys.some((key) => isScalar(key) && key.value === 'from_secret');
    return isSecret ? secret.read(cursor) : map.read(cursor);
  },
};

const setting: Shape<Setting> = defined('setting', {
  ...choice<Setting>(
    {
      text: mapped(located(scalar(anyText)), asValue),
      list: {
        phrase,
        blank: { kind: 'list', items: [] },
        schema: (definitions) => items().schema(definitions),
        read: (cursor) => ({ kind: 'list', items: items().read(cursor) }),
      },
      map: secretOrMap,
    },
    phrase,
  ),
});

function items(): Shape<readonly Setting[]> {
  return list(setting, phrase, 0);
}

const map: Shape<Setting> = {
  phrase,
  blank: { kind: 'map', entries: [] },
  schema: (definitions) => entries().schema(definitions),
  read: (cursor) => ({ kind: 'map', entries: entries().read(cursor) }),
};

function entries(): Shape<Settings> {
  return dictionary(nestedName, setting, phrase);
}

/** The settings of a plugin. */
export const settings = dictionary(settingName, setting, 'a map from setting to value');

/** The values in settings, however deep, where they stand. */
export function valuesOfSettings(of: Settings | null): readonly Located<PlanValue>[] {
  return (of ?? []).flatMap(({ value }) => valuesOf(value));
}

function valuesOf(one: Setting): readonly Located<PlanValue>[] {
  if (one.kind === 'value') return [one.value];
  return one.kind === 'list' ? one.items.flatMap(valuesOf) : valuesOfSettings(one.entries);
}
