/** One kind of problem of a pipeline file. `{name}` in the texts is replaced by the detail of that name. */
export interface LintEntry {
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly fix: string;
}

/** Every problem that lint can find. `docs/errors.md` is held against this. Codes are added, never renamed. */
export const LINT_CATALOGUE = {
  // the file
  pipeline_missing: error(
    'The repository has neither {file} nor a Dockerfile.',
    'Add a Dockerfile for the default pipeline, or {file} at the root of the repository.',
  ),
  file_too_large: error(
    'The file has {bytes} bytes; {limit} are read.',
    'Move long scripts into files of the repository.',
  ),
  encoding_wrong: error('The file is not UTF-8: {cause}.', 'Save it as UTF-8.'),
  character_wrong: error(
    'The character {character} is not allowed in YAML.',
    'Remove it; in a quoted text write it as an escape, unless it is U+0000.',
  ),
  escape_wrong: error(
    'The text has the character {character}, which no variable and no command can hold.',
    'Remove the escape; where a program is to get it, have the commands make it, e.g. by `printf`.',
  ),
  file_empty: error(
    'The file is empty.',
    'Write at least `image: {}`, or remove the file for the default pipeline.',
  ),
  // YAML
  yaml_wrong: error(
    'This is not YAML: {cause}.',
    'Check indentation, quotes and brackets here and on the line before; inside `[ ]` and `{ }`, write ${…} in quotes.',
  ),
  tab_indent: error('A tab indents this line.', 'YAML indents with spaces only.'),
  several_documents: error('A second YAML document begins here.', 'Keep one document a file; remove `---`.'),
  tag_unsupported: error(
    'The YAML tag `{tag}` has no meaning here.',
    'Remove the tag; quote the value if it must be text.',
  ),
  key_duplicate: error('The key `{key}` stands here twice; first on line {line}.', 'Keep one of the two.'),
  key_complex: error('A key must be plain text.', 'Write `key: value`.'),
  alias_unknown: error(
    'No anchor `&{name}` comes before this alias.',
    'Define it earlier in the file, or write the value out.',
  ),
  alias_cycle: error('The alias `*{name}` contains itself.', 'Write the value out.'),
  too_complex: error(
    'The file is too complex: {what} than {limit}.',
    'Write fewer aliases, levels, steps or combinations; move long lists into files of the repository.',
  ),
  // included files
  include_unpinned: error(
    '{what}: what a branch or a tag names changes, and the build with it.',
    'Write `commit` with the 40 hex digits that it names today; {how} shows them.',
  ),
  include_commit_own: error(
    'A file of this repository is read at the commit of the build, and at no other.',
    'Remove `commit`, or name the `project` that the file is of.',
  ),
  include_missing: error('There is no file {name}.', '{fix}'),
  include_refused: error('{name} is not read: {cause}.', '{fix}'),
  include_unreachable: error('{name} could not be read: {cause}.', '{fix}'),
  include_cycle: error('These files include each other: {cycle}.', 'Remove one of the includes.'),
  include_unread: warning('{name} is not looked at here: {cause}.', '{fix}'),
  // the grammar
  merge_wrong: error(
    '`<<` takes a map, or a list of maps.',
    'Write an alias of a map, `<<: *base`, or several in a list, `<<: [*one, *other]`.',
  ),
  key_unknown: error('`{key}` is no key of {where}.', '{fix}'),
  key_not_yet: error(
    '`{key}` of {where} is not there yet.',
    'Remove it: nothing is ignored in silence. {fix}',
  ),
  key_missing: error('{where} has no `{key}`.', 'Add `{key}`: {about}'),
  type_wrong: error('{what} cannot be {seen}.', '{fix}'),
  value_missing: error('{what} has no value.', 'Write {expected}{otherwise}.'),
  value_wrong: error('{what} cannot be `{value}`.', '{fix}'),
  value_not_yet: error('{what} cannot be `{value}` yet.', 'Use one of {known}.'),
  list_empty: error('{what} is an empty list.', 'Write at least one entry, or remove the key.'),
  // meaning
  name_duplicate: error(
    'There are two {kind} named `{name}`; the first is on {first}.',
    'Give each its own name.',
  ),
  name_wrong: error(
    '`{name}`{from} is no name of a {of}.',
    'Write {expected}; ${NAME//[!a-z0-9]/-} puts `-` in the place of all other characters.',
  ),
  split_name_taken: error(
    'A share of the step `{step}` is named `{name}`, and so is another step.',
    'Give the other step another name.',
  ),
  dependency_unknown: error('`{step}` depends on `{name}`, which is no step.', '{fix}'),
  workflow_unknown: error(
    'This workflow depends on `{name}`, which is no workflow of this repository.',
    '{fix}',
  ),
  workflow_cycle: error('These workflows wait for each other: {cycle}.', 'Remove one of the dependencies.'),
  workflow_duplicate: error(
    'There are two workflows named `{name}`; the other is {file}.',
    'A workflow is named by its file, without the ending: rename one of the two.',
  ),
  artifact_not_awaited: error(
    'This workflow takes artifacts of `{name}`, and does not wait for such a workflow.',
    '{fix}',
  ),
  artifact_unknown: error('The workflow `{workflow}` has no {what}.', '{fix}'),
  expression_wrong: error(
    '`{text}` cannot be evaluated: {cause}.',
    'Write a condition of docs/pipeline.md, e.g. `CI_COMMIT_AUTHOR != "bot" && CI_COMMIT_MESSAGE contains "[deploy]"`.',
  ),
  expression_name: error('`{name}` is no variable that an expression can use.', '{fix}'),
  input_key: error(
    '`{key}` says nothing of the input `{name}`, which is a {type}.',
    '`options` belong to a `choice`, `pattern` to a `string`, `min` and `max` to a `number`: remove it, or change `type`.',
  ),
  input_options_missing: error(
    'The choice `{name}` has no `options`.',
    'Add its values, e.g. `options: [staging, production]`.',
  ),
  input_pattern: error(
    'The pattern of the input `{name}` cannot be used: {cause}.',
    "Write one in RE2's syntax, e.g. `^v[0-9]+$`.",
  ),
  input_bounds: error(
    'The input `{name}` has a `min` of {min} and a `max` of {max}.',
    'Write a `max` that is not less than `min`.',
  ),
  input_default: error(
    'The default of the input `{name}` cannot be `{value}`: {cause}.',
    'Correct one of the two.',
  ),
  input_duplicate: error(
    'The inputs `{name}` and `{other}` are one variable, `{variable}`.',
    'Give one of them another name.',
  ),
  input_differs: error(
    'The input `{name}` is another one in {file}.',
    'Whoever starts a build is asked once: write both the same, or give one another name.',
  ),
  cron_never: error(
    '`{schedule}` is no time that comes{zone}{why}.',
    'Write minute, hour, day of the month, month and day of the week, e.g. `30 3 * * MON-FRI`, or e.g. `@daily`.',
  ),
  timezone_unknown: error(
    '`{zone}` is no time zone that is known.',
    'Write a name of the database of IANA, e.g. `Europe/Berlin`.',
  ),
  matrix_empty: error(
    'The matrix has no combination.',
    'Write at least one variable with values, or `include`, and do not exclude all of them.',
  ),
  matrix_excludes_nothing: error(
    '`exclude` names `{name}: {value}`, which the matrix does not have.',
    'Write a variable of the matrix and one of its values.',
  ),
  environment_twice: error(
    'Two workflows of this build deploy to `{name}`: {first} and {second}.',
    'An environment is deployed to by one workflow, and not in a matrix; narrow `when`.',
  ),
  tag_twice: error(
    'Two workflows of this build push `{tag}`: {first} and {second}.',
    'Name the combination in the tag, e.g. ${CI_COMMIT_SHA}-${NODE}, or another `repository`, or narrow `when`.',
  ),
  dependency_cycle: error('These steps wait for each other: {cycle}.', 'Remove one of the dependencies.'),
  variable_reserved: error(
    '`{name}` is set by Slipway.',
    'Choose a name that is not `CI` and does not begin with `CI_` or `SLIPWAY_`.',
  ),
  program_and_commands: error(
    'The step `{step}` has `commands` beside `{key}`.',
    'Write one of them: a shell runs `commands`; with `{key}` the image runs its own program.',
  ),
  setting_duplicate: error(
    'The settings `{name}` and `{other}` are one variable, `{variable}`.',
    'Remove one of them, or write them as the plugin has them.',
  ),
  image_missing: error('{what} needs an image, and this file builds none.', '{fix}'),
  variable_unknown: error('`{name}` is no variable that a value can use.', '{fix}'),
  substitution_wrong: error(
    '`{text}` cannot be read: {cause}.',
    'Write a form of docs/pipeline.md, e.g. ${CI_COMMIT_BRANCH:-none}; `$$` stands for a `$` of the text.',
  ),
  variable_needed: error(
    'A {event} has no {name}{message}.',
    'Give it a default, e.g. ${NAME:-default}, or narrow `when` to the events that have it.',
  ),
  image_without_clone: error(
    '`image` is built of the files of the commit, and `{key}` on line {line} leaves them away.',
    'Remove one of the two.',
  ),
  clone_skipped: error(
    '`clone` has steps, and `skip_clone` on line {line} says that nothing is cloned.',
    'Remove one of the two.',
  ),
  image_wrong: error(
    '`{image}` is not an image{cause}.',
    'Write an image such as `node:20`; variables are written ${NAME}.',
  ),
  tag_wrong: error(
    '`{tag}` is not a tag{cause}.',
    'A tag has 1 to 128 characters of A-Z, a-z, 0-9, `_`, `.` and `-`, and does not begin with `.` or `-`; variables are written ${NAME}.',
  ),
  tags_none: error(
    'No tag is left for this event: {tags} need values that a {event} does not have.',
    'Add a tag that every event has, e.g. ${CI_COMMIT_SHA}, or narrow `push.when`.',
  ),
  host_duplicate: error(
    'The host `{host}` is in environment `{other}` too.',
    'One host leads to one environment.',
  ),
  host_wrong: error(
    '`{host}` is not a host name: {cause}.',
    'Write a host name such as `www.example.com`; of an event it may have parts of labels before the last one, such as ${CI_COMMIT_BRANCH_SLUG//[._]/-}.example.com.',
  ),
  host_variable: error(
    'No host depends on `{name}`, which is not what the file and its branch say.',
    'Use {known}, or a variable of `matrix` or of `inputs`.',
  ),
  volume_of_host: error(
    '`{source}` is a path of the worker’s host, and no step or service gets it at `{path}`: {why}.',
    'Write a name in its place, `{name}:{path}`, for a volume that goes with its build; `cache` keeps files for later builds, and `image` builds images without the engine’s socket.',
  ),
  volume_duplicate: error('Two volumes are mounted at `{path}`.', 'Give each its own path.'),
  pipeline_idle: error(
    'This file does nothing: it builds no image and has no steps.',
    'Add `steps:`, or `image:` with a Dockerfile.',
  ),
  // warnings
  volume_needs_operator: warning(
    '`{source}` is a path of the worker’s host: the workflow runs only where its operator allows it.',
    'Nothing where SLIPWAY_HOST_VOLUMES of the worker has {host}; `cache` keeps files for later builds without it.',
  ),
  tag_mutable: warning(
    'The tag `{tag}` moves with every push.',
    'Deploy by digest is not affected; for people, add a tag such as ${CI_COMMIT_SHA} beside it.',
  ),
  cache_key_fixed: warning(
    'The key `{key}` is the same in every build: the cache is saved once and never again.',
    'Name the files that it depends on, `key: { prefix: {key}, files: [package-lock.json] }`, or let it end with a variable such as ${CI_COMMIT_SHA}, and write what comes before that as `fallback_keys`.',
  ),
  tag_left_out: warning(
    'The tag `{tag}` is left out: a {event} has no {name}.',
    'Nothing, if that is what you want.',
  ),
  image_mutable: warning(
    '`{image}` is whatever is newest on the day of the build.',
    'Name a version, or better a digest.',
  ),
  ships_untested: warning(
    'Steps run in `{testTarget}`, and nothing runs in the image that ships.',
    'Add `smoke:` with commands to a deployment.',
  ),
  fallback_unused: warning(
    '`fallback_keys` says nothing of a cache that is only saved.',
    'Remove it, or write `policy: pull-push`.',
  ),
  runs_on_unused: warning(
    '`runs_on` says nothing where `depends_on` names no workflow: this one begins at once.',
    'Name in `depends_on` what it waits for, or remove `runs_on`.',
  ),
  service_unused: warning(
    'Nothing names the service `{service}`.',
    'Reach it under its name as a host, `{service}`, or remove it.',
  ),
  secret_in_pull_request: warning(
    '{what} runs for pull requests too, and what they change can read the secret `{secret}`.',
    '{how}, e.g. `when: { event: [push, tag] }`; the pull request of a fork gets a build that is `blocked`, and no secret.',
  ),
  dependency_absent: warning(
    'Nothing is named `{name}`, so nothing is waited for.',
    'Did you mean `{near}`? `optional: true` lets it be missing.',
  ),
  condition_never: warning('{cause}: this condition never holds.', '{fix}'),
  step_unordered: warning(
    'Nothing waits for the step `{step}`, and it waits for nothing: `{other}` has `depends_on`.',
    'Name the steps that it follows in `depends_on`; `depends_on: []` says that it is meant to start at once.',
  ),
  split_without_reports: warning(
    'Nothing tells how long the test files of `{step}` take: its shares get about as many files each, however long those are.',
    'Write `reports: { junit: … }`, by whose times later builds divide the files, or `files: none` where the commands divide the work themselves.',
  ),
  split_reports_shared: warning(
    'The shares of `{step}` work in one workspace, and each reads the test reports of the others, too.',
    'Let each write a report of its own, and name it with ${CI_NODE_INDEX}, e.g. `reports: { junit: "junit-${CI_NODE_INDEX}.xml" }`.',
  ),
  variable_literal: warning(
    '`{text}` stays as it is: only what has braces is replaced.',
    'Write ${NAME} to have it replaced, `$$` for a `$` of the text; commands read it from their environment.',
  ),
  expression_unset: warning(
    '`{name}` is no variable here: in the expression it is empty.',
    'Use a `CI_*` variable of docs/pipeline.md or a variable of `matrix`, or remove it.',
  ),
  changes_unknown: warning(
    'The changed files are not known: {cause}. Every condition on `path` holds.',
    'Nothing: more ran than might have had to. The next push is compared again.',
  ),
  // a file in another format
  convert_left_out: warning('`{key}` is left out: {why}.', '{fix}'),
  convert_changed: warning('`{key}` is not quite the same here: {how}.', '{fix}'),
  convert_unknown: warning(
    '`{key}` is left out: its format does not document it, or not here.',
    'Correct it, or remove it; docs/compatibility.md lists what is known.',
  ),
  more_problems: error('{count} more problems are not listed.', 'Correct these first.'),
} as const satisfies Record<string, LintEntry>;

export type LintCode = keyof typeof LINT_CATALOGUE;

function error(message: string, fix: string) {
  return { severity: 'error' as const, message, fix };
}

function warning(message: string, fix: string) {
  return { severity: 'warning' as const, message, fix };
}
