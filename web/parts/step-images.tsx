import { workflowLabel } from '../../src/core/matrix-label.ts';
import type { BuildView } from '../../src/core/views/build-view.ts';
import type { StepImageView } from '../../src/core/views/workflow-view.ts';
import { Digest } from './reference.tsx';

interface Used {
  readonly image: StepImageView;
  /** Steps and services, each once. */
  readonly by: Set<string>;
}

/** What the names of the images of its steps and services stood for. */
export function StepImages({ build }: { build: BuildView }) {
  const all = usedImages(build);
  if (all.length === 0) return null;
  return (
    <section class="card" aria-label="Steps ran in">
      <h2>Steps ran in</h2>
      <ul class="artifacts">
        {all.map(({ image, by }) => (
          <li key={`${image.name} ${image.digest}`}>
            <span class="break">{image.name}</span> <Digest digest={image.digest} />{' '}
            <span class="note break">
              {image.from === 'engine' && 'of an engine alone, '}
              {[...by].join(', ')}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function usedImages({ workflows }: BuildView): readonly Used[] {
  const used = new Map<string, Used>();
  for (const workflow of workflows)
    for (const { name: ownName, share, image } of workflow.steps) {
      if (image === undefined) continue;
      const name = share?.step ?? ownName;
      const key = `${image.name} ${image.digest}`;
      const known = used.get(key) ?? { image, by: new Set() };
      known.by.add(workflows.length === 1 ? name : `${workflowLabel(workflow)}: ${name}`);
      used.set(key, known);
    }
  return [...used.values()];
}
