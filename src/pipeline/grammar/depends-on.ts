import { stepNameTemplate, workflowName } from '../format/names.ts';
import { truth } from '../format/text.ts';
import type { Located } from '../report.ts';
import { choice } from '../shape/choice.ts';
import { list, oneOrMore } from '../shape/list.ts';
import { optional, record, required } from '../shape/record.ts';
import { scalar } from '../shape/scalar.ts';
import type { Format } from '../shape/scalar.ts';
import { located, mapped } from '../shape/shape.ts';

/** What is waited for. */
export interface DependencySpec {
  readonly name: Located<string>;
  /** Null: where it has no part in the build, what it would have waited for takes its place. */
  readonly optional: boolean | null;
}

const recordOf = (name: Format<string>) =>
  record('a dependency', {
    name: required(located(scalar(name)), 'Name of the step, or of the workflow.'),
    optional: optional(
      scalar(truth),
      '`true`: it may be missing, and where it has no part in the build, nothing is waited for in its place. `false`: where it has none, neither has this one.',
      'where it has no part in the build, what it would have waited for takes its place',
    ),
  });

const dependencyOf = (name: Format<string>, own: ReturnType<typeof recordOf>) =>
  choice<DependencySpec>(
    {
      text: mapped(located(scalar(name)), (one): DependencySpec => ({ name: one, optional: null })),
      map: own,
    },
    'a name, or a map with `name` and `optional`',
  );

/** A step that is waited for, where more is said of it than its name. */
export const dependencyRecord = recordOf(stepNameTemplate);
const step = dependencyOf(stepNameTemplate, dependencyRecord);
const workflow = dependencyOf(workflowName, recordOf(workflowName));

const steps = 'a step name, or a list of step names';
const one = mapped(step, (only): readonly DependencySpec[] => [only]);

/** Of a step; an empty list says that it starts at once. */
export const stepDependencies = choice({ text: one, list: list(step, steps, 0) }, steps);

export const workflowDependencies = oneOrMore(workflow, 'a workflow, or a list of workflows');
