import { ARTIFACT_NAME } from '../core/artifact.ts';
import { filePattern } from '../pipeline/format/paths.ts';

/** A path or pattern of another product's artifact, as one of ours; null for one that ours cannot say. */
export function artifactPattern(written: string): string | null {
  const path = written
    .trim()
    .replace(/^["']|["']$/g, '')
    .replace(/^\$(?:CI_PROJECT_DIR|\{CI_PROJECT_DIR\})\//, '')
    .replace(/^(?:\.\/)+/, '');
  if (path === '' || path === '.') return path === '.' ? '**' : null;
  if (/[$~]/.test(path)) return null;
  return filePattern.parse(path);
}

/** The name of an artifact that comes nearest; null where nothing of it is left. */
export function artifactNameOf(written: string): string | null {
  const name = written
    .replace(/\$\{\{.*?\}\}|\$\{?\w+\}?/g, '')
    .replace(/[^A-Za-z0-9_.-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, '')
    .slice(0, 64)
    .replace(/[^A-Za-z0-9]+$/, '');
  return ARTIFACT_NAME.test(name) ? name : null;
}
