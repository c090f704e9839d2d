import type { BuildView } from '../../src/core/views/build-view.ts';

/** What a build by hand was started with. */
export function BuildInputs({ build }: { build: BuildView }) {
  const inputs = Object.entries(build.inputs);
  if (inputs.length === 0) return null;
  return (
    <section class="card facts" aria-label="Inputs">
      <h2>Inputs</h2>
      <dl>
        {inputs.flatMap(([name, value]) => [
          <dt key={`${name}:`} class="break">
            {name}
          </dt>,
          <dd key={name} class="break">
            {value === '' ? <span class="note">empty</span> : <code>{value}</code>}
          </dd>,
        ])}
      </dl>
    </section>
  );
}
