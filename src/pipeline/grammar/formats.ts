import { PROJECT_PATH } from '../../core/project-path.ts';
import { ARTIFACT_NAME } from '../../core/artifact.ts';
import { CRON_EXPRESSION, TIMEZONE } from '../cron-time.ts';
import { LABEL_NAME, LABEL_VALUE } from '../../core/labels.ts';
import { SPLIT_LIMITS } from '../../core/split.ts';
import type { Format } from '../shape/scalar.ts';

/** Every scalar is read as text; to an editor, `1.4` and `true` are something else. */
const ANY_SCALAR = ['string', 'number', 'boolean'];

/** Of a number, with at most 15 digits before the point and 9 after it. */
export const DECIMAL = /^-?[0-9]{1,15}(?:[.][0-9]{1,9})?$/;

/** Text of any kind, numbers and truth values as they are written. */
export const anyText: Format<string> = {
  phrase: 'text',
  blank: '',
  parse: (text) => text,
  json: { type: ANY_SCALAR },
};

/** A command of a shell: anything but nothing. */
export const command: Format<string> = matching('a command', /\S/, 'Write the command, or remove the line.');

/** Name of a step: one line, for people. */
export const stepName = matching('a name of 1 to 64 characters', /^(?! )[^\p{Cc}\p{Cf}]{1,64}(?<! )$/u);

/** Name of a service: a DNS label (RFC 1123) with `_` allowed, as Docker resolves it. */
export const serviceName = matching(
  'a host name of a-z, 0-9, `-` and `_` (at most 63)',
  /^[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?$/,
);

export const environmentName = matching(
  'a name of a-z, 0-9 and `-` (at most 40)',
  /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/,
);

/** A label of a worker, and its value. */
export const labelName = matching(
  'the name of a label: a-z, 0-9, `.`, `_`, `-` and `/` (at most 63)',
  LABEL_NAME,
);
export const labelValue = matching(
  'the value of a label: A-Z, a-z, 0-9, `.`, `_`, `-` and `/` (at most 63)',
  LABEL_VALUE,
);

/** Name of a variable of the environment (POSIX). */
export const variableName = matching('a variable name of A-Z, a-z, 0-9 and `_`', /^[A-Za-z_][A-Za-z0-9_]*$/);

/** What a variable of a matrix stands for: one line. */
export const matrixValue = matching('a value of 1 to 256 characters', /^[^\p{Cc}]{1,256}$/u);

/** Name of an input, which becomes a variable of the environment. */
export const inputName = matching(
  'the name of an input: A-Z, a-z, 0-9, `_` and `-`, a letter first (at most 64)',
  /^[A-Za-z][A-Za-z0-9_-]{0,63}$/,
);

/** What an input may hold, and what is said of it: one line. */
export const inputText = matching('a text of one line (at most 1,024 characters)', /^[^\p{Cc}]{0,1024}$/u);

/** One of the values of a choice. */
export const inputOption = matching('a value of 1 to 256 characters', /^[^\p{Cc}]{1,256}$/u);

/** A number as people write it. */
export const decimal: Format<number> = {
  phrase: 'a number such as `-3` or `0.5`',
  blank: 0,
  parse: (text) => (DECIMAL.test(text) ? Number(text) : null),
  json: { type: ['number', 'string'], pattern: DECIMAL.source },
};

/** How many workflows of a group run at a time. */
export const concurrencyLimit: Format<number> = {
  phrase: 'a number from 1 to 1000',
  blank: 1,
  parse: (text) => between(text, 1, 1_000),
  json: { type: ['integer', 'string'], minimum: 1, maximum: 1_000, pattern: '^[0-9]{1,4}$' },
};

/** Name of a group of workflows, perhaps with variables. */
export const concurrencyGroup = matching('a name of 1 to 256 characters', /^[^\p{Cc}]{1,256}$/u);

/** Name of a schedule: one line, for people. */
export const cronName = stepName;

/** When builds are made; whether such a time comes is checked apart. */
export const cronExpression = matching(
  'a schedule of five fields such as `30 3 * * MON-FRI`, or e.g. `@daily`',
  CRON_EXPRESSION,
  'Write minute, hour, day of the month, month and day of the week, e.g. `30 3 * * MON-FRI`, or e.g. `@daily`.',
);

export const timezone = matching('a time zone such as `Europe/Berlin`', TIMEZONE);

/** Name of a workflow: that of its file, without the ending. */
export const workflowName = stepName;

/** Name of a setting of a plugin, which becomes a variable of the environment. */
export const settingName = matching(
  'the name of a setting: A-Z, a-z, 0-9, `_`, `-` and `.` (at most 64)',
  /^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/,
);

/** A key of a map in a setting. */
export const nestedName = matching('a key of 1 to 256 characters', /^[^\p{Cc}]{1,256}$/u);

export const secretName = matching(
  'the name of a secret: A-Z, a-z, 0-9, `_`, `.` and `-` (at most 64)',
  /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}$/,
);

/** Name of a stage in a Dockerfile (`FROM … AS name`), or its number. */
export const stageName = matching('a stage of the Dockerfile', /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/);

const HOST =
  '(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?:[.:][0-9a-zA-Z.-]*[0-9a-zA-Z])|localhost)(?::[0-9]{1,5})?';
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const PATH = `${COMPONENT}(?:/${COMPONENT})*`;
const DIGEST = 'sha256:[a-f0-9]{64}';

/** An image reference (grammar of distribution's `reference` package): host, path, tag, digest. */
const imageReference = matching(
  'an image such as `node:20`',
  new RegExp(`^(?=.{1,512}$)(?:${HOST}/)?${PATH}(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@${DIGEST})?$`),
);

/** Whether a text without variables names an image. */
export function isImageReference(text: string): boolean {
  return imageReference.parse(text) !== null;
}

/** An image reference, perhaps with variables; what comes out of those is checked apart. */
export const imageTemplate: Format<string> = {
  phrase: 'an image such as `node:20` or `node:${NODE}`',
  blank: '',
  parse: (text) =>
    isImageReference(text) || (text.includes('$') && /^[^\p{Cc}\s]{1,512}$/u.test(text)) ? text : null,
  json: { type: ANY_SCALAR, pattern: '^[^ \\t\\r\\n]{1,512}$' },
};

/** A tag, perhaps with variables; what comes out of it is checked apart. */
export const tagTemplate = matching('a tag such as `${CI_COMMIT_SHA}`', /^[^\p{Cc}]{1,512}$/u);

/** A repository: an image reference without tag and digest. */
export const repository = matching(
  'a repository such as `shop/web`, in lower case and without tag',
  new RegExp(`^(?=.{1,255}$)(?:${HOST}/)?${PATH}$`),
);

/** Yes or no. */
export const truth: Format<boolean> = {
  phrase: '`true` or `false`',
  blank: false,
  parse: (text) => (text === 'true' ? true : text === 'false' ? false : null),
  json: { type: ['boolean', 'string'], pattern: '^(true|false)$' },
};

/** The path of a project of the server. */
export const projectPath = matching('the path of a project, such as `team/shared`', PROJECT_PATH);

/** A path inside the repository. */
export const repositoryPath: Format<string> = cleaned(
  matching('a path inside the repository', /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\p{Cc}\\]{1,1024}$/u),
  (text) =>
    text
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/') || '.',
);

/** A pattern over files of the workspace; see `core/glob.ts`. */
export const filePattern: Format<string> = cleaned(
  matching(
    'a pattern of files such as `reports/**/*.xml`, without `..` and not beginning with `/`',
    /^(?!\/)(?!(?:.*\/)?\.\.(?:\/|$))[^\p{Cc}]{1,256}$/u,
  ),
  (text) => text.replace(/^(?:\.\/+)+(?=.)/, ''),
);

/** Name of an artifact. */
export const artifactName = matching('a name of A-Z, a-z, 0-9, `_`, `.` and `-` (at most 64)', ARTIFACT_NAME);

/**
 * A path of what is cached: not the workspace itself nor its `.git`, which the checkout fills, and nothing that is no file
 * of the container's own.
 */
export const cachePath: Format<string> = cleaned(
  matching(
    'a path such as `node_modules` or `/root/.npm`',
    new RegExp(
      [
        // The length first: what follows takes time by its square.
        '^(?=[^\\p{Cc}\\\\]{1,256}$)',
        '(?!(?:.*/)?[.][.](?:/|$))(?!.*[*][*])(?!~)',
        '(?!/*(?:[.]/+)*[.]?/*$)(?!(?:[.]/+)*[.]git(?:/|$))',
        '(?!/+(?:[.]/+)*(?:proc|sys|dev|[.]slipway)(?:/|$))(?!/+workspace/*(?:$|[.]git(?:/|$)))',
      ].join(''),
      'u',
    ),
    'Write a path from where the commands start, or an absolute one: without `..`, `**` and `~`, and not the whole workspace.',
  ),
  (text) =>
    `${text.startsWith('/') ? '/' : ''}${text
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/')}`,
);

/** The key of a cache, perhaps with variables; how long it may be is known when they are replaced. */
export const cacheKey = matching(
  'a key such as `npm-${CI_COMMIT_BRANCH}` (at most 512 characters)',
  /^(?! )[^\p{Cc}]{1,512}(?<! )$/u,
);

/** A path on the web, e.g. of a health check. */
export const urlPath = matching('a path that begins with `/`', /^\/[\w\-.~!$&'()*+,;=:@%/?]{0,1023}$/);

/** A public host name (RFC 1123), made lower case. */
export const hostName: Format<string> = cleaned(
  matching(
    'a host name such as `www.example.com`, without scheme, port or wildcard',
    /^(?=.{1,253}$)(?!.*-(?:\.|$))(?:[A-Za-z0-9][A-Za-z0-9-]{0,62}(?:\.(?=.)|$))+$/,
  ),
  (text) => text.toLowerCase(),
);

export const port: Format<number> = {
  phrase: 'a port from 1 to 65535',
  blank: 0,
  parse: (text) => between(text, 1, 65_535),
  json: { type: ['integer', 'string'], minimum: 1, maximum: 65_535, pattern: '^[0-9]{1,5}$' },
};

export const passes: Format<number> = {
  phrase: 'a number from 1 to 20',
  blank: 0,
  parse: (text) => between(text, 1, 20),
  json: { type: ['integer', 'string'], minimum: 1, maximum: 20, pattern: '^[0-9]{1,2}$' },
};

/** How often a step is tried again. */
export const retryCount: Format<number> = {
  phrase: 'a number from 1 to 10',
  blank: 1,
  parse: (text) => between(text, 1, 10),
  json: { type: ['integer', 'string'], minimum: 1, maximum: 10, pattern: '^[0-9]{1,2}$' },
};

/** How many shares a step has. */
export const splitCount: Format<number> = {
  phrase: `a number from 2 to ${SPLIT_LIMITS.shares}`,
  blank: 2,
  parse: (text) => between(text, 2, SPLIT_LIMITS.shares),
  json: { type: ['integer', 'string'], minimum: 2, maximum: SPLIT_LIMITS.shares, pattern: '^[0-9]{1,2}$' },
};

/** An exit code of a failure. */
export const exitCode: Format<number> = {
  phrase: 'an exit code from 1 to 255',
  blank: 1,
  parse: (text) => between(text, 1, 255),
  json: { type: ['integer', 'string'], minimum: 1, maximum: 255, pattern: '^[0-9]{1,3}$' },
};

/** Shares of processors, e.g. `0.5` or `2`. */
export const cpus: Format<number> = {
  phrase: 'a number of CPUs from 0.01 to 1024',
  blank: 0,
  parse: (text) => {
    const number = /^\d{1,4}(?:\.\d{1,3})?$/.test(text) ? Number(text) : 0;
    return number >= 0.01 && number <= 1_024 ? number : null;
  },
  json: {
    type: ['number', 'string'],
    minimum: 0.01,
    maximum: 1_024,
    pattern: '^[0-9]{1,4}([.][0-9]{1,3})?$',
  },
};

const MEMORY = /^(\d{1,15})(?:([kmg])(?:i?b)?|b)$/i;
const MEMORY_UNITS: Readonly<Record<string, number>> = { '': 1, k: 1_024, m: 1_024 ** 2, g: 1_024 ** 3 };

/** Bytes. The engine refuses less than 6 MiB. */
export const memory: Format<number> = {
  phrase: 'a size of at least 6m such as `512m` or `2g`',
  blank: 0,
  parse: (text) => {
    const [, digits, unit = ''] = MEMORY.exec(text) ?? [];
    const bytes = Number(digits) * (MEMORY_UNITS[unit.toLowerCase()] ?? NaN);
    return bytes >= 6 * 1_024 ** 2 && bytes <= 2 ** 50 ? bytes : null;
  },
  json: { type: 'string', pattern: '^[0-9]{1,15}([kKmMgG]([iI]?[bB])?|[bB])$' },
};

const DURATION = /^(?=\d)(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m(?!s))?(?:(\d{1,8})s)?(?:(\d{1,9})ms)?$/;
const DURATION_UNITS = [86_400_000, 3_600_000, 60_000, 1_000, 1];

/** Milliseconds. `least` and `most` are written in the same form. */
export function duration(least: string, most: string): Format<number> {
  const parse = (text: string): number | null => {
    const [whole, ...parts] = DURATION.exec(text) ?? [];
    if (whole === undefined) return null;
    return parts.reduce((sum, part, index) => sum + Number(part ?? 0) * (DURATION_UNITS[index] ?? 0), 0);
  };
  const [low, high] = [parse(least) ?? 0, parse(most) ?? 0];
  return {
    phrase: `a duration from ${least} to ${most} such as \`30s\`, \`10m\` or \`1h30m\``,
    blank: 0,
    parse: (text) => {
      const ms = parse(text);
      return ms !== null && ms >= low && ms <= high ? ms : null;
    },
    json: {
      type: 'string',
      pattern: '^(?=[0-9])([0-9]{1,6}d)?([0-9]{1,6}h)?([0-9]{1,7}m(?!s))?([0-9]{1,8}s)?([0-9]{1,9}ms)?$',
    },
  };
}

/** A named volume and where it is mounted, `name:/path`. */
export const volume: Format<{ readonly name: string; readonly path: string }> = {
  phrase: 'a named volume such as `uploads:/data`',
  blank: { name: '', path: '' },
  parse: (text) => {
    const [, name, path] = /^([a-z0-9][a-z0-9_.-]{0,63}):(\/[^\p{Cc}:]{1,255})$/u.exec(text) ?? [];
    if (name === undefined || path === undefined || path.split('/').includes('..')) return null;
    const clean = `/${path
      .split('/')
      .filter((part) => part !== '' && part !== '.')
      .join('/')}`;
    return clean === '/' ? null : { name, path: clean };
  },
  json: { type: 'string', pattern: '^[a-z0-9][a-z0-9_.-]{0,63}:/[^:]+$' },
};

/** A volume of steps and services, `name:/path`, perhaps with `:ro`. */
export interface StepVolume {
  /** A name, or a path of a host, which check-volumes.ts refuses. */
  readonly source: string;
  readonly path: string;
  readonly readOnly: boolean;
}

/** Paths of Slipway and of the engine, which writes its own files of `/etc` into each container. */
const TAKEN =
  /^\/(?:workspace(?:\/\.git(?:\/.*)?)?|(?:proc|sys|dev|\.slipway(?:-split)?|etc\/(?:hosts|hostname|resolv\.conf))(?:\/.*)?)?$/;

export const stepVolume: Format<StepVolume> = {
  phrase:
    'a volume such as `cache:/cache` or `cache:/cache:ro`, not at `/`, `/workspace`, `/proc`, `/sys`, `/dev`, `/.slipway`, or a file of the engine such as `/etc/hosts`',
  blank: { source: '', path: '', readOnly: false },
  parse: (text) => {
    const [, source, path = '', mode] =
      /^([A-Za-z0-9][A-Za-z0-9_.-]{0,63}|[/.~][^\p{Cc}:]{0,1023}):(\/[^\p{Cc}:]{1,255})(?::(ro|rw))?$/u.exec(
        text,
      ) ?? [];
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    const clean = `/${parts.join('/')}`;
    if (source === undefined || TAKEN.test(clean) || parts.includes('..')) return null;
    return { source, path: clean, readOnly: mode === 'ro' };
  },
  json: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}:/[^:]+(:r[ow])?$' },
};

/** A pattern over branches, tags, refs or paths; see `core/glob.ts`. */
export const globPattern: Format<string> = {
  phrase: 'a pattern such as `main` or `release/*`',
  blank: '',
  parse: (text) => (text.length > 0 && text.length <= 256 ? text : null),
  json: { type: ANY_SCALAR, minLength: 1, maxLength: 256 },
};

/** A schema holds a pattern against text only: other scalars are allowed where the pattern would let them through. */
function matching(phrase: string, pattern: RegExp, fix?: string): Format<string> {
  const type = [
    'string',
    ...(pattern.test('7') ? ['number'] : []),
    ...(pattern.test('true') ? ['boolean'] : []),
  ];
  const json = { type: type.length === 1 ? 'string' : type, pattern: pattern.source };
  const parse = (text: string) => (pattern.test(text) ? text : null);
  return { phrase, blank: '', parse, json, ...(fix === undefined ? {} : { fix }) };
}

/** The same, with what matched made uniform. */
function cleaned(format: Format<string>, clean: (text: string) => string): Format<string> {
  return {
    ...format,
    parse: (text) => {
      const parsed = format.parse(text);
      return parsed === null ? null : clean(parsed);
    },
  };
}

function between(text: string, least: number, most: number): number | null {
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  return number >= least && number <= most ? number : null;
}
