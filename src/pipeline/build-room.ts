import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';

/** What is left of the limits that all files of a build share, those that are included counted as often as they are. */
export interface BuildRoom {
  /** Files that are included, and their bytes. */
  includes: number;
  includedBytes: number;
  /** Lexical tokens of YAML. */
  tokens: number;
  /** Nodes reached through aliases, and through merge keys. */
  aliasedNodes: number;
  mergedNodes: number;
  /** Characters of patterns of `evaluate`, with repetitions written out. */
  patternCharacters: number;
}

export const newBuildRoom = (): BuildRoom => ({
  includes: PIPELINE_LIMITS.includes,
  includedBytes: PIPELINE_LIMITS.bytes,
  tokens: PIPELINE_LIMITS.tokens,
  aliasedNodes: PIPELINE_LIMITS.aliasedNodes,
  mergedNodes: PIPELINE_LIMITS.aliasedNodes,
  patternCharacters: PIPELINE_LIMITS.patternCharacters,
});
