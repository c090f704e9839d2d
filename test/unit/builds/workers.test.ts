import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deployOf, makeRecord, planOf, runWorkflow } from '../../support/record.ts';
import type { TestRecord } from '../../support/record.ts';

let record: TestRecord;
beforeEach(async () => {
  record = await makeRecord();
});
afterEach(() => record.close());

const HASH = 'hash-of-a-token';

/** Makes the token of worker `eve`, for these routers; returns what registers a process with it. */
async function tokenFor(routers: readonly string[]) {
  await record.builds.setWorkerToken('eve', HASH, routers);
  return async (named: string[]) => {
    const known = await record.builds.findWorker(HASH);
    if (known === null) throw new Error('the token is not known');
    const process = { protocol: 1, name: 'eve', instance: 'process-of-eve', capacity: 1 };
    return record.builds.register(known, { ...process, routers: named });
  };
}

const routersNow = async () => (await record.builds.findWorker(HASH))?.routers;

describe('the routers of a worker', () => {
  it('are those of its token only, and each that is not is named', async () => {
    const register = await tokenFor(['local']);
    await expect(register(['local', 'production'])).rejects.toMatchObject({
      code: 'router_refused',
      details: { worker: 'eve', router: 'production' },
    });
    expect(await routersNow()).toEqual([]);
    await register(['local']);
    expect(await routersNow()).toEqual(['local']);
  });

  it('are none when its token names none', async () => {
    const register = await tokenFor([]);
    await expect(register(['local'])).rejects.toMatchObject({ code: 'router_refused' });
    await register([]);
    expect(await routersNow()).toEqual([]);
  });

  it('are given up with the token that named them', async () => {
    await (
      await tokenFor(['local'])
    )(['local']);
    const register = await tokenFor(['other']);
    expect(await routersNow()).toEqual([]);
    await expect(register(['local'])).rejects.toMatchObject({ code: 'router_refused' });
  });

  it('alone may be read, and their deployments claimed', async () => {
    const ada = await record.worker('ada');
    const { buildId } = await record.build(await record.project(), {
      plan: planOf({ deploys: [deployOf('production')] }),
    });
    await runWorkflow(await ada.claimWorkflow(await record.workflowOf(buildId)));
    const { id } = await record.store.db.selectFrom('deployment').select('id').executeTakeFirstOrThrow();
    await (
      await tokenFor([])
    )([]);
    const eve = await record.builds.findWorker(HASH);
    if (eve === null) throw new Error('the token is not known');
    const subject = { kind: 'deployment' as const, id, attempt: 1 };
    const claim = record.builds.claim(eve, 'token', { protocol: 1, instance: 'process-of-eve', subject });
    await expect(claim).rejects.toMatchObject({ code: 'claim_refused' });
    await expect(record.builds.routerRecord(eve, 'local')).rejects.toMatchObject({ code: 'not_allowed' });
    expect(await record.statusOf('deployment', id)).toBe('pending');
  });
});
