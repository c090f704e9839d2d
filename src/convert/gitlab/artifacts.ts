import { artifactNameOf, artifactPattern } from '../artifact-words.ts';
import type { Foreign } from '../foreign.ts';
import { entry, list, map, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { patternText, withDefined } from './variables.ts';

/** What a job's steps leave: kept files, and reports of tests. */
export function artifactsEntries(
  layers: readonly Foreign[],
  jobName: string,
  defined: ReadonlyMap<string, string>,
): readonly (OutEntry | null)[] {
  const maps = layers.filter(({ kind }) => kind === 'map');
  const [nearest] = maps;
  if (nearest === undefined) return [];
  const artifacts: Artifacts = {
    from: nearest,
    get: (key) => {
      const [counts, ...further] = maps.flatMap((one) => one.get(key) ?? []);
      for (const one of further) one.use();
      return counts;
    },
  };
  return [keptEntry(artifacts, jobName, defined), reportsEntry(artifacts.get('reports'), defined)];
}

/** Those of a job and of its templates, the nearest first. */
interface Artifacts {
  readonly from: Foreign;
  get(key: string): Foreign | undefined;
}

const LEFT_OUT: Readonly<Record<string, readonly [string, string]>> = {
  exclude: ['all files of the patterns are kept', 'Write narrower `paths`.'],
  untracked: ['files are kept by their paths', 'Write `artifacts` with `paths`.'],
  expose_as: ['the Git host’s page links to no artifact', 'Remove it.'],
  public: ['whoever may sign in may download them', 'Remove it.'],
  access: ['whoever may sign in may download them', 'Remove it.'],
};

function keptEntry(
  artifacts: Artifacts,
  jobName: string,
  defined: ReadonlyMap<string, string>,
): OutEntry | null {
  for (const [key, [why, fix]] of Object.entries(LEFT_OUT)) artifacts.get(key)?.leaveOut(why, fix);
  const paths = artifacts.get('paths');
  const patterns = (paths?.oneOrMore() ?? []).flatMap((one) => {
    const pattern = artifactPattern(withDefined(one.text() ?? '', defined));
    if (pattern !== null) return [text(pattern, one)];
    one.leaveOut('it is no pattern of files of the workspace, or has variables', 'Write the path out.');
    return [];
  });
  const [name, expiry, when] = ['name', 'expire_in', 'when'].map((key) => artifacts.get(key));
  if (paths === undefined || patterns.length === 0) {
    for (const one of [name, expiry, when]) one?.needs('no files are kept');
    return null;
  }
  readWhen(when);
  return entry(
    'artifacts',
    map([
      entry('paths', list(patterns, paths), paths),
      nameEntry(name, jobName),
      expiry === undefined ? null : expireEntry(expiry),
    ]),
    artifacts.from,
  );
}

function readWhen(when: Foreign | undefined): void {
  if (when?.text() === 'always') when.needs('artifacts are kept however their step ended');
  else when?.changes('artifacts are kept however their step ended', 'Nothing, if that does no harm.');
}

/** Artifacts of a build stand under one another: a name that says what it is, is that of its job. */
function nameEntry(name: Foreign | undefined, jobName: string): OutEntry | null {
  const written = name?.text() ?? '';
  const found = artifactNameOf(written);
  if (name !== undefined && found !== written)
    name.changes('a name is plain text, without variables', 'Write one of A-Z, a-z, 0-9, `_`, `.` and `-`.');
  const taken = found ?? artifactNameOf(jobName);
  return taken === null ? null : entry('name', text(taken, name ?? null), name ?? null);
}

const UNITS: readonly (readonly [RegExp, number])[] = [
  [/^y(?:(?:ea)?rs?)?$/, 365 * 24],
  [/^mo(?:nth)?s?$/, 30 * 24],
  [/^w(?:ee)?k?s?$/, 7 * 24],
  [/^d(?:ays?)?$/, 24],
  [/^h(?:(?:ou)?rs?)?$/, 1],
  [/^m(?:in(?:ute)?s?)?$/, 1 / 60],
  [/^s(?:ec(?:ond)?s?)?$/, 1 / 3_600],
];
const MOST_HOURS = 3_650 * 24;

function expireEntry(expiry: Foreign): OutEntry | null {
  const written = (expiry.text() ?? '').trim().toLowerCase();
  if (written === 'never') {
    expiry.changes('artifacts go with their build', 'Set how long builds are kept on the server.');
    return null;
  }
  const hours = hoursOf(written);
  if (hours === null) {
    expiry.leaveOut('it is no time that is known', 'Write e.g. `expire: 30d`.');
    return null;
  }
  const kept = Math.min(MOST_HOURS, Math.max(1, Math.ceil(hours)));
  if (Math.abs(kept - hours) > 1e-6)
    expiry.changes(`they are kept for ${durationOf(kept)}`, 'Write `expire`.');
  return entry('expire', text(durationOf(kept), expiry), expiry);
}

/** Of words such as `3 weeks and 2 days`, or seconds (https://docs.gitlab.com/ci/yaml/#artifactsexpire_in). */
function hoursOf(written: string): number | null {
  if (/^\d{1,12}$/.test(written)) return Number(written) / 3_600;
  const parts = [...written.matchAll(/(\d{1,9}(?:\.\d{1,3})?)\s*([a-z]+)/g)];
  if (parts.length === 0 || written.replace(/\d[\d.]*\s*[a-z]+|and|[\s,]/g, '') !== '') return null;
  let hours = 0;
  for (const [, amount = '', word = ''] of parts) {
    const unit = UNITS.find(([pattern]) => pattern.test(word))?.[1];
    if (unit === undefined) return null;
    hours += Number(amount) * unit;
  }
  return hours;
}

const durationOf = (hours: number): string => (hours % 24 === 0 ? `${hours / 24}d` : `${hours}h`);

function reportsEntry(reports: Foreign | undefined, defined: ReadonlyMap<string, string>): OutEntry | null {
  if (reports?.kind !== 'map') return null;
  for (const one of reports.entries())
    if (one.key !== 'junit') one.leaveOut('only reports of JUnit are read', 'Show it in the log.');
  const junit = reports.get('junit');
  if (junit === undefined) return null;
  const patterns = list(
    junit.oneOrMore().map((one) => text(patternText(one, defined), one)),
    junit,
  );
  return entry('reports', map([entry('junit', patterns, junit)]), reports);
}
