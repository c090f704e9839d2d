import type { HostAnswer } from '../ports/git-host.ts';
import type { EffectOutcome } from './outbox.ts';

/** How an effect on a Git host ended, by what the host answered. Pure. */
export function hostOutcome(answer: HostAnswer<null>, detail: string): EffectOutcome {
  if (answer.kind === 'ok') return { state: 'done', detail };
  const { message, fix } = answer.problem;
  if (answer.kind === 'refused') return { state: 'failed', reason: `${message} ${fix}` };
  return { state: 'retry', reason: message, afterMs: answer.afterMs };
}
