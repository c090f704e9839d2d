import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OUR_EVENTS, type OurEvent } from '../../../src/convert/events.ts';
import { readCondition } from '../../../src/convert/github/read-condition.ts';
import type { Start } from '../../../src/convert/github/start.ts';
import { evaluateExpression } from '../../../src/pipeline/expression/evaluate-expression.ts';
import { parseExpression } from '../../../src/pipeline/expression/parse-expression.ts';

/** GitHub's own evaluator says of conditions whether they hold; what comes of them here holds in the same builds. */
const START: Start = {
  events: OUR_EVENTS,
  inputs: new Map([
    ['flag', { variable: 'CI_INPUT_FLAG', type: 'boolean', standard: 'true' }],
    ['target', { variable: 'CI_INPUT_TARGET', type: 'string', standard: 'Shop' }],
    ['count', { variable: 'CI_INPUT_COUNT', type: 'number', standard: '1' }],
  ]),
};

interface Build {
  readonly event: OurEvent;
  readonly name: string;
  readonly flag: boolean;
  readonly target: string;
  readonly count: number;
  readonly message: string;
  readonly node: string;
}

type Value = string | number | boolean | null | { readonly [name: string]: Value };

/** What both sides know of a build. */
function contextsOf(build: Build): { there: Record<string, Value>; here: Record<string, string> } {
  const { event, name, message } = build;
  const isPull = event === 'pull_request';
  const isTag = event === 'tag';
  const isManual = event === 'manual';
  const kind = isTag ? 'tags' : 'heads';
  const there = {
    event_name: {
      push: 'push',
      tag: 'push',
      pull_request: 'pull_request',
      manual: 'workflow_dispatch',
      cron: 'schedule',
    }[event],
    ref: isPull ? 'refs/pull/7/merge' : `refs/${kind}/${name}`,
    ref_name: isPull ? '7/merge' : name,
    ref_type: isTag ? 'tag' : 'branch',
    head_ref: isPull ? 'Fix' : '',
    base_ref: isPull ? name : '',
    sha: isPull ? 'c0ffee' : 'abad1dea',
    actor: 'Ada',
    repository: 'Shop/Web',
    repository_owner: 'Shop',
    run_number: '41',
    run_id: '900041',
    event: {
      repository: { name: 'Web', default_branch: 'main' },
      ...(event === 'push' || isTag ? { head_commit: { message } } : {}),
      ...(isPull ? { number: 7, pull_request: { number: 7, head: { sha: 'abad1dea', ref: 'Fix' } } } : {}),
      ...(isManual
        ? { inputs: { flag: String(build.flag), target: build.target, count: String(build.count) } }
        : {}),
    },
  };
  const here = {
    CI_PIPELINE_EVENT: event,
    CI_COMMIT_REF: isPull ? 'refs/pull/7/head' : `refs/${kind}/${name}`,
    CI_COMMIT_BRANCH: isTag ? '' : name,
    CI_COMMIT_TAG: isTag ? name : '',
    CI_COMMIT_SOURCE_BRANCH: isPull ? 'Fix' : '',
    CI_COMMIT_TARGET_BRANCH: isPull ? name : '',
    CI_COMMIT_PULL_REQUEST: isPull ? '7' : '',
    CI_COMMIT_SHA: 'abad1dea',
    CI_COMMIT_MESSAGE: message,
    CI_PIPELINE_AUTHOR: 'Ada',
    CI_REPO: 'Shop/Web',
    CI_REPO_OWNER: 'Shop',
    CI_REPO_NAME: 'Web',
    CI_REPO_DEFAULT_BRANCH: 'main',
    CI_PIPELINE_NUMBER: '3',
    ...(isManual
      ? {
          CI_INPUT_FLAG: String(build.flag),
          CI_INPUT_TARGET: build.target,
          CI_INPUT_COUNT: String(build.count),
        }
      : { CI_INPUT_FLAG: 'true', CI_INPUT_TARGET: 'Shop', CI_INPUT_COUNT: '1' }),
    NODE: build.node,
  };
  return {
    there: {
      github: there,
      inputs: isManual ? { flag: build.flag, target: build.target, count: build.count } : {},
      matrix: { node: build.node },
      runner: { os: 'Linux', arch: 'X64', temp: '/tmp' },
    },
    here,
  };
}

function dataOf(value: Value): data.ExpressionData {
  if (value === null) return new data.Null();
  if (typeof value === 'string') return new data.StringData(value);
  if (typeof value === 'number') return new data.NumberData(value);
  if (typeof value === 'boolean') return new data.BooleanData(value);
  return new data.Dictionary(...Object.entries(value).map(([key, one]) => ({ key, value: dataOf(one) })));
}

const STATUS = ['success', 'failure', 'always', 'cancelled'];

/** Whether it runs there, where all before went well or something failed. */
function runsThere(condition: string, build: Build, isFailed: boolean): boolean {
  const functions = STATUS.map((name) => ({
    ...{ name, minArgs: 0, maxArgs: 0 },
    call: () =>
      new data.BooleanData(
        name === 'always' || (name === 'success' && !isFailed) || (name === 'failure' && isFailed),
      ),
  }));
  const { tokens } = new Lexer(condition).lex();
  const parsed = new Parser(tokens, ['github', 'inputs', 'matrix', 'runner'], functions).parse();
  const context = dataOf(contextsOf(build).there) as data.Dictionary;
  const found = new Evaluator(parsed, context, new Map(functions.map((one) => [one.name, one]))).evaluate();
  const asks = new RegExp(`\\b(?:${STATUS.join('|')})\\(`).test(condition);
  return isTrue(found) && (asks || !isFailed);
}

function isTrue(found: data.ExpressionData): boolean {
  if (found.kind === data.Kind.Null) return false;
  const value = (found as data.StringData | data.NumberData | data.BooleanData).value;
  return value !== '' && value !== 0 && value !== false && !Number.isNaN(value);
}

/** Whether what comes of it runs here; null where the converter leaves it out, and says so. */
function runsHere(condition: string, build: Build, isFailed: boolean): boolean | null {
  const said = readCondition(condition, START);
  if (said === null) return null;
  if (said.isNever || (said.status !== 'always' && (said.status === 'failure') !== isFailed)) return false;
  if (said.evaluate === null) return true;
  const { expression, wrong } = parseExpression(said.evaluate);
  if (wrong !== null) throw new Error(`${said.evaluate}: ${wrong.cause}`);
  const { here } = contextsOf(build);
  return evaluateExpression(expression, (name) => here[name] ?? '', { left: 1_000_000 }) === true;
}

const NAMES = ['main', 'Main', 'v1', 'release/1'];
const VALUES = [
  ...['event_name', 'ref', 'ref_name', 'ref_type', 'head_ref', 'base_ref', 'sha', 'actor', 'repository'],
  ...['repository_owner', 'run_number', 'run_id', 'event.head_commit.message', 'event.number'],
  ...['event.pull_request.number', 'event.pull_request.head.sha', 'event.pull_request.head.ref'],
  ...['event.repository.default_branch', 'event.repository.name', 'event.inputs.flag', 'event.inputs.target'],
  'event.inputs.count',
].map((name) => `github.${name}`);
const value = fc.constantFrom(
  ...VALUES,
  ...['inputs.flag', 'inputs.target', 'inputs.count', 'matrix.node', 'runner.os', 'runner.arch'],
);
const literal = fc
  .constantFrom(
    ...[
      'main',
      'MAIN',
      'v1',
      'refs/heads/main',
      'refs/heads/',
      'refs/tags/V1',
      'refs/pull/',
      'refs/pull/7/merge',
    ],
    ...[
      '/merge',
      'push',
      'Pull_Request',
      'workflow_dispatch',
      'schedule',
      'release',
      'tag',
      'Branch',
      'commit',
    ],
    ...[
      'ada',
      'shop',
      'Shop/web',
      'web',
      'fix',
      '',
      '0',
      '1',
      '7',
      '20',
      '41',
      'true',
      'False',
      '[deploy]',
      'linux',
    ],
    'live',
  )
  .map((text) => `'${text}'`);
const plain = fc.constantFrom('true', 'false', '0', '1', '2', '7', '20');
const written = fc.oneof({ weight: 4, arbitrary: literal }, plain);
const operand = fc.oneof({ weight: 3, arbitrary: value }, written);
const atom = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .tuple(value, fc.constantFrom('==', '!='), operand, fc.boolean())
      .map(([one, operator, other, isFirst]) =>
        isFirst ? `${one} ${operator} ${other}` : `${other} ${operator} ${one}`,
      ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('startsWith', 'endsWith', 'contains'), operand, written)
      .map(([name, one, other]) => `${name}(${one}, ${other})`),
  },
  { weight: 2, arbitrary: value },
  { weight: 1, arbitrary: written },
  { weight: 2, arbitrary: fc.constantFrom(...STATUS.map((name) => `${name}()`)) },
);
const { condition } = fc.letrec<{ condition: string }>((tie) => ({
  condition: fc.oneof(
    { depthSize: 'small' },
    atom,
    tie('condition').map((one) => `!(${one})`),
    fc
      .tuple(tie('condition'), fc.constantFrom('&&', '||'), tie('condition'), fc.boolean())
      .map(([one, operator, other, isIn]) =>
        isIn ? `(${one} ${operator} ${other})` : `${one} ${operator} ${other}`,
      ),
  ),
}));
const build = fc.record<Build>({
  event: fc.constantFrom(...OUR_EVENTS),
  name: fc.constantFrom(...NAMES),
  flag: fc.boolean(),
  target: fc.constantFrom('Live', 'test', '0'),
  count: fc.constantFrom(0, 1, 2),
  message: fc.constantFrom('Fix it', 'Now [DEPLOY]'),
  node: fc.constantFrom('18', '20'),
});

it('a condition holds in the builds in which GitHub says that it does', () => {
  let said = 0;
  fc.assert(
    fc.property(condition, build, fc.boolean(), (one, of, isFailed) => {
      const here = runsHere(one, of, isFailed);
      if (here === null) return;
      said++;
      expect({ condition: one, runs: here }).toEqual({ condition: one, runs: runsThere(one, of, isFailed) });
    }),
    { numRuns: 20_000 },
  );
  // Most can be said, or this would show nothing.
  expect(said).toBeGreaterThan(8_000);
});
