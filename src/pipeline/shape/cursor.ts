import { isAlias } from 'yaml';
import type { Node } from 'yaml';
import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { LintCode } from '../lint-catalogue.ts';
import { nodeSpan } from '../parse-yaml.ts';
import type { YamlTree } from '../parse-yaml.ts';
import type { Details, Report, Span } from '../report.ts';

/** A place in the document while it is read: a node, aliases already followed, and its path. */
export interface Cursor {
  readonly node: Node;
  readonly span: Span;
  /** E.g. `steps[2].depends_on[0]`; empty at the root. */
  readonly path: string;
  /** The cursor at a child, or null when it must not be followed (reported). */
  down(child: Node, step: string | number): Cursor | null;
  report(code: LintCode, details?: Details, span?: Span): void;
}

/** The cursor at the root. Nodes reached through aliases are counted, so that no small file grows without end. */
export function cursorAt(tree: YamlTree, report: Report): Cursor | null {
  let aliased = 0;

  const follow = (node: Node, path: string, viaAlias: boolean): Cursor | null => {
    const at = { span: nodeSpan(node), path };
    if (isAlias(node)) {
      const target = tree.targets.get(node);
      if (target === undefined) return null;
      return follow(target, path, true);
    }
    if (viaAlias && ++aliased > PIPELINE_LIMITS.aliasedNodes) {
      if (aliased === PIPELINE_LIMITS.aliasedNodes + 1)
        report.add('too_complex', at, {
          what: 'its aliases stand for more nodes',
          limit: PIPELINE_LIMITS.aliasedNodes,
        });
      return null;
    }
    return {
      node,
      ...at,
      down: (child, step) => follow(child, join(path, step), viaAlias),
      report: (code, details, span) => report.add(code, { span: span ?? at.span, path }, details),
    };
  };

  return follow(tree.root, '', false);
}

function join(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  const name = /^[\w-]+$/.test(step) ? step : JSON.stringify(step.slice(0, 60));
  return path === '' ? name : `${path}.${name}`;
}
