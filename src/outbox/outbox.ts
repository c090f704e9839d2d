import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../ports/clock.ts';
import type { Store, Tx } from '../store/store.ts';
import { backOffMs } from './back-off.ts';
import { readDue } from './read-due.ts';
import type { DueEffect } from './read-due.ts';

/** How doing an effect ended. `retry`: not now, but it may work later; not before `afterMs` from now, where that is told. */
export type EffectOutcome =
  | { readonly state: 'done'; readonly detail: string }
  | { readonly state: 'failed'; readonly reason: string }
  | { readonly state: 'retry'; readonly reason: string; readonly afterMs?: number };

/**
 * Does one kind of effect. It must be harmless twice: a server that ends between the act and its record does it
 * again. What it throws counts as `retry`.
 * @param key Names the effect for receivers that can tell a repetition.
 */
export type EffectHandler = (payload: unknown, key: string, signal: AbortSignal) => Promise<EffectOutcome>;

/** An effect that has ended, and how. */
export interface SettledEffect {
  readonly kind: string;
  readonly subjectId: string;
  readonly payload: unknown;
  readonly state: 'done' | 'failed';
  readonly result: string;
}

export interface OutboxDeps {
  readonly store: Store;
  readonly clock: Clock;
  /** By kind: `tag`, `webhook`, `seal-log`, `commit-status`, `commit-check`, `trace`. An effect without a handler fails. */
  readonly handlers: Readonly<Record<string, EffectHandler>>;
  /** In the transaction that records the end. */
  readonly settled: (tx: Tx, effect: SettledEffect, at: number) => Promise<void>;
  /** Told of each end once it is recorded. */
  readonly onSettled?: (effect: SettledEffect) => void;
  readonly onError: (error: unknown) => void;
  /** Tries of one effect before it has failed; with the back-off, 20 are about 15 minutes. */
  readonly attempts?: number;
  /** Tries of effects of a kind that nobody waits for. */
  readonly attemptsOf?: Readonly<Record<string, number>>;
}

/** Does recorded effects: at least once, those of one target one after the other, in their order. */
export interface Outbox {
  readonly start: () => void;
  readonly idle: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Without news the record is looked at this often. */
const LOOK_MS = 5_000;
/** After what the record did not take or tell. */
const AFTER_ERROR_MS = 1_000;
const ATTEMPTS = 20;

export function createOutbox(deps: OutboxDeps): Outbox {
  const ending = new AbortController();
  /** Work under way, by target. */
  const targets = new Map<string, Promise<void>>();
  const unrecorded: Unrecorded = new Map();
  let timer: NodeJS.Timeout | undefined;
  let stopListening = (): void => undefined;
  let looking: Promise<void> = Promise.resolve();

  function look(): void {
    clearTimeout(timer);
    looking = looking.then(startDue).catch((error: unknown) => {
      deps.onError(error);
      clearTimeout(timer);
      timer = setTimeout(look, AFTER_ERROR_MS);
    });
  }

  async function startDue(): Promise<void> {
    if (ending.signal.aborted) return;
    const { due, nextAt } = await readDue(deps.store, deps.clock.nowMs());
    const isDue = new Set(due.map(attemptOf));
    // Recorded all the same, though no answer came.
    for (const attempt of unrecorded.keys()) if (!isDue.has(attempt)) unrecorded.delete(attempt);
    for (const effect of due)
      if (!targets.has(effect.target))
        targets.set(
          effect.target,
          perform(deps, effect, { unrecorded, signal: ending.signal })
            .catch((error: unknown) => {
              deps.onError(error);
              return sleep(AFTER_ERROR_MS, undefined, { signal: ending.signal }).catch(() => undefined);
            })
            .finally(() => {
              targets.delete(effect.target);
              look();
            }),
        );
    const wait = nextAt === null ? LOOK_MS : Math.max(0, nextAt - deps.clock.nowMs());
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(LOOK_MS, wait));
  }

  return {
    start() {
      stopListening = deps.store.onChange(({ kind }) => {
        if (kind === 'outbox') look();
      });
      look();
    },
    async idle() {
      await looking;
      while (targets.size > 0) {
        await Promise.all(targets.values());
        await looking;
      }
    },
    async stop() {
      ending.abort();
      stopListening();
      await looking;
      clearTimeout(timer);
      await Promise.all(targets.values());
      await looking;
      clearTimeout(timer);
    },
  };
}

/**
 * How a try of an effect ended that the record did not take, by effect and try: only recording it is tried again, as a disk
 * may be full for hours, in which a message would be sent again and again.
 */
type Unrecorded = Map<string, EffectOutcome>;

const attemptOf = ({ id, attempts }: DueEffect): string => `${id} ${attempts}`;

async function perform(
  deps: OutboxDeps,
  effect: DueEffect,
  { unrecorded, signal }: { readonly unrecorded: Unrecorded; readonly signal: AbortSignal },
): Promise<void> {
  const attempt = attemptOf(effect);
  const outcome = unrecorded.get(attempt) ?? (await act(deps, effect, signal));
  // A server that ends leaves it as it was: it is done again.
  if (signal.aborted && outcome.state === 'retry') return;
  unrecorded.set(attempt, outcome);
  await keep(deps, effect, outcome);
  unrecorded.delete(attempt);
}

async function act(deps: OutboxDeps, effect: DueEffect, signal: AbortSignal): Promise<EffectOutcome> {
  const handler = deps.handlers[effect.kind];
  if (handler === undefined)
    return { state: 'failed', reason: `no handler for effects of kind ${effect.kind}` };
  return handler(effect.payload, effect.key, signal).catch((error: unknown) => ({
    state: 'retry',
    reason: error instanceof Error ? error.message : String(error),
  }));
}

async function keep(deps: OutboxDeps, effect: DueEffect, outcome: EffectOutcome): Promise<void> {
  const now = deps.clock.nowMs();
  const attempts = effect.attempts + 1;
  const most = deps.attemptsOf?.[effect.kind] ?? deps.attempts ?? ATTEMPTS;
  const giveUp = outcome.state === 'retry' && attempts >= most;
  const state = outcome.state === 'retry' ? (giveUp ? 'failed' : 'pending') : outcome.state;
  const result = outcome.state === 'done' ? outcome.detail : outcome.reason;
  const waitMs = Math.max(backOffMs(attempts), (outcome.state === 'retry' && outcome.afterMs) || 0);
  const { kind, subjectId, payload } = effect;
  const settled = state === 'pending' ? null : { kind, subjectId, payload, state, result };
  await deps.store.transaction(async (tx) => {
    await tx.db
      .updateTable('outbox')
      .set((eb) => ({
        state,
        attempts,
        result,
        next_at: now + waitMs,
        finished_at: state === 'pending' ? null : now,
        version: eb('version', '+', 1),
      }))
      .where('id', '=', effect.id)
      .execute();
    if (settled !== null) await deps.settled(tx, settled, now);
    tx.changed('outbox', effect.id);
  });
  if (settled !== null) deps.onSettled?.(settled);
}
