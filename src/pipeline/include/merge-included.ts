import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { BuildRoom } from '../build-room.ts';
import { decode, type FileInput } from '../decode.ts';
import { includedRecord, type IncludedSpec, type IncludeSpec } from '../grammar/include.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import { parseYaml } from '../parse-yaml.ts';
import type { Report } from '../report.ts';
import { cursorAt } from '../shape/cursor.ts';
import {
  keyOf,
  nameOf,
  type IncludedFile,
  type IncludedFiles,
  type IncludeOrigin,
  type IncludeRef,
} from './included-file.ts';
import { resolveInclude } from './resolve-include.ts';

export interface Merged {
  readonly spec: PipelineSpec;
  /** False where a file could not be looked at: what it has is not known. */
  readonly isWhole: boolean;
}

/**
 * The file as if the services and steps of what it includes stood before its own, in the order of the includes. A file
 * that is included by several counts once. Everything wrong is in the report.
 * @param included What was read; undefined where files are checked and nothing is.
 */
export function mergeIncluded(
  spec: PipelineSpec,
  file: string,
  included: IncludedFiles | undefined,
  room: BuildRoom,
  report: Report,
): Merged {
  const top: IncludeRef = { origin: null, file };
  const { links, found, isWhole } = readAll(spec.include, top, included, room, report);
  const services: IncludedSpec['services'][number][] = [];
  const steps: IncludedSpec['steps'][number][] = [];
  const taken = new Set<string>();

  const take = ({ entry, ref }: Link, open: readonly IncludeRef[]): void => {
    const key = keyOf(ref);
    const start = open.findIndex((one) => keyOf(one) === key);
    if (start >= 0) {
      const cycle = [...open.slice(start), ref].map((one) => `\`${nameOf(one)}\``);
      report.add('include_cycle', entry.file, { cycle: cycle.join(' → ') });
      return;
    }
    const read = found.get(key);
    if (read === undefined || taken.has(key)) return;
    taken.add(key);
    for (const link of read.links) take(link, [...open, ref]);
    services.push(...read.spec.services);
    steps.push(...read.spec.steps);
  };

  for (const link of links) take(link, [top]);
  return {
    spec: { ...spec, services: [...services, ...spec.services], steps: [...steps, ...spec.steps] },
    isWhole,
  };
}

/** An entry of `include`, and the file that it names. */
interface Link {
  readonly entry: IncludeSpec;
  readonly ref: IncludeRef;
}

interface Found {
  readonly spec: IncludedSpec;
  readonly links: readonly Link[];
}

/** Each file once, level by level: how deep one is does not depend on the order in which it is included. */
function readAll(
  entries: readonly IncludeSpec[],
  top: IncludeRef,
  included: IncludedFiles | undefined,
  room: BuildRoom,
  report: Report,
): { links: readonly Link[]; found: ReadonlyMap<string, Found>; isWhole: boolean } {
  const linksOf = (some: readonly IncludeSpec[], from: IncludeOrigin | null): readonly Link[] =>
    some.flatMap((entry) => {
      const ref = resolveInclude(entry, from, report);
      return ref === null ? [] : [{ entry, ref }];
    });
  const links = linksOf(entries, null);
  const found = new Map<string, Found>();
  const seen = new Set([keyOf(top)]);
  let isWhole = true;

  const read = ({ entry, ref }: Link, depth: number): readonly Link[] => {
    const key = keyOf(ref);
    if (seen.has(key)) return [];
    seen.add(key);
    if (depth > PIPELINE_LIMITS.includeDepth) {
      const what = 'files include others through more levels';
      report.add('too_complex', entry.file, { what, limit: PIPELINE_LIMITS.includeDepth });
      return [];
    }
    if (--room.includes < 0) {
      const what = 'more files are included';
      report.add('too_complex', entry.file, { what, limit: PIPELINE_LIMITS.includes });
      return [];
    }
    const text = textOf(ref, entry, included, report);
    if (text === 'elsewhere') isWhole = false;
    if (text === null || text === 'elsewhere') return [];
    const spec = readIncluded(text.text, text.name ?? nameOf(ref), room, report);
    if (spec === null) return [];
    const own = linksOf(spec.include, ref.origin);
    found.set(key, { spec, links: own });
    return own;
  };

  let level = links;
  for (let depth = 1; level.length > 0; depth++) level = level.flatMap((link) => read(link, depth));
  return { links, found, isWhole };
}

/** Null where it is not there, or may not be read, which is reported. */
function textOf(
  ref: IncludeRef,
  { file }: IncludeSpec,
  included: IncludedFiles | undefined,
  report: Report,
): Extract<IncludedFile, { kind: 'file' }> | 'elsewhere' | null {
  const found = included === undefined ? NOT_HERE : (included.get(keyOf(ref)) ?? NOT_READ);
  const name = `\`${nameOf(ref)}\``;
  switch (found.kind) {
    case 'file':
      return found;
    case 'missing':
      report.add('include_missing', file, { name, fix: fixOf(ref) });
      return null;
    case 'refused':
      report.add('include_refused', file, { name, cause: found.cause, fix: found.fix });
      return null;
    case 'unreachable':
      report.add('include_unreachable', file, { name, cause: found.cause, fix: found.fix });
      return null;
    case 'elsewhere':
      report.add('include_unread', file, { name, cause: found.cause, fix: found.fix });
      return 'elsewhere';
  }
}

const NOT_HERE: IncludedFile = {
  kind: 'elsewhere',
  cause: 'only this file was given',
  fix: '`slipway lint` in the repository looks at it, and so does each build.',
};
const NOT_READ: IncludedFile = {
  kind: 'refused',
  cause: 'the files of this build are larger, or more, than are read',
  fix: 'Include fewer files.',
};

function fixOf({ origin }: IncludeRef): string {
  return origin === null
    ? 'Write the path from the top of the repository, and commit the file.'
    : `Write a path that \`${origin.project}\` has at that commit.`;
}

function readIncluded(input: FileInput, name: string, room: BuildRoom, report: Report): IncludedSpec | null {
  const tooLarge = (offset: number): null => {
    const what = 'the files that are included have more bytes together';
    const at = { span: { offset, length: 1 }, path: '' };
    report.add('too_complex', at, { what, limit: PIPELINE_LIMITS.bytes });
    return null;
  };
  if (room.includedBytes < 0) return tooLarge(report.open(name, ''));
  const { text, wrong } = decode(input);
  const base = report.open(name, text);
  if (wrong !== null) {
    const span = { ...wrong.span, offset: base + wrong.span.offset };
    report.add(wrong.code, { span, path: '' }, wrong.details);
    return null;
  }
  room.includedBytes -= Buffer.byteLength(text);
  if (room.includedBytes < 0) return tooLarge(base);
  const tree = parseYaml(text, report, room, base);
  const root = tree === null ? null : cursorAt(tree, report, room);
  return root === null ? null : includedRecord.read(root);
}
