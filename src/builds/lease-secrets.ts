import { readEvent } from '../core/event.ts';
import { pushTarget, registryHost } from '../core/image-name.ts';
import type { DeployPlan, Plan } from '../core/plan.ts';
import { isTrusted } from '../core/trust.ts';
import type { LeaseSecrets } from '../core/work.ts';
import { secretsOf, workflowSecrets } from '../core/workflow-rows.ts';
import type { LeaseSecretsSource, NeededLogins } from '../ports/lease-secrets.ts';
import type { OpenLease } from './builds.ts';
import type { BuildsDeps } from './deps.ts';
import { readRelease } from './claim-deployment.ts';
import { demandLease } from './lease-rows.ts';

type Wanted = Parameters<LeaseSecretsSource['forLease']>[0];

/**
 * Decrypted values that the work's plan mentions, and the logins of the registries that plan or release name. An
 * untrusted build gets none of them. What opens the repository stays here: a worker is given what it checks out.
 * @throws Problem `lease_lost`.
 */
export async function readLeaseSecrets(deps: BuildsDeps, lease: OpenLease): Promise<LeaseSecrets> {
  await demandLease(deps.store, lease.id);
  const { kind, id } = lease.subject;
  return deps.secrets.forLease(await (kind === 'workflow' ? ofWorkflow(deps, id) : ofDeployment(deps, id)));
}

async function ofWorkflow({ store, registry }: BuildsDeps, workflowId: string): Promise<Wanted> {
  const row = await store.db
    .selectFrom('workflow')
    .innerJoin('build', 'build.id', 'workflow.build_id')
    .select(['build.project_id', 'workflow.plan_json', 'build.event_json'])
    .where('workflow.id', '=', workflowId)
    .executeTakeFirstOrThrow();
  const plan = JSON.parse(row.plan_json) as Plan;
  const trusted = isTrusted(readEvent(row.event_json));
  return {
    projectId: row.project_id,
    names: trusted ? workflowSecrets(plan) : [],
    logins: trusted ? workflowLogins(plan, registry) : NO_LOGINS,
  };
}

/** The registries that a workflow speaks to. Pure. */
export function workflowLogins(plan: Plan, registry: BuildsDeps['registry']): NeededLogins {
  const target = pushTarget(plan.push, registry);
  const images = [...plan.services, ...plan.steps.filter(({ selected }) => selected)].map(
    ({ image }) => image,
  );
  return {
    push: target === null ? [] : [target.host],
    pull: images.flatMap((image) => (image === null ? [] : [registryHost(image)])),
    baseImages: plan.image !== null,
  };
}

const NO_LOGINS: NeededLogins = { push: [], pull: [], baseImages: false };

async function ofDeployment({ store, registry }: BuildsDeps, deploymentId: string): Promise<Wanted> {
  const row = await store.db
    .selectFrom('deployment')
    .innerJoin('environment', 'environment.id', 'deployment.environment_id')
    .leftJoin('workflow', 'workflow.id', 'deployment.workflow_id')
    .select([
      'environment.project_id',
      'deployment.settings_json',
      'deployment.release_id',
      'workflow.plan_json',
    ])
    .where('deployment.id', '=', deploymentId)
    .executeTakeFirstOrThrow();
  const release = await readRelease(store, row.release_id);
  const host =
    release === null
      ? hostOfPush(JSON.parse(row.plan_json ?? 'null') as Plan | null, registry)
      : registryHost(release.imageReference);
  return {
    projectId: row.project_id,
    names: secretsOf((JSON.parse(row.settings_json) as DeployPlan).env),
    logins: { ...NO_LOGINS, pull: host === null ? [] : [host] },
  };
}

/** Where a release comes from that is not pushed yet. */
function hostOfPush(plan: Plan | null, registry: BuildsDeps['registry']): string | null {
  return plan === null ? null : (pushTarget(plan.push, registry)?.host ?? null);
}
