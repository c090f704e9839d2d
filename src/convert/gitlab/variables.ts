import type { Foreign } from '../foreign.ts';
import { entry, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { own } from '../own.ts';
import { WORKSPACE } from '../workspace.ts';

/** What GitLab's predefined variables are called here. */
const RENAMED: Readonly<Record<string, string>> = {
  CI: 'CI',
  CI_BUILDS_DIR: 'CI_WORKSPACE',
  CI_PROJECT_DIR: 'CI_WORKSPACE',
  CI_COMMIT_SHA: 'CI_COMMIT_SHA',
  CI_COMMIT_BRANCH: 'CI_COMMIT_BRANCH',
  CI_COMMIT_TAG: 'CI_COMMIT_TAG',
  CI_COMMIT_MESSAGE: 'CI_COMMIT_MESSAGE',
  CI_COMMIT_AUTHOR: 'CI_COMMIT_AUTHOR',
  CI_COMMIT_REF_SLUG: 'CI_COMMIT_BRANCH_SLUG',
  CI_COMMIT_BEFORE_SHA: 'CI_PREV_COMMIT_SHA',
  CI_DEFAULT_BRANCH: 'CI_REPO_DEFAULT_BRANCH',
  CI_PROJECT_NAME: 'CI_REPO_NAME',
  CI_PROJECT_PATH: 'CI_REPO',
  CI_PROJECT_NAMESPACE: 'CI_REPO_OWNER',
  CI_PROJECT_ROOT_NAMESPACE: 'CI_REPO_OWNER',
  CI_PROJECT_URL: 'CI_REPO_URL',
  CI_REPOSITORY_URL: 'CI_REPO_CLONE_URL',
  CI_PIPELINE_ID: 'CI_PIPELINE_NUMBER',
  CI_PIPELINE_IID: 'CI_PIPELINE_NUMBER',
  CI_PIPELINE_URL: 'CI_PIPELINE_URL',
  CI_PIPELINE_CREATED_AT: 'CI_PIPELINE_CREATED',
  CI_JOB_NAME: 'CI_STEP_NAME',
  CI_JOB_URL: 'CI_STEP_URL',
  CI_JOB_ID: 'CI_PIPELINE_NUMBER',
  CI_MERGE_REQUEST_IID: 'CI_COMMIT_PULL_REQUEST',
  CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'CI_COMMIT_SOURCE_BRANCH',
  CI_MERGE_REQUEST_TARGET_BRANCH_NAME: 'CI_COMMIT_TARGET_BRANCH',
  CI_SERVER_URL: 'CI_FORGE_URL',
  CI_SERVER_HOST: 'CI_SYSTEM_HOST',
  GITLAB_USER_LOGIN: 'CI_PIPELINE_AUTHOR',
};

/** Those that are a form of ours, under a name that a step may set. */
const FORMS: Readonly<Record<string, readonly [string, string]>> = {
  CI_COMMIT_SHORT_SHA: ['COMMIT_SHORT_SHA', '${CI_COMMIT_SHA:0:8}'],
  CI_COMMIT_REF_NAME: [
    'COMMIT_REF_NAME',
    '${CI_COMMIT_TAG:-${CI_COMMIT_SOURCE_BRANCH:-${CI_COMMIT_BRANCH}}}',
  ],
  CI_COMMIT_TITLE: ['COMMIT_TITLE', '${CI_COMMIT_MESSAGE}'],
};

const REFERENCE = /\$\$|\$\{([A-Za-z_]\w*)([^{}]*)\}|\$([A-Za-z_]\w*)/g;

/** Of the shell, or set by everything that starts a process. */
const OF_THE_SHELL =
  /^(?:HOME|PATH|PWD|USER|SHELL|HOSTNAME|TERM|LANG|OLDPWD|IFS|RANDOM|UID|PS\d|EUID|TMPDIR|SECONDS|BASH\w*|LC_\w+)$/;

/** The texts of one job. */
export interface JobText {
  command(text: string, at: Foreign): string;
  value(text: string, at: Foreign): string;
  /** With the variables of the file written out; what is left is noted. */
  word(text: string, at: Foreign): string;
  /** With the variables of the file written out; what is left stays as it is. */
  path(text: string): string;
  environment(): readonly OutEntry[];
}

/**
 * @param defined Variables that the job has, by name, as the file writes them.
 * @param told Names of variables that a note was given for, in the whole file.
 */
export function jobText(defined: ReadonlyMap<string, string>, commands: string, told: Set<string>): JobText {
  const needed = new Map<string, string>();
  const assigned = new Set(
    [
      ...commands.matchAll(
        /(?:^|[\s;&|(])(?:export\s+|local\s+|readonly\s+)?([A-Za-z_]\w*)=|\bfor\s+(\w+)|\bread\s+(?:-\w+\s+)*(\w+)/gm,
      ),
    ].flatMap((found) => found.slice(1).filter((one) => typeof one === 'string')),
  );

  const missing = (name: string, at: Foreign) => {
    if (told.has(name)) return;
    told.add(name);
    if (/^(?:CI|GITLAB|FF|RUNNER)_/.test(name))
      at.changes(
        `\`${name}\` of GitLab has no counterpart and is not set`,
        'Write what it stands for; docs/pipeline.md lists the variables that are there.',
      );
    else
      at.changes(
        `\`${name}\` is set nowhere in the file`,
        `Where it is a variable of the GitLab project, make it a secret here and write \`environment: { ${name}: { from_secret: … } }\`.`,
      );
  };

  return {
    command: (text, at) =>
      text.replace(REFERENCE, (whole: string, braced?: string, operator?: string, bare?: string) => {
        const name = braced ?? bare;
        if (name === undefined) return whole;
        if (defined.has(name) || assigned.has(name) || OF_THE_SHELL.test(name)) return whole;
        const form = own(FORMS, name);
        if (form !== undefined) needed.set(form[0], form[1]);
        const ours = form?.[0] ?? own(RENAMED, name);
        if (ours === undefined) {
          if (/^[A-Z][A-Z0-9_]{2,}$/.test(name) && !/^:?[-=+?]/.test(operator ?? '')) missing(name, at);
          return whole;
        }
        return bare === undefined ? `\${${ours}${operator ?? ''}}` : `$${ours}`;
      }),
    value: (text, at) => expand(text, at, 0, true),
    word: (text, at) => expand(text, at, 0, false),
    path: (text) =>
      text.replace(
        REFERENCE,
        (whole: string, braced?: string, _operator?: string, bare?: string) =>
          defined.get(braced ?? bare ?? '') ?? whole,
      ),
    environment: () => [...needed].map(([name, value]) => entry(name, text(value))),
  };

  /** GitLab replaces variables in values, also by others of the file. */
  function expand(value: string, at: Foreign, depth: number, isValue: boolean): string {
    return value.replace(REFERENCE, (whole: string, braced?: string, operator?: string, bare?: string) => {
      const name = braced ?? bare;
      if (name === undefined) return isValue ? '$$' : '$';
      if (name.startsWith('CI_INPUT_') && depth > 0 && isValue) return whole;
      const written = defined.get(name);
      if (written !== undefined && depth < 8) {
        at.spend(written.length);
        return expand(written, at, depth + 1, isValue);
      }
      const [ours, form] = [own(RENAMED, name), own(FORMS, name)];
      if (isValue && ours === 'CI_WORKSPACE') return WORKSPACE;
      if (isValue && form !== undefined) return form[1];
      if (isValue && ours !== undefined && !/^CI_(?:STEP_\w+|FORGE_URL)$/.test(ours))
        return `\${${ours}${operator ?? ''}}`;
      at.changes(
        isValue
          ? `\`${whole}\` has no value when the build is planned`
          : 'no name and no image depends on an event here',
        isValue ? 'Set it in the commands.' : 'Write it out.',
      );
      return isValue ? '' : whole;
    });
  }
}
