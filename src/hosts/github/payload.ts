import { z } from 'zod';

/** The parts of GitHub's payloads that we read; everything else in them is left alone. */
const commitId = z.string().regex(/^[0-9a-f]{40}$/);

/** A ref's short name by git's rules, as far as they keep options, ranges and path tricks out. */
const refName = z
  .string()
  .min(1)
  .max(1024)
  // No control characters, no space, none of ~^:?*[\ and no "..", "@{", "//", leading "-" or "/".
  .refine((name) => !/[\s~^:?*[\\\p{Cc}]|\.\.|@\{|\/\/|^[-/]|[/.]$|\.lock$/u.test(name), 'is not a ref name');

const account = z.object({ id: z.number(), login: z.string() });
const repository = z.object({ full_name: z.string().min(1) });
const person = z.object({ name: z.string(), email: z.string().nullish() });

export const named = z.object({
  repository: repository.nullish(),
  action: z.string().nullish(),
  installation: z.object({ id: z.number() }).nullish(),
});

export const pushPayload = z.object({
  ref: z.string(),
  before: commitId,
  after: commitId,
  deleted: z.boolean().default(false),
  repository,
  sender: account,
  head_commit: z
    .object({ id: commitId, message: z.string(), url: z.string().nullish(), author: person })
    .nullish(),
});
export type PushPayload = z.infer<typeof pushPayload>;

const side = z.object({
  ref: refName,
  sha: commitId,
  /** Null when the fork was deleted. */
  repo: repository.nullish(),
});

export const pullRequestPayload = z.object({
  action: z.string(),
  /** Only of `synchronize`. */
  before: commitId.nullish(),
  number: z.number().int().positive(),
  repository,
  sender: account,
  pull_request: z.object({
    title: z.string(),
    html_url: z.string().nullish(),
    user: account,
    labels: z.array(z.object({ name: z.string() })).default([]),
    head: side,
    base: side,
  }),
});
export type PullRequestPayload = z.infer<typeof pullRequestPayload>;

export const branchName = refName;
