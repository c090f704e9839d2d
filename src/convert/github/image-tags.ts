import type { OurEvent } from '../events.ts';
import { repository as repositoryFormat } from '../../pipeline/format/images.ts';
import { isTag } from '../../pipeline/slug.ts';
import { DOCKER_HUB, splitHost } from '../../core/image-name.ts';
import type { Foreign } from '../foreign.ts';

/** A tag as ours, and the events that have what it needs. */
export interface TagOut {
  readonly template: string;
  readonly events: readonly OurEvent[];
}

/** What an image is published as. */
export interface Published {
  /** With the host of its registry. */
  readonly repository: string;
  readonly tags: readonly TagOut[];
  /** What has to hold besides; null: nothing. */
  readonly evaluate: string | null;
}

export type Template = (written: string) => string | null;

const EVERY: readonly OurEvent[] = ['push', 'tag', 'manual', 'cron'];
const OF_BRANCH: readonly OurEvent[] = ['push', 'manual', 'cron'];

/** A repository with its host, as the engine reads a name; null for one that is not written out. */
export function repositoryOut(name: string): string | null {
  const { host, path } = splitHost(name);
  const whole = `${host ?? DOCKER_HUB}/${host === null && !path.includes('/') ? 'library/' : ''}${path}`;
  return repositoryFormat.parse(whole);
}

/** Splits `host/path:tag`; the tag is null where there is none. */
export function splitTag(reference: string): readonly [name: string, tag: string | null] {
  const at = reference.indexOf(':', reference.lastIndexOf('/', reference.replace(/\$\{.*$/s, '').length) + 1);
  return at < 0 ? [reference, null] : [reference.slice(0, at), reference.slice(at + 1)];
}

/** Whether it is a tag where its variables are. */
export function mayBeTag(template: string): boolean {
  return isTag(template.replace(/\$\{[^{}]*(?:\$\{[^{}]*\}[^{}]*)*\}/g, 'x'));
}

/** A tag that is written out, perhaps with variables. */
export function tagOut(template: string): TagOut {
  const isAsked = template.includes('${CI_INPUT_');
  return { template, events: isAsked ? ['manual'] : EVERY };
}

/** Branches and tags with other characters than these and `/` are no tags, and an error of the build. */
const BRANCH = '${CI_COMMIT_BRANCH//\\//-}';
const TAG = '${CI_COMMIT_TAG//\\//-}';
const OF_TAG_ALONE = '${CI_COMMIT_TAG:0:0}';

const NUMBER = '(0|[1-9][0-9]*)';
const PART = '(0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)';
const RELEASE = `^v?${NUMBER}[.]${NUMBER}[.]${NUMBER}`;

/** What `docker/metadata-action` makes of an event; null, and noted, where nothing of it can be said. */
export function readMetadata(values: Foreign | undefined, template: Template): Published | null {
  const [images, tags, flavor] = ['images', 'tags', 'flavor'].map((key) => values?.get(key));
  for (const key of ['labels', 'annotations', 'bake-target', 'sep-labels', 'sep-annotations'])
    values?.get(key)?.leaveOut('nothing but tags is set', 'Write `LABEL` in the Dockerfile.');
  values?.get('github-token')?.needs('nothing asks the Git host');
  const other = values?.entries().find(({ key }) => ['sep-tags', 'context'].includes(key));
  const latest = latestOf(flavor);
  const [first, ...others] = linesOf(images).map((line) => line.replace(/^name=/, ''));
  const repository = repositoryOut((template(first ?? '') ?? '$').toLowerCase());
  if (first === undefined || repository === null) {
    images?.leaveOut('the repository is not written out', 'Write `push` with its `repository`.');
    return null;
  }
  if (others.length > 0)
    images?.changes(
      `an image goes to one repository, and here to \`${repository}\``,
      'Write a workflow for each other.',
    );
  if (latest === null || other !== undefined) {
    (other ?? flavor)?.leaveOut('it makes tags that cannot be said here', 'Write `push` with its `tags`.');
    return null;
  }
  const rules = linesOf(tags);
  const left: string[] = [];
  const made = (rules.length > 0 ? rules : ['type=ref,event=branch', 'type=ref,event=tag']).flatMap(
    (rule) => {
      const found = readRule(rule, template);
      if (found === null) left.push(rule);
      return found ?? [];
    },
  );
  const isVersion = made.some(({ isVersion: is }) => is);
  const hasTag = made.some(({ isOfTag }) => isOfTag);
  for (const rule of left)
    tags?.changes(`\`${rule.slice(0, 60)}\` is left out`, 'Write what it stands for in `tags` of `push`.');
  const extra = latest === 'true' ? [tagOut('latest')] : latest === 'auto' && hasTag ? [latestTag()] : [];
  if (isVersion)
    tags?.changes(
      latest === 'auto'
        ? 'a tag that is no release such as `v1.2.3` is not pushed'
        : 'a tag that is no version such as `v1.2.3` or `v1.2.3-rc.1` is not pushed',
      'Write a workflow for those.',
    );
  const version = latest === 'auto' ? `${RELEASE}$` : `${RELEASE}(-${PART}([.]${PART})*)?$`;
  return {
    repository,
    // What it says of builds by the clock beside its other rules is not known.
    tags: [...made, ...extra].map((one) => ({
      template: one.template,
      events: one.events.filter((event) => event !== 'cron'),
    })),
    evaluate: isVersion ? `(CI_COMMIT_TAG == "" || CI_COMMIT_TAG matches "${version}")` : null,
  };
}

const latestTag = (): TagOut => ({ template: `latest${OF_TAG_ALONE}`, events: ['tag'] });

interface Rule extends TagOut {
  readonly isOfTag: boolean;
  readonly isVersion: boolean;
}

/** One rule; null for one that cannot be said. */
function readRule(written: string, template: Template): Rule | null {
  const parts = written.split(',').map((part) => part.trim());
  const attributes = new Map(
    parts.map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? (['value', part] as const) : ([part.slice(0, at), part.slice(at + 1)] as const);
    }),
  );
  const get = (name: string) => attributes.get(name);
  const type = get('type') ?? 'raw';
  const known = ['type', 'event', 'prefix', 'suffix', 'format', 'value', 'pattern', 'enable'];
  if ([...attributes.keys()].some((name) => !known.includes(name)) || (get('enable') ?? 'true') !== 'true')
    return null;
  if (type !== 'raw' && type !== 'ref' && get('value') !== undefined) return null;
  const [prefix, suffix] = [get('prefix') ?? (type === 'sha' ? 'sha-' : ''), get('suffix') ?? ''];
  if (!/^[\w.-]*$/.test(prefix) || !/^[\w.-]*$/.test(suffix)) return null;
  const rule = (text: string, events: readonly OurEvent[], isVersion = false): Rule => ({
    template: `${prefix}${text}${suffix}`,
    ...{ events, isVersion, isOfTag: events[0] === 'tag' },
  });
  if (type === 'ref' && get('event') === 'branch') return rule(BRANCH, OF_BRANCH);
  if (type === 'ref' && get('event') === 'tag') return rule(TAG, ['tag']);
  if (type === 'sha')
    return rule(get('format') === 'long' ? '${CI_COMMIT_SHA}' : '${CI_COMMIT_SHA:0:7}', EVERY);
  if (type === 'semver' && get('pattern') === '{{version}}') return rule('${CI_COMMIT_TAG#v}', ['tag'], true);
  if (type !== 'raw' || get('value') === undefined) return null;
  const value = template(get('value') ?? '');
  return value === null || !mayBeTag(value) ? null : rule(value, tagOut(value).events);
}

function latestOf(flavor: Foreign | undefined): string | null {
  const lines = linesOf(flavor);
  const latest = lines.at(-1)?.replace(/^latest=/, '') ?? 'auto';
  return lines.length <= 1 && ['auto', 'true', 'false'].includes(latest) ? latest : null;
}

/** The lines of an input that are no comments. */
export function linesOf(value: Foreign | undefined): readonly string[] {
  return (value?.text() ?? '')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
