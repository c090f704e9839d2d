import type { BuildView } from '../../src/core/views/build-view.ts';
import { formatBytes } from '../format.ts';
import { Digest } from './reference.tsx';

/** What was built and what travelled: digest, tags, layers, bytes. */
export function BuildFacts({ build }: { build: BuildView }) {
  const { image, pushed } = build;
  if (image === null) return null;
  return (
    <section class="card facts" aria-label="Image">
      <h2>Image</h2>
      <dl>
        <dt>Built</dt>
        <dd>
          {formatBytes(image.sizeBytes)} in {image.layers} layers; {image.cachedSteps} of {image.totalSteps}{' '}
          steps from the cache
        </dd>
        {image.testImageId !== image.imageId && (
          <>
            <dt>Tested in</dt>
            <dd>
              <Digest digest={image.testImageId} /> (test target); ships <Digest digest={image.imageId} />
            </dd>
          </>
        )}
        {pushed !== null && (
          <>
            <dt>Digest</dt>
            <dd>
              <Digest digest={pushed.digest} />
            </dd>
            <dt>Pushed to</dt>
            <dd class="break">{pushed.repository}</dd>
            <dt>Tags</dt>
            <dd class="tags">
              {pushed.tags.map((tag) => (
                <code key={tag}>{tag}</code>
              ))}
              {pushed.tags.length === 0 && 'none'}
            </dd>
            <dt>Travelled</dt>
            <dd>
              {formatBytes(pushed.bytesPushed)} pushed, {formatBytes(pushed.bytesReused)} were there already
            </dd>
          </>
        )}
      </dl>
    </section>
  );
}
