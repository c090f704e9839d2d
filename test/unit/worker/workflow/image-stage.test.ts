import { expect, it } from 'vitest';
import type { ReportBody, WorkflowWork } from '../../../../src/core/work.ts';
import type { LogSink } from '../../../../worker/log-sink.ts';
import type { Outcome } from '../../../../worker/outcome.ts';
import type { Lease } from '../../../../worker/server/lease.ts';
import { ImageStage } from '../../../../worker/workflow/image-stage.ts';
import type { Stages } from '../../../../worker/workflow/stages.ts';
import type { WorkflowTools } from '../../../../worker/workflow/tools.ts';
import { planOf } from '../../../support/record.ts';

const image = {
  imageId: `sha256:${'1'.repeat(64)}`,
  testImageId: `sha256:${'2'.repeat(64)}`,
  ...{ sizeBytes: 1, layers: 1, cachedSteps: 0, totalSteps: 1 },
};

/** A stage of a part of a workflow, on an engine that has these images and builds none. */
function stageOn(
  images: readonly string[],
  wanted: NonNullable<WorkflowWork['repeat']>['image'] = image,
  taken: Promise<void> = Promise.resolve(),
) {
  const told: ReportBody[] = [];
  const names: string[] = [];
  const repeat = { of: 7, keptSteps: [], image: wanted };
  const stages = {
    run: (_: string, act: (log: LogSink) => Promise<Outcome>) =>
      act({ say: async () => undefined } as unknown as LogSink),
  };
  const lease = {
    id: 'lea_2',
    work: { plan: planOf(), repeat },
    report: (body: ReportBody) => {
      told.push(body);
      return taken;
    },
  };
  const engine = {
    inspectImage: async (id: string) => (images.includes(id) ? { id } : null),
    docker: {
      getImage: (id: string) => ({
        tag: async ({ repo, tag }: { repo: string; tag: string }) => void names.push(`${repo}:${tag} ${id}`),
      }),
    },
  };
  const stage = new ImageStage(
    stages as unknown as Stages,
    lease as unknown as Lease<WorkflowWork>,
    { engine } as unknown as WorkflowTools,
    { values: {}, registries: {} },
  );
  return { stage, end: stage.build('/nowhere', new AbortController().signal), told, names };
}

it('takes the image of before as it is, under names of its own lease', async () => {
  const { end, told, names } = stageOn([image.imageId, image.testImageId]);
  expect(await end).toMatchObject({ outcome: { status: 'success' }, image });
  expect(told).toEqual([{ type: 'image.built', image }]);
  expect(names).toEqual([
    `slipway-build/lea_2:image ${image.imageId}`,
    `slipway-build/lea_2:image-test ${image.testImageId}`,
  ]);
});

it('gives the image to the steps while the record of it is still on its way', async () => {
  const taken = Promise.withResolvers<void>();
  const { stage, end, told } = stageOn([image.imageId, image.testImageId], image, taken.promise);
  expect(await end).toMatchObject({ outcome: { status: 'success' }, image });
  expect(told).toEqual([{ type: 'image.built', image }]);
  let isRecorded = false;
  const recorded = stage.recorded.then(() => (isRecorded = true));
  await new Promise(setImmediate);
  expect(isRecorded).toBe(false);
  taken.resolve();
  await recorded;
});

it('tells who waits for the record that the server refused it', async () => {
  const refused = Promise.reject(new Error('refused'));
  refused.catch(() => undefined);
  const { stage, end } = stageOn([image.imageId, image.testImageId], image, refused);
  expect(await end).toMatchObject({ image });
  await expect(stage.recorded).rejects.toThrow('refused');
});

it('ends as an error of ours where that image is gone, and never builds another', async () => {
  const { end, told } = stageOn([image.imageId]);
  expect(await end).toEqual({
    outcome: {
      status: 'error',
      reason: `the image ${image.testImageId} of build #7 is not on this worker's engine any more: re-run all of it, which builds it again`,
      code: 'image_not_kept',
      exitCode: null,
    },
    image: null,
  });
  expect(told).toEqual([]);
});

it('has none where nothing needs it', async () => {
  const { end, told } = stageOn([], 'none');
  expect(await end).toMatchObject({ outcome: { status: 'success' }, image: null });
  expect(told).toEqual([]);
});
