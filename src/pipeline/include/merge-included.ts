import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
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

/** What is left of the limits of a build for files that are included. */
export interface IncludeRoom {
  files: number;
  bytes: number;
}

export const newIncludeRoom = (): IncludeRoom => ({
  files: PIPELINE_LIMITS.includes,
  bytes: PIPELINE_LIMITS.bytes,
});

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
  room: IncludeRoom,
  report: Report,
): Merged {
  const services: IncludedSpec['services'][number][] = [];
  const steps: IncludedSpec['steps'][number][] = [];
  const seen = new Set<string>();
  let isWhole = true;

  const take = (entry: IncludeSpec, from: IncludeOrigin | null, open: readonly IncludeRef[]): void => {
    const ref = resolveInclude(entry, from, report);
    if (ref === null) return;
    const key = keyOf(ref);
    const start = open.findIndex((one) => keyOf(one) === key);
    if (start >= 0) {
      const cycle = [...open.slice(start), ref].map((one) => `\`${nameOf(one)}\``);
      report.add('include_cycle', entry.file, { cycle: cycle.join(' → ') });
      return;
    }
    if (seen.has(key)) return;
    seen.add(key);
    if (open.length > PIPELINE_LIMITS.includeDepth) {
      const what = 'files include others through more levels';
      report.add('too_complex', entry.file, { what, limit: PIPELINE_LIMITS.includeDepth });
      return;
    }
    if (--room.files < 0) {
      report.add('too_complex', entry.file, {
        what: 'more files are included',
        limit: PIPELINE_LIMITS.includes,
      });
      return;
    }
    const text = textOf(ref, entry, included, report);
    if (text === 'elsewhere') isWhole = false;
    if (text === null || text === 'elsewhere') return;
    const read = readIncluded(text.text, text.name ?? nameOf(ref), room, report);
    if (read === null) return;
    for (const one of read.include) take(one, ref.origin, [...open, ref]);
    services.push(...read.services);
    steps.push(...read.steps);
  };

  for (const entry of spec.include) take(entry, null, [{ origin: null, file }]);
  return {
    spec: { ...spec, services: [...services, ...spec.services], steps: [...steps, ...spec.steps] },
    isWhole,
  };
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

function readIncluded(
  input: FileInput,
  name: string,
  room: IncludeRoom,
  report: Report,
): IncludedSpec | null {
  const { text, wrong } = decode(input);
  const base = report.open(name, text);
  const start = { offset: base, length: 1 };
  if (wrong !== null) {
    const span = { ...wrong.span, offset: base + wrong.span.offset };
    report.add(wrong.code, { span, path: '' }, wrong.details);
    return null;
  }
  room.bytes -= Buffer.byteLength(text);
  if (room.bytes < 0) {
    const what = 'the files that are included have more bytes together';
    report.add('too_complex', { span: start, path: '' }, { what, limit: PIPELINE_LIMITS.bytes });
    return null;
  }
  const tree = parseYaml(text, report, base);
  const root = tree === null ? null : cursorAt(tree, report);
  return root === null ? null : includedRecord.read(root);
}
