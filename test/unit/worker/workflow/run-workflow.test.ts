import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { ReportBody, WorkflowWork } from '../../../../src/core/work.ts';
import type { LogSink } from '../../../../worker/log-sink.ts';
import type { Lease } from '../../../../worker/server/lease.ts';
import { runWorkflow } from '../../../../worker/workflow/run-workflow.ts';
import type { WorkflowTools } from '../../../../worker/workflow/tools.ts';
import { planOf } from '../../../support/record.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-run-workflow-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A log whose end takes a turn of the event loop, as one that is spooled. */
const log = (): LogSink => ({
  write: async () => undefined,
  say: async () => undefined,
  end: () => new Promise((resolve) => setImmediate(() => resolve(3))),
});

it('tells the ends of its stages before its own, also where something fails by surprise', async () => {
  const told: ReportBody[] = [];
  const lease = {
    id: 'lea_1',
    signal: new AbortController().signal,
    work: {
      plan: planOf(),
      build: { id: 'bld_1' },
      workflowId: 'wfl_1',
      steps: [{ stepId: 'stp_1', attemptId: 'att_1', kind: 'clone', name: 'clone' }],
    },
    secrets: async () => ({ values: {}, registries: {} }),
    openLog: log,
    report: async (body: ReportBody) => void told.push(body),
  } as unknown as Lease<WorkflowWork>;
  const tools = {
    // An engine that can do nothing.
    engine: {},
    steps: { hostVolumes: [] },
    checkouts: folder,
    workerName: 'ada',
    bringFiles: async () => ({ status: 'success', reason: null, exitCode: null }),
    onLeftover: () => undefined,
  } as unknown as WorkflowTools;
  expect(await runWorkflow(lease, tools)).toMatchObject({ status: 'error' });
  expect(told).toMatchObject([
    { type: 'step.started', attemptId: 'att_1' },
    { type: 'step.finished', attemptId: 'att_1', status: 'success' },
    { type: 'workflow.finished', status: 'error' },
  ]);
});
