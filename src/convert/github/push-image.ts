import { DOCKER_HUB, splitHost } from '../../core/image-name.ts';
import type { OurEvent } from '../events.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, map, text, textsEntry } from '../out.ts';
import type { OutEntry } from '../out.ts';
import type { ImageAround } from './build-image.ts';
import { holdsForNoPullRequest, NO_PULL_REQUEST } from './condition.ts';
import { linesOf, mayBeTag, readMetadata, repositoryOut, splitTag, tagOut } from './image-tags.ts';
import type { Published, Template } from './image-tags.ts';
import { readCondition, type Condition } from './read-condition.ts';
import { expressionAlone, replaceExpressions } from './replace-expressions.ts';
import { eventsOfTriggers } from './triggers.ts';

/** What says where an image goes. */
interface PushAround extends ImageAround {
  readonly build: Foreign;
  readonly values: Foreign | undefined;
  /** Those before the build. */
  readonly steps: readonly Foreign[];
  /** Whether a step behind the build runs something. */
  readonly isFollowed: boolean;
  /** What the step asks for. */
  readonly condition: Condition | null;
  readonly template: Template;
}

interface Push {
  readonly entry: OutEntry;
  readonly host: string;
}

const WRITE_PUSH = 'Write `push`.';

/** `push`; null where nothing is pushed, or, noted, not surely under the same names. */
export function readPush(around: PushAround): Push | null {
  const { values, steps, isFollowed, template, build, job } = around;
  const [push, tags, platforms] = ['push', 'tags', 'platforms'].map((key) => values?.get(key));
  const said = pushCondition(push, around);
  const single = platforms === undefined || /^linux\/amd64$/.test(platforms.peek().trim());
  if (single) platforms?.needs('an image is built for the platform of its worker');
  else
    platforms?.leaveOut(
      'an image is built for the platform of its worker, and none is pushed in the place of one for several',
      'Write `push` where one platform is enough.',
    );
  if (said === null || !single) {
    for (const one of [push, tags]) if (one?.isUnread === true) one.needs('nothing is pushed');
    return null;
  }
  if (isFollowed || job.has('environment')) {
    push?.leaveOut(
      isFollowed
        ? 'steps behind it run in the builds that push, and here before the image is there'
        : 'nobody is asked before it, where the settings of the `environment` ask there',
      isFollowed
        ? 'Write `push`, and those steps in a workflow that has this one in `depends_on`.'
        : 'Write `push`, where nobody has to be.',
    );
    tags?.needs('nothing is pushed');
    return null;
  }
  const published = publishedBy(tags, steps, template);
  if (published === null || published.tags.length === 0) {
    push?.leaveOut('it is not known here under which name, and nothing is pushed', WRITE_PUSH);
    tags?.needs('nothing is pushed');
    return null;
  }
  const events = pushEvents(around, said, published, push ?? build);
  if (events.length === 0) {
    push?.leaveOut('no event of the file has what its tags need', WRITE_PUSH);
    return null;
  }
  const needed = [...said, published.evaluate].filter((one) => one !== null && !NO_PULL_REQUEST.has(one));
  const at = tags ?? null;
  return {
    host: splitHost(published.repository).host ?? DOCKER_HUB,
    entry: entry(
      'push',
      map(
        [
          entry('repository', text(published.repository, at), at),
          textsEntry('tags', [...new Set(published.tags.map((one) => one.template))], at),
          entry(
            'when',
            map(
              [
                entry('event', list(events.map((event) => text(event))), push ?? null),
                needed.length === 0 ? null : entry('evaluate', needed.join(' && '), push ?? null),
              ],
              push ?? null,
            ),
            push ?? null,
          ),
        ],
        push ?? null,
      ),
      push ?? null,
    ),
  };
}

/** Expressions that hold where it is pushed; null: nowhere. */
function pushCondition(
  push: Foreign | undefined,
  { condition, start }: PushAround,
): readonly string[] | null {
  const written = push?.peek().trim() ?? '';
  if (push === undefined || written === 'false') {
    push?.needs('nothing is pushed');
    return null;
  }
  const expression = written === 'true' ? 'true' : expressionAlone(written);
  const said = expression === null ? null : readCondition(expression, start);
  if (said === null || said.isNever || said.status !== 'success') {
    push.leaveOut('it cannot be said by `evaluate`, or cannot hold here, and nothing is pushed', WRITE_PUSH);
    return null;
  }
  push.use();
  return [...new Set([condition?.evaluate ?? null, said.evaluate].filter((one) => one !== null))];
}

/** Events of the file that have what one of the tags needs: no pull request, whose image has other names there. */
function pushEvents(
  { triggers }: PushAround,
  evaluate: readonly string[],
  { tags }: Published,
  at: Foreign,
): readonly OurEvent[] {
  const ofFile = eventsOfTriggers(triggers);
  const events = ofFile.filter((event) => tags.some((tag) => tag.events.includes(event)));
  const left = ofFile.filter((event) => event !== 'pull_request' && !events.includes(event));
  const isForNone = evaluate.some(holdsForNoPullRequest);
  if (ofFile.includes('pull_request') && !isForNone)
    at.changes(
      'nothing is pushed for a pull request',
      'Write `event: pull_request` in the `when` of `push`.',
    );
  if (left.length > 0)
    at.changes(
      `nothing is pushed for the event ${left.map((one) => `\`${one}\``).join(', ')}, for which no tag is surely the same`,
      'Write `push` with a tag for it.',
    );
  return events;
}

/** Where an image goes, by the step that names the tags, or by them as they are written; null, and noted, where that is not known. */
function publishedBy(
  tags: Foreign | undefined,
  steps: readonly Foreign[],
  template: Template,
): Published | null {
  const lines = linesOf(tags).flatMap(splitAtCommas);
  const [, id] = /^steps\.([\w-]+)\.outputs\.tags$/.exec(expressionAlone(lines[0] ?? '') ?? '') ?? [];
  if (id !== undefined && lines.length === 1) {
    const meta = steps.find((step) => step.kind === 'map' && step.get('id')?.peek() === id);
    const isMeta = /^docker\/metadata-action(?:@|$)/.test(meta?.get('uses')?.peek() ?? '');
    return isMeta ? readMetadata(meta?.get('with'), template) : null;
  }
  const found = lines.map((line) => {
    const whole = template(line.trim());
    const [name, tag] = splitTag(whole ?? '$');
    const repository = repositoryOut(name);
    return repository === null || !mayBeTag(tag ?? 'latest') ? null : { repository, tag: tag ?? 'latest' };
  });
  const [repository] = found.flatMap((one) => one?.repository ?? []);
  if (repository === undefined) return null;
  const own = found.flatMap((one) => (one?.repository === repository ? [one] : []));
  if (own.length < found.length)
    tags?.changes(
      `an image goes to one repository, and here to \`${repository}\`; names that are not written out are left out`,
      'Write a workflow for each other, and a tag with variables of docs/pipeline.md.',
    );
  return { repository, tags: own.map(({ tag }) => tagOut(tag)), evaluate: null };
}

/** At those that are in no expression. */
function splitAtCommas(line: string): readonly string[] {
  const expressions: string[] = [];
  const marked = replaceExpressions(line, (_, whole) => `\0${expressions.push(whole) - 1}\0`);
  return marked
    .split(',')
    .map((part) => part.replace(/\0(\d+)\0/g, (_, index: string) => expressions[Number(index)] ?? ''));
}

/** A step that signs in to a registry: what is to be done once for that. */
export function noteLogin(step: Foreign, host: string | null, template: Template): void {
  const values = step.get('with');
  const registry = template(values?.get('registry')?.peek() ?? DOCKER_HUB);
  const username = template(values?.get('username')?.peek() ?? '$');
  const where = registry === null || registry === '' || registry.includes('$') ? (host ?? 'HOST') : registry;
  const name = username === null || !/^[\w.-]+$/.test(username) ? 'NAME' : username;
  step.leaveOut(
    '`docker/login-action`: logins of registries are the server’s',
    `Use \`slipway registry login ${where} --username ${name}\`, once; the password comes by standard input.`,
  );
  step.use();
}
