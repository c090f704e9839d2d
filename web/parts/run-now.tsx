import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { INPUT_LIMITS, type Input } from '../../src/core/input.ts';
import type { InputsView, ProjectView } from '../../src/core/views/project-view.ts';
import { api, type ApiError, asApiError, segment } from '../api.ts';
import { givenInputs } from '../given-inputs.ts';
import { Action } from './action.tsx';
import { ErrorBox } from './load.tsx';

/** Starts a build by hand; where the pipeline file of the branch asks for inputs, the person is asked first. */
export function RunNow({ project }: { project: ProjectView }) {
  const { route } = useLocation();
  const [branch, setBranch] = useState(project.defaultBranch);
  const [asked, setAsked] = useState<InputsView | null>(null);
  const path = `/projects/${segment(project.id)}`;
  const start = async (inputs: Readonly<Record<string, string>>): Promise<void> => {
    const build = await api<{ id: string }>('POST', `${path}/builds`, { branch, inputs });
    route(`/builds/${build.id}`);
  };
  const run = async (): Promise<void> => {
    const found = await api<InputsView>('GET', `${path}/inputs?branch=${segment(branch)}`);
    if (found.inputs.length === 0) await start({});
    else setAsked(found);
  };
  const change = (name: string): void => {
    setBranch(name);
    setAsked(null);
  };
  return (
    <>
      <div class="actions">
        <label class="inline">
          Branch <input value={branch} onInput={(event) => change(event.currentTarget.value)} />
        </label>
        {asked === null && (
          <Action kind="primary" run={run}>
            Run now
          </Action>
        )}
      </div>
      {asked !== null && (
        <InputsForm key={asked.commit} asked={asked} start={start} onCancel={() => setAsked(null)} />
      )}
    </>
  );
}

interface FormProps {
  readonly asked: InputsView;
  readonly start: (inputs: Readonly<Record<string, string>>) => Promise<void>;
  readonly onCancel: () => void;
}

function InputsForm({ asked, start, onCancel }: FormProps) {
  const [error, setError] = useState<ApiError | null>(null);
  const [isBusy, setBusy] = useState(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = event.currentTarget;
    if (!(form instanceof HTMLFormElement) || isBusy) return;
    setBusy(true);
    setError(null);
    start(givenInputs(asked.inputs, new FormData(form)))
      .catch((reason: unknown) => setError(asApiError(reason)))
      .finally(() => setBusy(false));
  };
  return (
    <section class="card form">
      <h2>Inputs</h2>
      <p class="hint">
        What the pipeline file asks for on {asked.branch}, at <code>{asked.commit.slice(0, 8)}</code>.
      </p>
      <form onSubmit={submit} aria-label="Inputs">
        {asked.inputs.map((input) => (
          <Field key={input.name} input={input} />
        ))}
        <span class="question">
          <button type="submit" class="primary" aria-disabled={isBusy}>
            Run now
          </button>
          <button type="button" onClick={onCancel}>
            Cancel
          </button>
        </span>
      </form>
      {error !== null && <ErrorBox error={error} />}
    </section>
  );
}

function Field({ input }: { input: Input }) {
  const { name, type, description, required } = input;
  const hint = description === null ? null : <span class="hint">{description}</span>;
  if (type === 'boolean')
    return (
      <label class="inline">
        <span>
          <input type="checkbox" name={name} defaultChecked={input.default === 'true'} /> {name}
        </span>
        {hint}
      </label>
    );
  return (
    <label>
      <span>
        {name}
        {required && <span class="note"> required</span>}
      </span>
      {hint}
      <Value input={input} />
    </label>
  );
}

function Value({ input }: { input: Input }) {
  const { name, type, required, options, min, max } = input;
  if (type === 'choice')
    return (
      <select name={name} required={required}>
        {input.default === null && <option value="">{required ? 'choose' : 'none'}</option>}
        {options.map((option) => (
          // A `value` of the list would be set again with each drawing.
          <option key={option} value={option} selected={option === input.default}>
            {option}
          </option>
        ))}
      </select>
    );
  const shared = { name, required, defaultValue: input.default ?? '', autocomplete: 'off' };
  return type === 'number' ? (
    <input type="number" step="any" min={min ?? undefined} max={max ?? undefined} {...shared} />
  ) : (
    <input type="text" maxLength={INPUT_LIMITS.valueCharacters} spellcheck={false} {...shared} />
  );
}
