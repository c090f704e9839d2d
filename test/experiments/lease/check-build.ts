import { DatabaseSync } from 'node:sqlite';
import type { Stack } from './stack.ts';
import { LINES, SECRET, line, type Kind } from './work.ts';

/** A build as the record has it, read past the product. */
export interface BuildRow {
  readonly id: string;
  readonly status: string;
  readonly reason: string | null;
  readonly attempt: number;
  /** Where it is: no worker has it, one has and prepares, or the last step that was started. */
  readonly at: 'waiting' | 'claimed' | 'clone' | 'step';
}

interface AttemptRow {
  readonly id: string;
  readonly name: 'clone' | 'step';
  readonly workflowAttempt: number;
  readonly status: string;
  readonly startedAt: number | null;
}

/** Statuses in which a build stays. */
export const ENDED: ReadonlySet<string> = new Set(['success', 'failure', 'error', 'cancelled', 'skipped']);

/** The record, opened for reading beside the server. */
export class Record {
  readonly #db: DatabaseSync;

  constructor(file: string) {
    this.#db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  }

  build(id: string): BuildRow {
    const row = this.#db
      .prepare(
        `select build.id, build.status, build.reason, workflow.attempt, coalesce((
           select step.name from step join step_attempt on step_attempt.step_id = step.id
           where step.workflow_id = workflow.id and step.workflow_attempt = workflow.attempt
             and step_attempt.started_at is not null order by step.position desc limit 1),
             case workflow.status when 'pending' then 'waiting' else 'claimed' end) as at
         from build join workflow on workflow.build_id = build.id where build.id = ?`,
      )
      .get(id);
    return row as unknown as BuildRow;
  }

  attempts(buildId: string): readonly AttemptRow[] {
    const rows = this.#db
      .prepare(
        `select step_attempt.id, step.name, step.workflow_attempt as workflowAttempt, step_attempt.status,
           step_attempt.started_at as startedAt
         from step_attempt join step on step.id = step_attempt.step_id
           join workflow on workflow.id = step.workflow_id where workflow.build_id = ?`,
      )
      .all(buildId);
    return rows as unknown as AttemptRow[];
  }

  close(): void {
    this.#db.close();
  }
}

/** What is wrong with a build that has ended; empty when nothing is. */
export async function checkBuild(stack: Stack, record: Record, id: string, kind: Kind): Promise<string[]> {
  const build = record.build(id);
  const wrong = [...checkEnd(build), ...checkEffects(stack, build, kind), ...checkWorkers(stack, build)];
  for (const attempt of record.attempts(id)) wrong.push(...(await checkLog(stack, id, attempt)));
  return wrong.map((problem) => `${id} (${kind}, attempt ${build.attempt}, ${build.status}): ${problem}`);
}

function checkEnd({ status, reason }: BuildRow): string[] {
  if (status === 'success') return [];
  const isOurs = status === 'error' && /^worker lost/.test(reason ?? '');
  return isOurs ? [] : [`it ended with ${status}: ${reason ?? 'no reason'}`];
}

/** One effect; a build whose worker was lost in the step that has its effect may have had none. */
function checkEffects(stack: Stack, build: BuildRow, kind: Kind): string[] {
  const effects = stack.recorder.effectsOf(build.id);
  const least = kind === 'step' && build.status !== 'success' ? 0 : 1;
  const wrong: string[] = [];
  if (effects.length < least || effects.length > 1)
    wrong.push(`${effects.length} effects were accepted: ${effects.map(({ key }) => key).join(', ')}`);
  for (const { attempt } of effects)
    if (attempt !== null && attempt !== build.attempt) wrong.push(`the effect is that of attempt ${attempt}`);
  return wrong;
}

/** Whoever was told that its work is done did the attempt that counts; no acknowledged byte went missing. */
function checkWorkers(stack: Stack, { id, attempt, status }: BuildRow): string[] {
  const events = stack.events.filter((event) => event['build'] === id);
  const finished = events.filter((event) => event['finished'] === true);
  const wrong: string[] = [];
  if (finished.length > 1) wrong.push(`${finished.length} attempts were told that they are done`);
  for (const event of finished)
    if (event['attempt'] !== attempt || status !== 'success')
      wrong.push(`attempt ${String(event['attempt'])} was told that it is done`);
  for (const { lost } of events)
    if (/goes on at/.test(String(lost))) wrong.push(`acknowledged bytes are missing: ${String(lost)}`);
  return wrong;
}

const NOTICE = 'slipway: the worker was lost here\n';

/** A log is the lines of its attempt from the first byte on, all of them when the step succeeded. */
async function checkLog(stack: Stack, build: string, attempt: AttemptRow): Promise<string[]> {
  const { id, name, workflowAttempt, status, startedAt } = attempt;
  const { sealed, text } = await stack.readLog(id);
  const wrong: string[] = [];
  const whole = Array.from({ length: LINES[name] }, (_, n) =>
    line(build, workflowAttempt, n, '********'),
  ).join('');
  const lines = text.endsWith(NOTICE) ? text.slice(0, -NOTICE.length) : text;
  // The notice has a line of its own: one that was cut off before it is ended.
  const isWhole = whole.startsWith(lines) || whole.startsWith(lines.replace(/\n$/, ''));
  if (text.includes(SECRET)) wrong.push('the secret is in the log');
  if (!isWhole) wrong.push(`the log is not contiguous: …${lines.slice(-200)}`);
  if (status === 'success' && text !== whole)
    wrong.push(`the step succeeded with ${text.length} of ${whole.length} bytes`);
  if (startedAt !== null && !sealed) wrong.push('the log has no end');
  return wrong.map((problem) => `${name} of attempt ${workflowAttempt}: ${problem}`);
}
