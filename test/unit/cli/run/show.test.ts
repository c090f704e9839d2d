import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { ENDS } from '../../../../src/core/end.ts';
import { wholeSummary } from '../../../../src/cli/run/run-view.ts';
import { plainView } from '../../../../src/cli/run/show-plain.ts';
import { treeView } from '../../../../src/cli/run/show-tree.ts';
import type { RunAudience } from '../../../../worker/local/local-lease.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const STEPS = ['clone', 'unit', 'lint'].map((name, at) => ({
  stepId: `s${at}`,
  attemptId: `a${at}`,
  kind: name === 'clone' ? ('clone' as const) : ('step' as const),
  name,
}));
const NONE: ReadonlySet<string> = new Set();
const FAILED = {
  status: 'failure' as const,
  reason: 'step unit: exit code 1',
  exitCode: 1,
  code: 'exit_code' as const,
};

function play(audience: RunAudience, advance: (ms: number) => void): void {
  const output = (id: string, text: string): void => void audience.output(id, 'stdout', Buffer.from(text));
  audience.report({ type: 'step.started', attemptId: 'a0' });
  output('a0', 'Copied 3 files.\n');
  audience.report({ type: 'step.finished', attemptId: 'a0', ...DONE });
  audience.report({ type: 'step.started', attemptId: 'a1' });
  advance(1_000);
  output('a1', '10 %\r50 %\r100 %\nred \u001b[31mtext\u001b[0m \u001b]0;title\u0007');
  output('a1', ' end\n');
  advance(64_000);
  output('a1', 'no line break');
  audience.report({
    type: 'step.finished',
    attemptId: 'a1',
    ...DONE,
    status: 'failure',
    reason: 'exit code 1',
  });
  audience.report({
    type: 'step.finished',
    attemptId: 'a2',
    ...DONE,
    status: 'skipped',
    reason: 'step unit failed',
  });
}
const DONE = { status: 'success' as const, reason: null, exitCode: 0, logBytes: 0 };

it('shows every line with its step where there is no terminal', async () => {
  const out = new PassThrough();
  const view = plainView(out);
  play(view.begin(STEPS, NONE), (ms) => vi.advanceTimersByTime(ms));
  view.end(FAILED, 65_000);
  out.end();
  expect((await out.toArray()).join('').split('\n')).toEqual([
    'files | Copied 3 files.',
    'files | success (0.0 s)',
    'unit  | 100 %',
    'unit  | red \u001b[31mtext\u001b[0m ]0;title end',
    'unit  | no line break',
    'unit  | failure: exit code 1 (1 min 05 s)',
    'lint  | skipped: step unit failed',
    'failure: step unit: exit code 1 (1 min 05 s)',
    '',
  ]);
});

it('holds a step up, and loses nothing, where its reader is slow', async () => {
  const out = new PassThrough({ highWaterMark: 16 });
  const audience = plainView(out).begin(STEPS, NONE);
  let hasRoom = false;
  const room = Promise.resolve(audience.output('a1', 'stdout', Buffer.from('x\n'.repeat(100)))).then(
    () => (hasRoom = true),
  );
  await vi.advanceTimersByTimeAsync(1_000);
  expect(hasRoom).toBe(false);
  out.resume();
  await room;
});

it('holds nothing up where its reader has gone', async () => {
  const out = new PassThrough({ highWaterMark: 16 }).on('error', () => undefined);
  const room = plainView(out)
    .begin(STEPS, NONE)
    .output('a1', 'stdout', Buffer.from('x\n'.repeat(100)));
  out.destroy(new Error('EPIPE'));
  await expect(room).resolves.toBeUndefined();
});

/** A terminal as far as the tree needs one: what is on it after all that was written. */
function screen(rows: number, columns: number) {
  let lines: string[] = [''];
  let most = 0;
  const write = (text: string): boolean => {
    for (const [part] of text.matchAll(/\u001b\[(\d*)([A-Za-z])|\n|[^\u001b\n]+/g)) {
      const [, count = '', act] = /^\u001b\[(\d*)([A-Za-z])$/.exec(part) ?? [];
      if (act === 'A') at -= Number(count);
      else if (act === 'J') lines = lines.slice(0, at + 1).map((line, index) => (index === at ? '' : line));
      else if (act === 'K') lines[at] = (lines[at] ?? '').slice(0, column);
      else if (act === 'm') continue;
      else if (part === '\n') [at, column] = [at + 1, 0];
      else {
        lines[at] = (lines[at] ?? '').slice(0, column) + part;
        column += part.length;
        most = Math.max(most, column);
      }
    }
    return true;
  };
  let [at, column] = [0, 0];
  return { terminal: { write, rows, columns }, text: () => lines.join('\n').trimEnd(), widest: () => most };
}

it('draws the steps over and over on a terminal, and leaves the last lines of what failed', () => {
  const { terminal, text } = screen(24, 80);
  const view = treeView(terminal);
  const audience = view.begin(STEPS, NONE);
  const seen: string[] = [];
  play(audience, (ms) => {
    vi.advanceTimersByTime(ms);
    seen.push(text());
  });
  expect(seen[0]).toMatch(/^✓ files +0\.0 s\n\S unit +1\.0 s\n· lint$/);
  expect(seen[1]).toMatch(/unit +1 min 05 s {2}red text ]0;title end\n/);
  view.end(FAILED, 65_000);
  expect(text()).toBe(
    [
      '✓ files      0.0 s',
      '✗ unit  1 min 05 s  exit code 1',
      '- lint              step unit failed',
      '',
      'unit: exit code 1',
      '  100 %',
      '  red text ]0;title end',
      '  no line break',
      '',
      'failure: step unit: exit code 1 (1 min 05 s)',
    ].join('\n'),
  );
});

it('keeps to the size of the terminal', () => {
  const many = Array.from({ length: 50 }, (_, at) => ({
    ...{ stepId: `s${at}`, attemptId: `a${at}`, kind: 'step' as const },
    name: `step ${at}`,
  }));
  const { terminal, text, widest } = screen(10, 30);
  const audience = treeView(terminal).begin(many, NONE);
  audience.report({ type: 'step.started', attemptId: 'a40' });
  void audience.output('a40', 'stdout', Buffer.from(`${'long '.repeat(40)}\n`));
  vi.advanceTimersByTime(500);
  expect(text().split('\n')).toHaveLength(9);
  expect(text()).toContain('step 40');
  expect(widest()).toBeLessThanOrEqual(30);
});

it('says of a failure that the file ignores that it is', async () => {
  const ignored = new Set(['unit']);
  const out = new PassThrough();
  play(plainView(out).begin(STEPS, ignored), () => undefined);
  out.end();
  expect((await out.toArray()).join('')).toContain('failure: exit code 1 (ignored) (');
  const { terminal, text } = screen(24, 80);
  const view = treeView(terminal);
  play(view.begin(STEPS, ignored), () => undefined);
  view.end({ status: 'success', reason: null, exitCode: 0 }, 1_000);
  expect(text()).toContain('unit: exit code 1 (ignored)\n');
});

it('has the last lines of a step for who is about to look into it', () => {
  const view = treeView(screen(24, 80).terminal);
  const audience = view.begin(STEPS, NONE);
  void audience.output('a1', 'stdout', Buffer.from('line\n'.repeat(20) + 'what went wrong\n'));
  expect(view.lastLines('unit')).toEqual([...Array<string>(11).fill('line'), 'what went wrong']);
  expect(view.lastLines('other')).toEqual([]);
  expect(plainView(new PassThrough()).lastLines('unit')).toEqual([]);
});

it('ends several workflows with the worst end, and says of which it is', () => {
  const ended = (label: string, status: 'success' | 'failure' | 'skipped', reason: string | null = null) => ({
    ...{ name: label, label, status, reason },
  });
  const all = [
    ended('a', 'success'),
    ended('b (N=1)', 'failure', 'step unit: exit code 1'),
    ended('c', 'skipped'),
  ];
  expect(wholeSummary([...all, ended('d', 'success')], 12_300)).toBe(
    'failure: workflow b (N=1): step unit: exit code 1 (4 workflows, 12.3 s)',
  );
  expect(wholeSummary(all.slice(0, 1), 1_000)).toBe('success (1 workflow, 1.0 s)');
});

it('says below a step that failed what to do about it', async () => {
  const told = { ...DONE, status: 'failure' as const, reason: 'exit code 1', code: 'exit_code' };
  const out = new PassThrough();
  const plain = plainView(out).begin(STEPS, NONE);
  plain.report({ type: 'step.finished', attemptId: 'a1', ...told });
  plain.report({ type: 'step.finished', attemptId: 'a2', ...told, code: 'of_a_newer_version' });
  out.end();
  expect((await out.toArray()).join('').split('\n')).toEqual([
    'unit  | failure: exit code 1',
    `unit  | ${ENDS.exit_code.fix}`,
    'lint  | failure: exit code 1',
    '',
  ]);
  const { terminal, text } = screen(24, 200);
  const tree = treeView(terminal);
  tree.begin(STEPS, NONE).report({ type: 'step.finished', attemptId: 'a1', ...told });
  tree.end(FAILED, 1_000);
  expect(text()).toContain(`\nunit: exit code 1\n${ENDS.exit_code.fix}\n`);
});
