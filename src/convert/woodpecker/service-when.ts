import { OUR_EVENTS } from '../events.ts';
import type { Foreign } from '../foreign.ts';
import type { Out, OutEntry, OutMap } from '../out.ts';
import { conditionsOf } from './conditions.ts';
import type { Conditions, ConditionWords } from './conditions.ts';

const WHENEVER = 'a service runs whenever a step runs';
const APART = 'Move it, with what needs it, into a workflow of its own, with `when`.';

/**
 * Whether something with a `when` may become a service, which has none here and would run in builds where it did not. It
 * may where its `when` holds in every build of the file, and where running is all that it does: no command, no secret,
 * no volume and no setting, as with a database that only waits for tests. Anything else is left out, and noted.
 * @param conditions What its `when` asks for.
 * @param ofFile The `when` of the workflow; null where it has none.
 */
export function mayBeService(
  from: Foreign,
  conditions: Conditions | null,
  ofFile: Out | null,
  entries: readonly (OutEntry | null)[],
): boolean {
  const when = from.get('when');
  if (when === undefined || conditions === null) return true;
  if (conditions.kind === 'when' && holdsInAll(conditions.value, ofFile) && !asksPlatform(when)) {
    when.needs('it holds in every build of the workflow');
    return true;
  }
  if (conditions.kind === 'when' && !from.has('settings') && entries.every(isIdle)) {
    when.leaveOut(WHENEVER, 'Move what needs it into a workflow of its own, with `when`.');
    return true;
  }
  from.leaveOut(`${WHENEVER}, also where its \`when\` does not hold, and it is left out`, APART);
  return false;
}

/** What the `when` of a service asks for. */
export function serviceConditions(service: Foreign, words: ConditionWords): Conditions | null {
  const when = service.get('when');
  return when === undefined ? null : conditionsOf(when, words);
}

function isIdle(one: OutEntry | null): boolean {
  if (one === null || one.key === 'name' || one.key === 'image' || one.key === 'pull') return true;
  if (one.key !== 'environment') return false;
  return one.value.kind === 'map' && one.value.entries.every(({ value }) => value.kind === 'text');
}

/** A step’s condition does not keep it, so it says nothing of builds. */
const asksPlatform = (when: Foreign): boolean => when.oneOrMore().some((one) => one.has('platform'));

/**
 * Whether one of the conditions holds in each build that others let something be in, as far as that can be told.
 * @param ofFile The others, of a workflow or a step; null where there are none.
 */
export function holdsInAll(conditions: Out, ofFile: Out | null): boolean {
  const ofService = mapsOf(conditions);
  if (ofService.length === 0) return true;
  const builds = ofFile === null ? [] : mapsOf(ofFile);
  const all: readonly (OutMap | null)[] = builds.length === 0 ? [null] : builds;
  return all.every((build) => ofService.some((one) => one.entries.every((each) => holds(each, build))));
}

function holds({ key, value }: OutEntry, build: OutMap | null): boolean {
  const same = build?.entries.find((one) => one.key === key)?.value;
  if (key === 'status') return textsOf(value).includes('success');
  if (key === 'event') {
    const asked = textsOf(value);
    return (same === undefined ? MADE : textsOf(same)).every((one) => asked.includes(one));
  }
  return same !== undefined && written(same) === written(value);
}

/** Of other products’ files no build is made by a clock. */
const MADE: readonly string[] = OUR_EVENTS.filter((one) => one !== 'cron');

function mapsOf(value: Out): readonly OutMap[] {
  if (value.kind === 'list') return value.items.flatMap(mapsOf);
  return value.kind === 'map' ? [value] : [];
}

function textsOf(value: Out): readonly string[] {
  if (value.kind === 'list') return value.items.flatMap(textsOf);
  return value.kind === 'text' ? [value.value] : [];
}

const written = (value: Out): string =>
  JSON.stringify(value, (key, one: unknown) => (key === 'from' ? undefined : one));
