import { describe, expect, test } from 'vitest';
import { PIPELINE_LIMITS } from '../../../src/core/plan-defaults.ts';
import { gatherIncluded } from '../../../src/pipeline/include/gather-included.ts';
import {
  keyOf,
  type IncludedFile,
  type IncludedFiles,
  type IncludeRef,
} from '../../../src/pipeline/include/included-file.ts';
import { lintPipeline, lintWorkflows } from '../../../src/pipeline/lint-pipeline.ts';
import { planPipeline } from '../../../src/pipeline/plan-pipeline.ts';
import { EVENTS, inputOf } from './support.ts';

const COMMIT = '0123456789abcdef0123456789abcdef01234567';
const SHARED = `{ project: team/shared, commit: ${COMMIT}, file: steps.yml }`;

/** By `path`, or `project@path` for files of the one commit of other projects. */
type Tree = Readonly<Record<string, string>>;
const nameIn = ({ origin, file }: IncludeRef) => (origin === null ? file : `${origin.project}@${file}`);
const reader =
  (tree: Tree, asked: string[][] = []) =>
  (refs: readonly IncludeRef[]) => {
    asked.push(refs.map(nameIn));
    return Promise.resolve(
      refs.map((ref): IncludedFile => {
        const text = tree[nameIn(ref)];
        return text === undefined ? { kind: 'missing' } : { kind: 'file', text };
      }),
    );
  };

async function outcomeOf(text: string, tree: Tree) {
  const included = await gatherIncluded([{ path: 'slipway.yml', text }], reader(tree));
  const outcome = planPipeline(inputOf(text, EVENTS.push, { included }));
  const places = outcome.problems.map(({ file, line, column, code }) => `${file}:${line}:${column} ${code}`);
  return {
    ...outcome,
    places,
    steps: outcome.plan?.workflows[0]?.plan.steps.map(({ name }) => name) ?? null,
  };
}

describe('what a file includes', () => {
  test('stands before its own, in the order of the includes, that of other projects at their commit too', async () => {
    const { plan, steps } = await outcomeOf(
      `include: [ci/lint.yml, ${SHARED}]\nservices: { db: { image: "postgres:15" } }\nsteps: { own: { commands: psql -h db -p cache } }`,
      {
        'ci/lint.yml': 'steps: { lint: { commands: npm run lint } }',
        'team/shared@steps.yml':
          'services: { cache: { image: "redis:7" } }\nsteps: { scan: { image: "a/scan:1", commands: scan } }',
      },
    );
    expect(steps).toEqual(['lint', 'scan', 'own']);
    const { plan: own } = plan?.workflows[0] ?? {};
    expect(own?.services.map(({ name }) => name)).toEqual(['cache', 'db']);
    expect(own?.steps.map(({ dependsOn }) => dependsOn)).toEqual([[], ['lint'], ['scan']]);
    expect(own?.image).not.toBeNull();
  });

  test('may include more: of its own repository at its own commit, each once, and its own anchors', async () => {
    const asked: string[][] = [];
    const tree = {
      'team/shared@steps.yml':
        'include: [base.yml, more.yml]\nvariables: { i: &i "node:24" }\nsteps: { a: { image: *i, commands: x } }',
      'team/shared@base.yml': 'steps: { base: { commands: x } }',
      'team/shared@more.yml': 'include: base.yml\nsteps: { more: { commands: x } }',
    };
    const text = `include: ${SHARED}\nsteps: { own: { commands: x } }`;
    expect((await outcomeOf(text, tree)).steps).toEqual(['base', 'more', 'a', 'own']);
    await gatherIncluded([{ path: 'slipway.yml', text }], reader(tree, asked));
    expect(asked).toEqual([['team/shared@steps.yml'], ['team/shared@base.yml', 'team/shared@more.yml']]);
  });

  test('has its problems in its own file, with line and column; a conflict names both places', async () => {
    const { places, problems } = await outcomeOf(
      'include: ci.yml\nsteps:\n  a: { commands: x }\n  b: { commands: x, depends_on: [a, c] }\npush: {}',
      {
        'ci.yml': '# a comment\nsteps:\n  a: { comands: x }\n  d: { commands: x, depends_on: e }\npush: {}\n',
      },
    );
    expect(places).toEqual([
      'slipway.yml:3:3 name_duplicate',
      'slipway.yml:4:37 dependency_unknown',
      'ci.yml:3:8 key_unknown',
      'ci.yml:4:33 dependency_unknown',
      'ci.yml:5:1 key_unknown',
    ]);
    expect(problems[0]?.message).toContain('the first is on line 3 of ci.yml');
    expect(problems[2]?.excerpt.text).toBe('  a: { comands: x }');
    expect(problems[4]?.message).toBe('`push` is no key of an included file.');
  });

  test('is read though the file itself has problems, and though it is no YAML or empty says so at its place', async () => {
    const { places } = await outcomeOf('includ: x\ninclude: [a.yml, b.yml, c.yml]\nsteps: {}', {
      'a.yml': 'steps: [',
      'b.yml': '# nothing',
      'c.yml': 'steps: { s: { commands: "\u0000" } }',
    });
    expect(places).toEqual([
      'slipway.yml:1:1 key_unknown',
      'a.yml:1:9 yaml_wrong',
      'b.yml:1:1 file_empty',
      'c.yml:1:26 character_wrong',
    ]);
  });
});

describe('an include', () => {
  test('of another project is pinned to a commit; the fix says how to find it', () => {
    const lint = (entry: string) =>
      lintPipeline(`include: ${entry}\nsteps: { a: { commands: x } }`, 'slipway.yml').filter(
        ({ severity }) => severity === 'error',
      );
    for (const [entry, column] of [
      ['{ project: a/b, file: x.yml, commit: main }', 47],
      ['{ project: a/b, file: x.yml, commit: v1.2 }', 47],
      ['{ project: a/b, file: x.yml, commit: 0123456 }', 47],
      ['{ project: a/b, file: x.yml }', 21],
    ] as const)
      expect(lint(entry).map(({ code, column }) => [code, column])).toEqual([['include_unpinned', column]]);
    expect(lint('{ project: a/b, file: x.yml, commit: main }')[0]?.fix).toContain(
      'git ls-remote <address> main',
    );
    expect(lint('{ project: a/b, file: x.yml, commit: 0123456 }')[0]).toMatchObject({
      message: '`0123456` is no whole commit: what a branch or a tag names changes, and the build with it.',
      fix: expect.stringContaining('`git rev-parse 0123456` in a clone of it shows them') as string,
    });
    expect(lint('{ project: a/b, file: x.yml }')[0]?.message).toMatch(
      /^`a\/b` is named without `commit`: what /,
    );
    expect(lint(`{ file: x.yml, commit: ${COMMIT} }`)[0]?.code).toBe('include_commit_own');
    for (const file of ['../x.yml', '/etc/passwd', 'a/../../b'])
      expect(lint(`{ file: ${file} }`)[0]?.code).toBe('value_wrong');
  });

  test('that is not there, may not be read or was not read fails, and nothing is left out', async () => {
    const text = `include: [gone.yml, ${SHARED}]\nsteps: { a: { commands: x } }`;
    const missing = await outcomeOf(text, {});
    expect(missing.places).toEqual(['slipway.yml:1:11 include_missing', 'slipway.yml:1:101 include_missing']);
    const refused: IncludedFile = { kind: 'refused', cause: 'it is not shared', fix: 'Ask.' };
    const ref = { origin: { project: 'team/shared', commit: COMMIT }, file: 'steps.yml' };
    const included: IncludedFiles = new Map([[keyOf(ref), refused]]);
    const { plan, problems } = planPipeline(inputOf(text, EVENTS.push, { included }));
    expect(plan).toBeNull();
    expect(problems.map(({ message }) => message)).toEqual([
      '`gone.yml` is not read: the files of this build are larger, or more, than are read.',
      '`team/shared@01234567:steps.yml` is not read: it is not shared.',
    ]);
  });

  test('that cannot be looked at where a file alone is checked is a warning, and what it may have is not missed', () => {
    const problems = lintPipeline(
      'include: ci.yml\nservices: { db: { image: "postgres:15" } }\nsteps: { a: { image: "node:24", commands: x, depends_on: lint } }',
      'slipway.yml',
    );
    expect(problems.map(({ code, severity }) => [code, severity])).toEqual([['include_unread', 'warning']]);
  });

  test('of a file that includes itself is refused, however long the way', async () => {
    const { places, problems } = await outcomeOf('include: a.yml\nsteps: { s: { commands: x } }', {
      'a.yml': 'include: b.yml\nsteps: { t: { commands: x } }',
      'b.yml': 'include: a.yml',
    });
    expect(places).toEqual(['b.yml:1:10 include_cycle']);
    expect(problems[0]?.message).toContain('`a.yml` → `b.yml` → `a.yml`');
  });

  test('is bounded in depth, number and size', async () => {
    const chain = Object.fromEntries(
      Array.from({ length: 8 }, (_, at) => [`c${at}.yml`, `include: c${at + 1}.yml`]),
    );
    const deep = await outcomeOf('include: c0.yml\nsteps: { s: { commands: x } }', chain);
    expect(deep.places).toEqual(['c3.yml:1:10 too_complex']);

    const most = PIPELINE_LIMITS.includes;
    const names = Array.from({ length: most + 1 }, (_, at) => `f${at}.yml`);
    const wide = Object.fromEntries(names.map((name, at) => [name, `steps: { s${at}: { commands: x } }`]));
    const many = await outcomeOf(`include: [${names.join(', ')}]`, wide);
    expect(many.places).toEqual([expect.stringMatching(/^slipway\.yml:1:\d+ too_complex$/)]);
    expect((await outcomeOf(`include: [${names.slice(1).join(', ')}]`, wide)).steps).toHaveLength(most);

    const long = `# ${'x'.repeat(PIPELINE_LIMITS.bytes * 0.6)}\nsteps: {}\n`;
    const large = await outcomeOf('include: [a.yml, b.yml]\nsteps: { s: { commands: x } }', {
      'a.yml': long,
      'b.yml': long,
    });
    expect(large.places).toEqual(['slipway.yml:1:18 include_refused']);
    expect(large.problems[0]?.message).toContain(`more than ${PIPELINE_LIMITS.bytes} bytes`);
  });

  test('is read ten at a time, and no more once the files are too large', async () => {
    const names = Array.from({ length: 40 }, (_, at) => `f${at}.yml`);
    const tree = Object.fromEntries(
      names.map((name) => [name, `# ${'x'.repeat(PIPELINE_LIMITS.bytes / 12)}`]),
    );
    const asked: string[][] = [];
    const text = `include: [${names.join(', ')}]`;
    const found = await gatherIncluded([{ path: 'slipway.yml', text }], reader(tree, asked));
    expect(asked.map((one) => one.length)).toEqual([10, 10]);
    expect([...found.values()].filter(({ kind }) => kind === 'file')).toHaveLength(11);
    expect(found.size).toBe(12);
  });

  test('of more commits of other projects than are read says so, and the others are not asked for', async () => {
    const most = PIPELINE_LIMITS.includedCommits;
    const entries = Array.from({ length: most + 2 }, (_, at) => {
      const commit = at.toString(16).padStart(40, '0');
      return ['a.yml', 'b.yml'].map((file) => `{ project: team/shared, commit: ${commit}, file: ${file} }`);
    }).flat();
    const asked: string[][] = [];
    const text = `include: [${entries.join(', ')}]\nsteps: { a: { commands: x } }`;
    const included = await gatherIncluded([{ path: 'slipway.yml', text }], reader({}, asked));
    expect(asked.flat()).toHaveLength(2 * most);
    const { problems } = planPipeline(inputOf(text, EVENTS.push, { included }));
    const refused = problems.filter(({ code }) => code === 'include_refused');
    expect(refused).toHaveLength(4);
    expect(refused[0]?.message).toContain(`at most ${most} commits of other projects`);
  });

  test('is as deep as its shortest way, in whatever order the includes stand', async () => {
    const tree = {
      ...Object.fromEntries(
        ['a', 'b', 'c', 'd'].map((name, at) => [
          `${name}.yml`,
          `include: ${'bcde'.charAt(at)}.yml\nsteps: { ${name}: { commands: x } }`,
        ]),
      ),
      'e.yml': 'include: f.yml\nsteps: { e: { commands: x } }',
      'f.yml': 'steps: { f: { commands: x } }',
    };
    expect((await outcomeOf('include: [a.yml, e.yml]', tree)).steps).toEqual(['f', 'e', 'd', 'c', 'b', 'a']);
    expect((await outcomeOf('include: [e.yml, a.yml]', tree)).steps).toEqual(['f', 'e', 'd', 'c', 'b', 'a']);
    expect((await outcomeOf('include: a.yml', tree)).places).toEqual(['d.yml:1:10 too_complex']);
  });

  test('of one file by several workflows counts for each, and what is wrong with it is said once', () => {
    const included: IncludedFiles = new Map([
      [keyOf({ origin: null, file: 'ci.yml' }), { kind: 'file', text: 'steps: { a: { comands: x } }' }],
    ]);
    const files = ['a', 'b'].map((name) => ({ path: `.slipway/${name}.yml`, text: 'include: ci.yml' }));
    const problems = lintWorkflows(files, { hasDockerfile: true, included });
    expect(problems.map(({ file, code }) => `${file} ${code}`)).toEqual(
      ['ci.yml key_unknown', 'ci.yml key_missing'].slice(0, problems.length),
    );
    expect(problems.length).toBeGreaterThan(0);
  });
});
