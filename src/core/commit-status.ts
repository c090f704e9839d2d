import type { DeploymentCause } from './deployment.ts';
import type { RepositoryEvent } from './event.ts';
import type { Status } from './status.ts';

/** What a Git host shows beside a commit, in its words. */
export interface CommitStatus {
  readonly state: 'pending' | 'success' | 'failure' | 'error';
  /** Names what it is about; of several of one commit and context, the Git host shows the last one set. */
  readonly context: string;
  /** One line, at most {@link DESCRIPTION_CHARACTERS}. */
  readonly description: string;
}

/** GitHub's limit ("Create a commit status"). */
const DESCRIPTION_CHARACTERS = 140;

/** Each kind of build has a context of its own: a tag's or a pull request's never hides the push's of the same commit. */
const BUILD_CONTEXTS: Readonly<Record<RepositoryEvent['kind'], string>> = {
  push: 'slipway/build',
  manual: 'slipway/build',
  tag: 'slipway/build/tag',
  pull_request: 'slipway/build/pull-request',
  cron: 'slipway/build/cron',
};

/** The context in which a build of that kind of event is told. */
export const contextOfBuild = (kind: RepositoryEvent['kind']): string => BUILD_CONTEXTS[kind];

/** Kinds of event whose builds share a context. */
export function kindsOfContext(kind: RepositoryEvent['kind']): readonly RepositoryEvent['kind'][] {
  const kinds = Object.keys(BUILD_CONTEXTS) as RepositoryEvent['kind'][];
  return kinds.filter((other) => BUILD_CONTEXTS[other] === BUILD_CONTEXTS[kind]);
}

export interface BuildState {
  readonly status: Status;
  readonly reason: string | null;
  readonly event: RepositoryEvent['kind'];
  /** Epoch ms. */
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number | null;
}

/** What a commit's build is told as. One that had nothing to run has succeeded, so that a required check may pass. Pure. */
export function statusOfBuild({
  status,
  reason,
  event,
  startedAtMs,
  finishedAtMs,
}: BuildState): CommitStatus {
  const about = (state: CommitStatus['state'], description: string): CommitStatus => ({
    state,
    context: BUILD_CONTEXTS[event],
    description: oneLine(description),
  });
  switch (status) {
    case 'blocked':
      return about('pending', reason ?? 'waits for a person');
    case 'pending':
      return about('pending', 'waits for its turn');
    case 'running':
      return about('pending', 'is running');
    case 'success':
      return about('success', tookText(startedAtMs, finishedAtMs));
    case 'failure':
      return about('failure', reason ?? 'failed');
    case 'error':
      return about('error', reason ?? 'ended with an error');
    case 'cancelled':
      return about('error', `cancelled: ${reason ?? 'by a person'}`);
    case 'skipped':
      return about('success', `skipped: ${reason ?? 'nothing to run'}`);
  }
}

export interface DeploymentState {
  readonly status: Status;
  readonly reason: string | null;
  readonly environment: string;
  readonly cause: DeploymentCause;
  /** Null: its turn never began. */
  readonly startedAtMs: number | null;
}

/**
 * What a deployment is told as; null for nothing: one whose turn has not begun says nothing yet, and one that is
 * skipped before its turn leaves no mark on its commit. Pure.
 */
export function statusOfDeployment({
  status,
  reason,
  environment,
  cause,
  startedAtMs,
}: DeploymentState): CommitStatus | null {
  const about = (state: CommitStatus['state'], description: string): CommitStatus => ({
    state,
    context: `slipway/deploy/${environment}`,
    description: oneLine(description),
  });
  const isBack = cause === 'rollback';
  switch (status) {
    case 'blocked':
    case 'pending':
      return null;
    case 'running':
      return about('pending', isBack ? 'is being rolled back to' : 'is being deployed');
    case 'success':
      return about('success', isBack ? 'rolled back to this release' : 'deployed');
    case 'failure':
      return about('failure', reason ?? 'failed');
    case 'error':
      return about('error', reason ?? 'ended with an error');
    case 'cancelled':
    case 'skipped':
      return startedAtMs === null ? null : about('error', `not deployed: ${reason ?? status}`);
  }
}

function tookText(startedAtMs: number | null, finishedAtMs: number | null): string {
  if (startedAtMs === null || finishedAtMs === null) return 'succeeded';
  const seconds = Math.max(0, Math.round((finishedAtMs - startedAtMs) / 1_000));
  const minutes = Math.floor(seconds / 60);
  return minutes === 0 ? `succeeded in ${seconds} s` : `succeeded in ${minutes} min ${seconds % 60} s`;
}

function oneLine(text: string): string {
  const characters = [...text.replace(/[\s\p{Cc}]+/gu, ' ').trim()];
  if (characters.length <= DESCRIPTION_CHARACTERS) return characters.join('');
  return `${characters.slice(0, DESCRIPTION_CHARACTERS - 1).join('')}…`;
}
