import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it, test, vi } from 'vitest';
import type { RepositoryEvent } from '../../../src/core/event.ts';
import { evaluateExpression } from '../../../src/pipeline/expression/evaluate-expression.ts';
import { MOST_CHARACTERS, parseExpression } from '../../../src/pipeline/expression/parse-expression.ts';
import { compilePattern } from '../../../src/pipeline/expression/pattern.ts';
import { writeExpression } from '../../../src/pipeline/expression/write-expression.ts';
import { lintPipeline } from '../../../src/pipeline/lint-pipeline.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf, lint, planOf, workflowsOf } from './support.ts';

const VALUES: Readonly<Record<string, string>> = {
  CI_COMMIT_AUTHOR: 'ada',
  CI_COMMIT_MESSAGE: 'Fix [deploy] it',
  CI_COMMIT_PULL_REQUEST_LABELS: 'shop,urgent',
  CI_COMMIT_TAG: 'v1.2.3',
  CI_PIPELINE_EVENT: 'push',
};

/** What an expression comes to, or where and why it cannot be read. */
function evaluate(text: string, left = 1_000_000): boolean | string {
  const { expression, wrong } = parseExpression(text);
  if (wrong !== null) return `${wrong.at}: ${wrong.cause}`;
  return evaluateExpression(expression, (name) => VALUES[name] ?? '', { left });
}

/** Examples of Woodpecker's documentation and of public files among them. */
it.each<[string, boolean]>([
  ['CI_COMMIT_AUTHOR == "ada" && CI_PIPELINE_EVENT != "cron"', true],
  ["CI_COMMIT_AUTHOR == 'bob' or CI_PIPELINE_EVENT == `push`", true],
  ['not (CI_COMMIT_MESSAGE contains "please ignore me")', true],
  ['CI_COMMIT_PULL_REQUEST_LABELS contains "urgent"', true],
  ['CI_COMMIT_PULL_REQUEST_LABELS not contains "urgent"', false],
  ['SKIP != "true"', true],
  ['CI_COMMIT_TAG matches "^v?[0-9]+\\\\.[0-9]+\\\\.[0-9]+$"', true],
  ['CI_COMMIT_TAG matches `^[0-9]`', false],
  ['CI_COMMIT_MESSAGE matches "(?i)\\\\[DEPLOY\\\\]"', true],
  ['CI_COMMIT_TAG startsWith "v" and CI_COMMIT_TAG endsWith ".3"', true],
  ['CI_PIPELINE_EVENT in ["push", "tag"]', true],
  ['CI_PIPELINE_EVENT not in ["push", "tag"]', false],
  ['"urgent" in split(CI_COMMIT_PULL_REQUEST_LABELS, ",")', true],
  ['"urge" in split(CI_COMMIT_PULL_REQUEST_LABELS, ",")', false],
  ['lower(CI_COMMIT_MESSAGE) startsWith "fix"', true],
  ['upper(trim("  a ")) == "A"', true],
  ['len("aé😀") == 3', true],
  ['CI_PIPELINE_EVENT == "tag" ? CI_COMMIT_TAG == "" : CI_COMMIT_AUTHOR == "ada"', true],
  ['!(CI_COMMIT_TAG != "") && CI_COMMIT_AUTHOR == "ada"', false],
  ['true || false && false', true],
  ['(true || false) && false', false],
  ['"a" < "b" && 2 >= 2', true],
  ['"\\u00e9\\x41\\n" == "éA\\n"', true],
  ['true', true],
])('%s is %s', (text, expected) => expect(evaluate(text)).toBe(expected));

it.each([
  ['', '0: it is empty'],
  ['CI_COMMIT_TAG', '0: it is a text, and not true or false'],
  ['CI_COMMIT_AUTHOR = "a"', '17: unexpected "="'],
  ['CI_COMMIT_AUTHOR == ', '20: expected expression after =='],
  ['CI_COMMIT_AUTHOR "a"', '17: an operator is missing before this'],
  ['(CI_COMMIT_AUTHOR == "a"', '24: unclosed ('],
  ['CI_COMMIT_AUTHOR == "a', '20: a text has no end'],
  ['CI_COMMIT_AUTHOR == "\\d"', '21: `\\d` is no escape; a `\\` of the text is written `\\\\`'],
  ['CI_COMMIT_AUTHOR == "a";', '23: unexpected ";"'],
  ['(, CI_COMMIT_AUTHOR == "a")', '1: unexpected ","'],
  ['CI_COMMIT_AUTHOR == nil', '20: a variable without a value is empty: compare it with ""'],
  ['CI_COMMIT_AUTHOR && true', '0: this is a text, where true or false is needed'],
  ['CI_COMMIT_AUTHOR in "ada"', '20: this is a text, where a list of text is needed'],
  ['CI_COMMIT_AUTHOR == ["a"]', /^21: a text is compared with a list of text/],
  ['CI_PIPELINE_NUMBER > 7', /^21: a text is compared with a number/],
  ['["a"] == ["a"]', /^10: `==` does not compare/],
  ['CI_COMMIT_AUTHOR.length == 3', /^0: only names/],
  ['eval(CI_COMMIT_MESSAGE)', '0: `eval` is no function; there are len, lower, upper, trim, split'],
  ['lowr(CI_REPO) == "a"', '0: `lowr` is no function; did you mean `lower`?'],
  ['lower() == "a"', '0: `lower` takes one value'],
  ['CI_COMMIT_TAG matches CI_COMMIT_MESSAGE', /^22: what follows `matches` is a pattern in quotes/],
  ['"${CI_COMMIT_MESSAGE}" == "a"', /^1: values are named without `\$`/],
  ['CI_COMMIT_AUTHOR ?? "a"', '18: expected expression'],
  ['a | b', /^2: unexpected "\|"/],
  ['('.repeat(900), '32: it is nested too deep'],
  ['!'.repeat(1_500), '64: it is nested too deep'],
  ['true ? '.repeat(250), /nested too deep$/],
  [`${'x'.repeat(MOST_CHARACTERS)} `, `0: it has more than ${MOST_CHARACTERS} characters`],
])('refuses %s', (text, expected) => {
  const said = evaluate(text);
  if (typeof expected === 'string') expect(said).toBe(expected);
  else expect(said).toMatch(expected);
});

it('reads or refuses any text, and evaluates what it reads for any values', () => {
  const word = fc.constantFrom(
    ...'&& || ! not and or == != < in contains matches ( ) [ ] , ? : "a" `b` CI_REPO len( split( true 1 \\ " ;'.split(
      ' ',
    ),
  );
  const values = fc.dictionary(fc.constantFrom('CI_REPO', 'x'), fc.string());
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(word, { maxLength: 12 }).map((words) => words.join(' ')),
      ),
      values,
      (text, known) => {
        const { expression, wrong } = parseExpression(text);
        if (wrong !== null) {
          expect(wrong.at).toBeGreaterThanOrEqual(0);
          expect(wrong.at).toBeLessThanOrEqual(text.length);
          return;
        }
        const twice = [0, 1].map(() =>
          evaluateExpression(expression, (name) => known[name] ?? '', { left: 10_000 }),
        );
        expect(twice[0]).toBe(twice[1]);
      },
    ),
    { numRuns: 3_000, seed: 11 },
  );
});

describe('a pattern', () => {
  it.each(['(?=a)', '(a)\\1', '[', '(?:a{900}){900}', 'a{1001}'])('%s is refused', (source) => {
    expect(compilePattern(source).pattern).toBeNull();
  });

  it.each([
    ['one after the other', '(?:\\pL{1000})'.repeat(100)],
    ['something long', `(?:${'ab'.repeat(400)}){900}`],
    ['a repetition of something long', `(?:(?:${'ab'.repeat(40)}){30}c){30}`],
    ['with brackets in classes', `(?:${'ab'.repeat(40)}[(](?:x){30}[)]){30}`],
    ['behind nothing, quoted', `((?:${'ab'.repeat(40)})\\Q\\E{30}c)\\Q\\E{30}`],
    ['behind a quoted bracket', `(?:\\Q)\\E${'ab'.repeat(400)}){900}`],
  ])('that repeats much is refused before it is written out: %s', (_, source) => {
    const library = vi.spyOn(RE2JS, 'compile');
    try {
      expect(compilePattern(source).cause).toBe('it repeats too much');
      expect(library).not.toHaveBeenCalled();
    } finally {
      library.mockRestore();
    }
  });

  it.each([
    '^(feat|fix)\\(.{1,20}\\): .{1,72}$',
    '(?i)^\\d{4}-\\d{2}-\\d{2} [0-9a-f]{40}$',
    '^(\\d{1,3}\\.){3}\\d{1,3}$',
  ])('that repeats as people write it is taken: %s', (source) => {
    expect(compilePattern(source).cause).toBeNull();
  });

  it('costs its size for each character, and no more is spent than there is', () => {
    const text = '"' + 'a'.repeat(1_000) + '" matches "(a+)+$"';
    expect(evaluate(text)).toBe(true);
    expect(evaluate(text, 1_000)).toBe(false);
  });
});

const selected = (when: string, event: RepositoryEvent, more = '') =>
  planOf(`${more}image: {}\nsteps: { a: { commands: x, when: ${when} } }`, event).steps[0]?.selected;

describe('in a file', () => {
  it('is one part of a condition, which all must hold', () => {
    const when = '{ event: push, evaluate: CI_COMMIT_BRANCH == "main" }';
    expect([EVENTS.push, EVENTS.feature, EVENTS.manual].map((event) => selected(when, event))).toEqual([
      true,
      false,
      false,
    ]);
    expect(selected('[{ event: tag }, { evaluate: CI_COMMIT_MESSAGE contains "Sell" }]', EVENTS.push)).toBe(
      true,
    );
  });

  it('knows what only steps else have, as far as it is known before they run', () => {
    expect(selected('{ evaluate: CI_COMMIT_PULL_REQUEST_DRAFT == "false" }', EVENTS.pull)).toBe(true);
    expect(selected('{ evaluate: CI_COMMIT_PULL_REQUEST_DRAFT == "false" }', EVENTS.push)).toBe(false);
  });

  it('takes event data for a value, whatever it says', () => {
    const event = { ...EVENTS.push, message: '" || true || "${CI_REPO}' };
    expect(selected('{ evaluate: CI_COMMIT_MESSAGE == "x" }', event)).toBe(false);
    expect(selected(`{ evaluate: 'CI_COMMIT_MESSAGE contains "\\" || true"' }`, event)).toBe(true);
    expect(selected('{ evaluate: CI_COMMIT_MESSAGE contains CI_REPO }', event)).toBe(false);
  });

  it('decides on workflows, pushes and deployments, and knows the matrix inside of one', () => {
    const matrix = 'matrix: { NODE: [20, 22] }\n';
    const file = `${matrix}image: {}\npush: { tags: "\${CI_COMMIT_SHA}", when: { evaluate: NODE == "22" } }\n`;
    expect(workflowsOf(inputOf(file, EVENTS.push)).map(({ plan }) => plan.push !== null)).toEqual([
      false,
      true,
    ]);
    expect(workflowsOf(inputOf('when: { evaluate: "false" }\nimage: {}', EVENTS.push))).toEqual([]);
    expect(lint(`${matrix}when: { evaluate: NODE == "20" }\nimage: {}`)).toEqual(['2:19 expression_unset']);
  });

  it('shows a problem where it is in the expression', () => {
    const at = (text: string, word: string, code: string) => {
      const before = 'when: { event: push, evaluate: ';
      const column = before.length + text.indexOf(word) + 1;
      expect(lint(`image: {}\n${before}${text} }`)).toEqual([`2:${column} ${code}`]);
    };
    at('CI_REPO == "a" && CI_REPOS == "b"', 'CI_REPOS', 'expression_name');
    at(`'CI_REPO == "it''s" && CI_REPOS == "b"'`, 'CI_REPOS', 'expression_name');
    at('"CI_REPO == 1"', '1', 'expression_wrong');
    at('CI_STEP_NAME == "a"', 'CI_STEP', 'expression_name');
    at('CI_PIPELINE_DEPLOY_TARGET == "a"', 'CI_', 'expression_unset');
    at('CI_REPO matches "("', '"("', 'expression_wrong');
    at('[]', '[', 'type_wrong');
    const folded = 'image: {}\nwhen:\n  evaluate: >\n    CI_REPO == "a" &&\n    CI_REPOS == "b"\n';
    expect(lint(folded)).toEqual(['3:13 expression_name']);
    const [problem] = lintPipeline('image: {}\nwhen: { evaluate: lower(CI_REPOS) == "b" }', 'slipway.yml');
    expect(problem).toMatchObject({ column: 25, length: 8, path: 'when.evaluate' });
    expect(problem?.fix).toBe('Did you mean `CI_REPO`?');
  });
});

test('expressions that would take long are an error, whichever part is large', () => {
  const event = { ...EVENTS.push, message: 'a'.repeat(60_000) };
  const matching = Array.from(
    { length: 2 },
    () => `{ evaluate: 'CI_COMMIT_MESSAGE matches "(?:a?){900}b"' }`,
  );
  const { problems } = planPipeline(inputOf(`image: {}\nwhen: [${matching.join(', ')}]`, event));
  expect(problems.map(({ code }) => code)).toEqual(['too_complex']);
  const patterns = Array.from(
    { length: 200 },
    (_, index) => `{ evaluate: 'CI_REPO matches "a{1000}${index}"' }`,
  );
  expect(lint(`image: {}\nwhen: [${patterns.join(', ')}]`).map((one) => one.split(' ')[1])).toEqual([
    'too_complex',
  ]);
});

test('an expression that is written out is read as the same again, in which text never equals a number', () => {
  const all = [
    'CI_REPO == "a\\n\\"b\\"" && !(CI_COMMIT_TAG matches "^v[0-9]+\\\\.x$") or len(trim(CI_REPO)) > 2.5',
    '"a" in split(CI_REPO, ",") ? CI_REPO in ["x", upper("y")] : not (CI_REPO contains "b" and true)',
    Array.from({ length: 60 }, (_, at) => `A == "${at}"`).join(' || '),
  ];
  for (const text of all) {
    const { expression } = parseExpression(text);
    if (expression === null) throw new Error(text);
    const again = parseExpression(writeExpression(expression)).expression;
    expect(withoutPlaces(again)).toEqual(withoutPlaces(expression));
  }
  const mixed = 'CI_PIPELINE_NUMBER == 7 || (CI_COMMIT_TAG == "" && 8 != CI_REPO)';
  expect(parseExpression(mixed).wrong?.cause).toContain('a text is compared with a number');
  const { expression } = parseExpression(mixed, true);
  expect(expression === null ? null : writeExpression(expression)).toBe(
    'false || ((CI_COMMIT_TAG == "") && true)',
  );
  for (const never of ['CI_REPO > 7', 'CI_REPO == ["a"]', 'CI_REPO == true'])
    expect(parseExpression(never, true).expression, never).toBeNull();
});

const withoutPlaces = (one: unknown): unknown =>
  JSON.parse(JSON.stringify(one, (key, value: unknown) => (key === 'at' ? undefined : value)));
