import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { FORMATS } from '../../../src/convert/converted.ts';

/**
 * A scenario: a repository with a pipeline file, what happens in it, and what has to come of that. In what is
 * expected, `<commit>` stands for the commit that is built (`<short>` for its first eight digits), `<digest>` for the digest that was pushed, `<number>`
 * for the build's number, `<registry>` for the registry's host and `<url>` for the server's address. A reason
 * between slashes is a pattern.
 */
const texts = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

/** A row of the build: its status alone, or more of it. */
const row = z.union([
  z.string().transform((status) => ({ status })),
  z.strictObject({
    status: z.string(),
    exit: z.number().nullable().optional(),
    reason: z.string().nullable().optional(),
    /** Of the catalogue, for the reason. */
    code: z.string().optional(),
    /** Each is part of the log. */
    log: texts.optional(),
    /** None is part of the log. */
    lacks: texts.optional(),
    /** What the commands wrote, whole: the log without the lines that show them and without Slipway's own. */
    output: z.array(z.string()).optional(),
  }),
]);

const environment = z.strictObject({
  /** Roles of its slots, sorted. */
  slots: z.array(z.string()).optional(),
  /** Seconds that the slots may take to become so. */
  within: z.number().default(0),
  /** Of the live container, as `docker inspect` has it: a path with dots, and its value. */
  container: z.record(z.string(), z.unknown()).optional(),
});

const expected = z.strictObject({
  /** `refused`: of a build by hand, that none is made. */
  status: z.string(),
  /** Absent on a success: none. */
  reason: z.string().nullable().optional(),
  /** Of the catalogue, for the reason. */
  code: z.string().optional(),
  /** Each is part of why a build by hand is refused. */
  refused: texts.default([]),
  /** Every row by its name; clone, image and push may be left out when they are a success. */
  steps: z.record(z.string(), row).default({}),
  /** The first ended before the second began. */
  order: z.array(z.tuple([z.string(), z.string()])).default([]),
  /** Both ran at one time. */
  together: z.array(z.tuple([z.string(), z.string()])).default([]),
  /** All tags of a repository, as the registry lists them. */
  tags: z.record(z.string(), z.array(z.string())).default({}),
  /** Of the pushed image's manifest, configuration and unpacked layers. */
  image: z.strictObject({ has: texts.default([]), lacks: texts.default([]) }).optional(),
  /** By environment; all of them. */
  deployments: z.record(z.string(), row).default({}),
  environments: z.record(z.string(), environment).default({}),
  /** What the public hosts answer, then. */
  apps: z
    .array(
      z.strictObject({
        host: z.string(),
        path: z.string().default('/'),
        text: z.string().optional(),
        status: z.number().default(200),
      }),
    )
    .default([]),
  /** By name of what clients had in hand: at least and at most how many seconds after the traffic was switched it was cut. */
  cut: z.record(z.string(), z.tuple([z.number(), z.number()])).default({}),
  /** By name: what is in it, sorted; all of them. */
  artifacts: z.record(z.string(), z.array(z.string())).default({}),
  /** Artifacts that expire, and after how many days. */
  expires: z.record(z.string(), z.number()).default({}),
  /** What the branch asks for when a build is started by hand: by name, some of what is known of an input. */
  asked: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  /** By name of a schedule: what the next time in UTC ends with, e.g. `-01-01T03:00:00.000Z`. */
  schedules: z.record(z.string(), z.string()).default({}),
  /** `<status> <name> <file>:<line> <what was said first>` of each test that did not pass; all of them. */
  tests: z.array(z.string()).default([]),
  /** `<line>:<column> <code>` of each problem and warning, all of them. */
  problems: z.array(z.string()).default([]),
  warnings: z.array(z.string()).default([]),
});
export type Expected = z.infer<typeof expected>;
export type ExpectedRow = z.infer<typeof row>;

const run = z.strictObject({
  event: z.enum(['push', 'tag', 'pull_request', 'manual', 'cron']).default('push'),
  branch: z.string().default('main'),
  tag: z.string().optional(),
  message: z.string().default('a change'),
  /** Why the build waits; once it does it is cancelled. */
  waits: z.string().optional(),
  /** By name: what clients have in hand of public hosts since before the event; the apps begin to answer, and do not end. */
  holds: z
    .record(
      z.string(),
      z.strictObject({ host: z.string(), path: z.string(), accept: z.string().default('*/*') }),
    )
    .default({}),
  /** Of a build by hand. */
  inputs: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
  /** Written over what is there; null removes one. */
  files: z.record(z.string(), z.string().nullable()).default({}),
  expect: expected,
});
export type Run = z.infer<typeof run>;

const scenario = z.strictObject({
  title: z.string(),
  /** By path. `<run>` in a text differs from run to run of the suite, so that nothing of an earlier one is cached. */
  files: z.record(z.string(), z.string()),
  /** The format that `files` are of: the repository has what they are converted to. */
  convert: z.enum(FORMATS).optional(),
  secrets: z.record(z.string(), z.string()).default({}),
  /** Of another project, which shares them with this one; `<shared>` and `<shared-commit>` name it in the files of both. */
  shared: z.record(z.string(), z.string()).optional(),
  /** One after the other. */
  runs: z.array(run).min(1),
});
export type Scenario = z.infer<typeof scenario> & { readonly name: string };

/** All scenarios of this folder. @throws Error that names the file that is not one. */
export function readScenarios(): readonly Scenario[] {
  const folder = fileURLToPath(new URL('..', import.meta.url));
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yml'))
    .sort()
    .map((file) => {
      const parsed = scenario.safeParse(parse(readFileSync(path.join(folder, file), 'utf8')));
      if (!parsed.success) throw new Error(`${file}: ${z.prettifyError(parsed.error)}`);
      return { name: file.replace(/\.yml$/, ''), ...parsed.data };
    });
}
