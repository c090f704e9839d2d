import { didYouMean } from '../../core/did-you-mean.ts';
import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import { STEP_VARIABLES } from '../../core/step-variables.ts';
import { takePatterns, type BuildRoom } from '../build-room.ts';
import { CI_VARIABLES } from '../ci-variables.ts';
import { partsOf } from '../expression/expression.ts';
import { compilePattern, costOf } from '../expression/pattern.ts';
import { isPlannedVariable, PLANNED_VARIABLES } from '../expression/planned-variables.ts';
import type { EvaluateSpec } from '../grammar/evaluate.ts';
import type { PipelineSpec } from '../grammar/pipeline.ts';
import type { Condition } from '../grammar/when.ts';
import type { Report } from '../report.ts';
import { shorten } from '../shape/scalar.ts';
import { UNSET_VARIABLES } from '../variables/unset.ts';
import type { OwnNames } from './check-template.ts';

/** Names of variables of the file: for conditions inside of it, and for those of the file as a whole. */
export interface NamesOfExpressions {
  readonly inside: OwnNames;
  readonly ofFile: OwnNames;
}

/** Expressions name what there is, and their patterns are patterns, those of a build together of a size that is soon read. */
export function checkExpressions(
  { steps, push, deploy, when }: PipelineSpec,
  names: NamesOfExpressions,
  room: Pick<BuildRoom, 'patternCharacters'>,
  report: Report,
): void {
  const conditions = [...steps, ...(push === null ? [] : [push]), ...deploy].flatMap((one) => one.when ?? []);
  const limit = PIPELINE_LIMITS.patternCharacters;
  let weight = 0;
  const check = (some: readonly Condition[], own: OwnNames): void => {
    for (const { evaluate } of some) {
      if (evaluate === null) continue;
      checkNames(evaluate, own, report);
      const taken = weightOfPatterns(evaluate);
      if (taken === 0) continue;
      weight += taken;
      if (!takePatterns(room, taken)) {
        const whose = weight > limit ? 'its patterns' : 'the patterns of the build together';
        report.add('too_complex', evaluate, {
          what: `${whose} have more characters, each repetition written out,`,
          limit,
        });
        return;
      }
      checkPatterns(evaluate, report);
    }
  };
  check(when ?? [], names.ofFile);
  check(conditions, names.inside);
}

function weightOfPatterns({ expression }: EvaluateSpec): number {
  let weight = 0;
  for (const part of partsOf(expression)) if (part.kind === 'matches') weight += costOf(part.pattern);
  return weight;
}

function checkPatterns({ expression, spanAt, path }: EvaluateSpec, report: Report): void {
  for (const part of partsOf(expression)) {
    if (part.kind !== 'matches') continue;
    const { cause } = compilePattern(part.pattern);
    if (cause !== null)
      report.add(
        'expression_wrong',
        { span: spanAt(part.at), path },
        { text: shorten(part.pattern), cause: `it is no pattern of RE2: ${shorten(cause)}` },
      );
  }
}

function checkNames({ expression, spanAt, path }: EvaluateSpec, own: OwnNames, report: Report): void {
  for (const part of partsOf(expression)) {
    if (part.kind !== 'variable' || isPlannedVariable(part.name) || own.has(part.name)) continue;
    const at = { span: spanAt(part.at), path };
    const name = shorten(part.name);
    if (mayBeSet(part.name)) report.add('expression_unset', at, { name });
    else report.add('expression_name', at, { name, fix: () => fixOf(part.name, own) });
  }
}

const isOfSteps = (name: string): boolean =>
  Object.hasOwn(STEP_VARIABLES, name) || Object.hasOwn(CI_VARIABLES, name);

/** It might be meant, and is empty. */
function mayBeSet(name: string): boolean {
  return !isOfSteps(name) && (Object.hasOwn(UNSET_VARIABLES, name) || !/^(?:CI|SLIPWAY)_/.test(name));
}

function fixOf(name: string, own: OwnNames): string {
  if (isOfSteps(name))
    return 'It is known only when the build runs; what depends on the steps before is said by `status`.';
  const near = didYouMean(name, [...own, ...PLANNED_VARIABLES]);
  return near === null ? 'Use one of the `CI_*` variables of docs/pipeline.md.' : `Did you mean \`${near}\`?`;
}
