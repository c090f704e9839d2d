import { PIPELINE_LIMITS } from '../core/plan-defaults.ts';
import type { FileInput } from './decode.ts';

/** What is left of the limits that all files of a build share, those that are included counted as often as they are. */
export interface BuildRoom {
  /** Bytes of the files of the repository that are not included. */
  bytes: number;
  /** Files that are included, and their bytes. */
  includes: number;
  includedBytes: number;
  /** Lexical tokens of YAML. */
  tokens: number;
  /** Nodes reached through aliases, and through merge keys. */
  aliasedNodes: number;
  mergedNodes: number;
  /** Characters of patterns of `evaluate` and of inputs, with repetitions written out. */
  patternCharacters: number;
}

export const newBuildRoom = (): BuildRoom => ({
  bytes: PIPELINE_LIMITS.bytes,
  includes: PIPELINE_LIMITS.includes,
  includedBytes: PIPELINE_LIMITS.bytes,
  tokens: PIPELINE_LIMITS.tokens,
  aliasedNodes: PIPELINE_LIMITS.aliasedNodes,
  mergedNodes: PIPELINE_LIMITS.aliasedNodes,
  patternCharacters: PIPELINE_LIMITS.patternCharacters,
});

/**
 * A file, with its bytes taken from the room; only its size where the files together are longer than one may be, so that
 * a folder, too, is read within a second.
 */
export function takeBytes(text: FileInput, room: BuildRoom): FileInput {
  const bytes = bytesOf(text);
  room.bytes -= bytes;
  return room.bytes < 0 && bytes <= PIPELINE_LIMITS.bytes
    ? { bytes: PIPELINE_LIMITS.bytes - room.bytes }
    : text;
}

/** Whether there is room for patterns of that many characters, which are taken from it. */
export function takePatterns(room: Pick<BuildRoom, 'patternCharacters'>, characters: number): boolean {
  room.patternCharacters = Math.max(-1, room.patternCharacters - characters);
  return room.patternCharacters >= 0;
}

function bytesOf(text: FileInput): number {
  if (typeof text === 'string') return Buffer.byteLength(text);
  return text instanceof Uint8Array ? text.byteLength : 0;
}
