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

/** An address that a page or a step may use; null for anything but http and https. */
const webAddress = z
  .string()
  .max(2048)
  .refine((text) => /^https?:\/\//i.test(text) && URL.canParse(text))
  .nullish()
  .catch(null);

const account = z.object({ id: z.number(), login: z.string(), avatar_url: webAddress });
const repositoryName = z.object({ full_name: z.string().min(1) });
/** What steps are told of it; what is not as GitHub documents it counts as not said. */
const repository = repositoryName.extend({
  id: z.number().int().nullish().catch(null),
  private: z.boolean().nullish().catch(null),
  html_url: webAddress,
  ssh_url: z
    .string()
    .max(2048)
    .regex(/^\w[\w.+:/~@-]*$/)
    .nullish()
    .catch(null),
});
const person = z.object({ name: z.string(), email: z.string().nullish() });

export const named = z.object({
  repository: repositoryName.nullish(),
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
    .object({
      id: commitId,
      message: z.string(),
      timestamp: z.string().nullish().catch(null),
      url: webAddress,
      author: person,
    })
    .nullish(),
});
export type PushPayload = z.infer<typeof pushPayload>;

const side = z.object({
  ref: refName,
  sha: commitId,
  /** Null when the fork was deleted. */
  repo: repositoryName.nullish(),
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
    html_url: webAddress,
    user: account,
    labels: z.array(z.object({ name: z.string() })).default([]),
    milestone: z.object({ title: z.string() }).nullish().catch(null),
    draft: z.boolean().nullish().catch(null),
    head: side,
    base: side,
  }),
});
export type PullRequestPayload = z.infer<typeof pullRequestPayload>;

export const branchName = refName;
export type Account = z.infer<typeof account>;
export type Repository = z.infer<typeof repository>;
