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
function stageOn(images: readonly string[], wanted: NonNullable<WorkflowWork['repeat']>['image'] = image) {
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
    report: async (body: ReportBody) => void told.push(body),
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
  return { end: stage.build('/nowhere', new AbortController().signal), told, names };
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

it('ends as an error of ours where that image is gone, and never builds another', async () => {
  const { end, told } = stageOn([image.imageId]);
  expect(await end).toEqual({
    outcome: {
      status: 'error',
      reason: `the image ${image.testImageId} of build #7 is not on this worker's engine any more: re-run all of it, which builds it again`,
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
