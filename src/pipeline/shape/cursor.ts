import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Node, Pair, YAMLMap } from 'yaml';
import { PIPELINE_LIMITS } from '../../core/plan-defaults.ts';
import type { BuildRoom } from '../build-room.ts';
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
  /** What a map has: its own pairs, then those of its merge keys that it has not itself. Empty for any other node. */
  entries(): readonly MapEntry[];
  report(code: LintCode, details?: Details, span?: Span): void;
}

export interface MapEntry {
  readonly pair: Pair;
  /** The cursor at its value; null where there is none, or when it must not be followed (reported). */
  readonly down: (step: string) => Cursor | null;
}

/** The cursor at the root. Nodes reached through aliases are counted, so that no small file grows without end. */
export function cursorAt(tree: YamlTree, report: Report, room: BuildRoom): Cursor | null {
  const tooMany = (what: string, at: { readonly span: Span; readonly path: string }): void =>
    report.add('too_complex', at, { what, limit: PIPELINE_LIMITS.aliasedNodes });

  const follow = (node: Node, path: string, viaAlias: boolean): Cursor | null => {
    const at = { span: nodeSpan(node), path };
    if (isAlias(node)) {
      const target = tree.targets.get(node);
      if (target === undefined) return null;
      return follow(target, path, true);
    }
    if (viaAlias && --room.aliasedNodes < 0) {
      if (room.aliasedNodes === -1) tooMany('its aliases stand for more nodes', at);
      return null;
    }
    return {
      node,
      ...at,
      down: (child, step) => follow(child, join(path, step), viaAlias),
      entries: () =>
        (isMap(node) ? pairsOf(node, path) : []).map(({ pair, isMerged }) => ({
          pair,
          down: (step) =>
            pair.value === null ? null : follow(pair.value as Node, join(path, step), viaAlias || isMerged),
        })),
      report: (code, details, span) => report.add(code, { span: span ?? at.span, path }, details),
    };
  };

  /** As YAML 1.1 has it: a map's own keys win, wherever they stand, then those of what is merged first. */
  const pairsOf = (map: YAMLMap, path: string): readonly { pair: Pair; isMerged: boolean }[] => {
    const pairs: { pair: Pair; isMerged: boolean }[] = [];
    const known = new Set<string>();
    const take = (from: YAMLMap, depth: number): void => {
      if (depth > 0 && !mayMerge(from, depth, path)) return;
      const merges = from.items.filter(({ key }) => isMergeKey(key));
      for (const pair of from.items) {
        const name = isScalar(pair.key) ? String(pair.key.value) : null;
        if (isMergeKey(pair.key) || (depth > 0 && name !== null && known.has(name))) continue;
        if (name !== null) known.add(name);
        pairs.push({ pair, isMerged: depth > 0 });
      }
      for (const pair of merges) for (const source of sourcesOf(pair, path)) take(source, depth + 1);
    };
    take(map, 0);
    return pairs;
  };

  /** Counts what is merged, used or not: the time that it takes is bounded by that. */
  const mayMerge = (map: YAMLMap, depth: number, path: string): boolean => {
    const before = room.mergedNodes;
    room.mergedNodes -= 1 + map.items.length;
    if (room.mergedNodes >= 0 && depth <= PIPELINE_LIMITS.depth) return true;
    room.mergedNodes = Math.min(room.mergedNodes, -1);
    if (before >= 0) tooMany('its merge keys stand for more nodes', { span: nodeSpan(map), path });
    return false;
  };

  /** The maps that a merge key names. */
  const sourcesOf = ({ key, value }: Pair, path: string): readonly YAMLMap[] => {
    const nodes = isSeq(value) ? (value.items as Node[]) : [value as Node | null];
    return nodes.flatMap((node) => {
      const source = isAlias(node) ? (tree.targets.get(node) ?? null) : node;
      if (isMap(source)) return [source];
      if (!isAlias(node) || source !== null)
        report.add('merge_wrong', { span: nodeSpan(node ?? (key as Node)), path: join(path, '<<') });
      return [];
    });
  };

  return follow(tree.root, '', false);
}

/** In quotes it is a key like any other. */
function isMergeKey(key: unknown): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

function join(path: string, step: string | number): string {
  if (typeof step === 'number') return `${path}[${step}]`;
  const name = /^[\w-]+$/.test(step) ? step : JSON.stringify(step.slice(0, 60));
  return path === '' ? name : `${path}.${name}`;
}
