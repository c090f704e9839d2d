import { inputVariable, type InputType } from '../../core/input.ts';
import type { Foreign } from '../foreign.ts';
import { copy, entry, list, map, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { own } from '../own.ts';

/** What is known of an input. */
export interface DispatchInput {
  readonly variable: string;
  readonly type: InputType;
  /** Its value where nobody is asked, which is none there; empty where it has none here, too. */
  readonly standard: string;
}

/** What a workflow asks for when it is started by hand: the key of ours, and each input by its name. */
export interface DispatchInputs {
  readonly entry: OutEntry | null;
  readonly known: ReadonlyMap<string, DispatchInput>;
}

const TYPES: Readonly<Record<string, InputType>> = {
  string: 'string',
  boolean: 'boolean',
  number: 'number',
  choice: 'choice',
};

/** `on.workflow_dispatch.inputs`. */
export function readDispatchInputs(on: Foreign | undefined): DispatchInputs {
  const dispatch = on?.kind === 'map' ? on.get('workflow_dispatch') : undefined;
  const inputs = dispatch?.kind === 'map' ? dispatch.get('inputs') : undefined;
  const known = new Map<string, DispatchInput>();
  const entries = (inputs?.entries() ?? []).flatMap((input) => {
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(input.key)) {
      input.leaveOut('it is no name of an input here', 'Choose another name, a letter first.');
      return [];
    }
    const type = typeOf(input);
    const written = input.kind === 'map' ? (input.get('default')?.peek() ?? '') : '';
    const standard = written === '' && type === 'boolean' ? 'false' : written;
    known.set(input.key, { variable: inputVariable(input.key), type, standard });
    return [entry(input.key, map(fieldsOf(input, type), input), input)];
  });
  return {
    entry: entries.length === 0 ? null : entry('inputs', map(entries, inputs), inputs ?? null),
    known,
  };
}

function typeOf(input: Foreign): InputType {
  const type = input.get('type');
  const ours = own(TYPES, type?.text() ?? 'string');
  if (ours === undefined) type?.changes('it is asked for as text', 'Write `type: choice` with `options`.');
  return ours ?? 'string';
}

function fieldsOf(input: Foreign, type: InputType): readonly (OutEntry | null)[] {
  const description = input.get('description');
  const standard = input.get('default');
  const required = input.get('required');
  const options = input.get('options');
  input
    .get('deprecationMessage')
    ?.leaveOut('an input is asked for as long as it is there', 'Write it in `description`.');
  const items = options?.items() ?? [];
  return [
    entry('type', type),
    description === undefined ? null : entry('description', oneLine(description), description),
    standard === undefined ? null : entry('default', text(standard.text() ?? '', standard), standard),
    required === undefined ? null : entry('required', text(required.text() ?? '', required), required),
    type !== 'choice' || items.length === 0
      ? null
      : entry(
          'options',
          list(
            items.map((one) => copy(one)),
            options,
          ),
          options ?? null,
        ),
  ];
}

function oneLine(description: Foreign) {
  const written = description.text() ?? '';
  return text(written.replace(/\s+/g, ' ').trim().slice(0, 1_024), description);
}
