import type { OurEvent } from '../events.ts';
import type { Foreign } from '../foreign.ts';
import type { OtherValue } from '../other-value.ts';
import { own } from '../own.ts';
import { hasDefaultElsewhere } from './contexts.ts';
import type { Start } from './start.ts';

/** A value of the context that is another one here in some events. */
interface OtherInEvents extends OtherValue {
  readonly events: readonly OurEvent[];
}

const HEAD = 'a pull request is built as it is, and not merged into its branch:';
const NUMBER = {
  events: ['push', 'tag', 'pull_request', 'manual', 'cron'],
  fix: 'Look where it is used: what is named by it there begins anew.',
} as const;

const OTHER_VALUES: Readonly<Record<string, OtherInEvents>> = {
  'github.sha': {
    events: ['pull_request'],
    how: `${HEAD} \`github.sha\` is its last commit`,
    fix: 'Merge the target branch in a step.',
  },
  'github.ref': {
    events: ['pull_request'],
    how: `${HEAD} \`github.ref\` ends with \`/head\``,
    fix: 'Use `CI_COMMIT_PULL_REQUEST`, or `CI_COMMIT_TARGET_BRANCH`.',
  },
  'github.ref_name': {
    events: ['pull_request'],
    how: `${HEAD} \`github.ref_name\` is its number with \`/head\``,
    fix: 'Use `CI_COMMIT_PULL_REQUEST`, or `CI_COMMIT_TARGET_BRANCH`.',
  },
  'github.event_name': {
    events: ['tag', 'manual', 'cron'],
    how: '`github.event_name` is `tag`, `manual` or `cron` where it is `push`, `workflow_dispatch` or `schedule` there',
    fix: 'Write what is compared with it so.',
  },
  'github.event.head_commit.message': {
    events: ['pull_request', 'manual', 'cron'],
    how: 'it is the message of the commit in every event, and empty there in all but pushes',
    fix: 'Write a `when` with `event: push`.',
  },
  'github.run_number': {
    ...NUMBER,
    how: '`github.run_number` is the number of the build, of all workflows together',
  },
  'github.run_id': {
    ...NUMBER,
    how: '`github.run_id` is the number of the build, which another project has, too',
  },
};

const OF_VARIABLES: Readonly<Record<string, string>> = {
  GITHUB_SHA: 'github.sha',
  GITHUB_REF: 'github.ref',
  GITHUB_REF_NAME: 'github.ref_name',
  GITHUB_EVENT_NAME: 'github.event_name',
  GITHUB_RUN_NUMBER: 'github.run_number',
  GITHUB_RUN_ID: 'github.run_id',
};

/**
 * Notes each value that is another one here, in an event of the file.
 *
 * @param used An expression, or a variable that GitHub sets.
 */
export function noteOtherValues(used: string, start: Start, at: Foreign): void {
  const { events } = start;
  const names =
    used.replace(/'[^']*'/g, '').match(/(?<![\w.-])(?:(?:github|inputs)\.[\w.-]+|GITHUB_\w+)/g) ?? [];
  for (const name of new Set(names)) {
    if (hasDefaultElsewhere(name, start))
      at.changes(
        `\`${name.slice(0, 60)}\` has its default in builds of other events, too, where it is empty there`,
        'Ask for `$CI_PIPELINE_EVENT`, which is `manual` in a build by hand.',
      );
    const other = own(OTHER_VALUES, own(OF_VARIABLES, name) ?? name);
    if (other?.events.some((event) => events.includes(event)) === true) at.changes(other.how, other.fix);
  }
}

/** Notes commands that read the value of `CI`, and do not only ask whether it is set. */
export function noteValueOfCi(commands: string, at: Foreign): void {
  const asked = commands.replace(/-[nz][ \t]+"?\$\{?CI\b\}?"?/g, '');
  if (/\$\{?CI\b|\benv\.CI\b/.test(asked))
    at.changes('`CI` is `slipway` here, and not `true`', 'Ask whether it is set: `[ -n "$CI" ]`.');
}
