import type { BuildView } from '../../src/core/views/build-view.ts';
import { segment } from '../api.ts';
import { formatBytes, formatTime } from '../format.ts';

/** What the steps of a build have left to be kept, to be downloaded. */
export function Artifacts({ build }: { build: BuildView }) {
  const artifacts = build.artifacts ?? [];
  if (artifacts.length === 0) return null;
  return (
    <section class="card" aria-label="Artifacts">
      <h2>Artifacts</h2>
      <ul class="artifacts">
        {artifacts.map(({ id, name, step, files, bytes, expiresAtMs }) => (
          <li key={id}>
            <a href={`/api/v1/artifacts/${segment(id)}`} download>
              {name}
            </a>{' '}
            <span class="note break">
              of {step}: {files} {files === 1 ? 'file' : 'files'}, {formatBytes(bytes)}
              {expiresAtMs !== null && `, until ${formatTime(expiresAtMs)}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
