import { createHash } from 'node:crypto';
import { z } from 'zod';
import { Problem } from '../core/problem.ts';
import { MIGRATIONS } from '../store/migrate.ts';

/** What a backup says of itself, in its file `manifest.json`; written last. */
export interface Manifest {
  readonly format: typeof FORMAT;
  /** When its database was copied, ISO 8601 in UTC. */
  readonly takenAt: string;
  readonly database: 'sqlite' | 'postgres';
  /** Version of the database's schema. */
  readonly schema: number;
  /** Everything else in the backup, by its path below it. */
  readonly files: readonly BackedUpFile[];
}

export interface BackedUpFile {
  readonly path: string;
  readonly bytes: number;
  /** Of the content, in hex. */
  readonly sha256: string;
}

export const MANIFEST = 'manifest.json';
/**
 * How many files a manifest has at most. All of it is in memory, 1.3 GB for that many, as one string too; the longest
 * that V8 makes has room for less than three times as many.
 */
export const MOST_FILES = 1_000_000;
/** Version of the backup's layout. */
const FORMAT = 1;

/** Files of a backup by what they are. */
export const PLACES = {
  sqlite: 'database.sqlite',
  postgres: 'database.pgdump',
  keys: 'keys',
  adminToken: 'admin-token',
  webhookSecret: 'webhook-secret',
  router: 'router/state.json',
} as const;

/** Of a log, below `logs/`: see `src/logs/log-path.ts`. */
export const LOG_FILE = /^\d{4,6}-\d{2}\/\d{2}\/[a-z]+_[0-9a-z_]+\.(?:log|idx)$/;

/** A backup is somebody's folder: no name in it leads out of where it is restored to. */
function isPlace(name: string): boolean {
  return Object.values<string>(PLACES).includes(name) || LOG_FILE.test(name.replace(/^logs\//, ''));
}

const SHAPE = z.strictObject({
  format: z.literal(FORMAT),
  takenAt: z.iso.datetime(),
  database: z.enum(['sqlite', 'postgres']),
  schema: z.int().nonnegative(),
  files: z.array(
    z.strictObject({
      path: z.string().refine(isPlace),
      bytes: z.int().nonnegative(),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
    }),
  ),
});

export function newManifest(facts: Omit<Manifest, 'format'>): Manifest {
  return { format: FORMAT, ...facts };
}

/** @throws Problem `backup_failed` when there are more files than a manifest can have. */
export function demandListable(files: number): void {
  if (files > MOST_FILES)
    throw new Problem('backup_failed', {
      cause: `there are ${files} files of logs, and a backup holds up to ${MOST_FILES}; let retention remove old builds`,
    });
}

/** The text of `manifest.json`: the manifest and the checksum of that. */
export function writeManifest(manifest: Manifest): string {
  return `${JSON.stringify({ manifest, sha256: checksum(manifest) }, null, 1)}\n`;
}

/**
 * @param source Path of the backup, for the message.
 * @throws Problem `backup_newer`, `backup_damaged`.
 */
export function readManifest(text: string, source: string): Manifest {
  const { manifest, sha256 } = parse(text, source);
  demandKnown(source, 'format', manifest?.format, FORMAT);
  const parsed = SHAPE.safeParse(manifest);
  if (!parsed.success || checksum(parsed.data) !== sha256) throw damaged(source, `${MANIFEST} was changed`);
  demandKnown(source, 'schema', parsed.data.schema, MIGRATIONS.length);
  return parsed.data;
}

export function damaged(source: string, cause: string): Problem {
  return new Problem('backup_damaged', { source, cause });
}

function parse(text: string, source: string): { manifest?: { format?: unknown } | null; sha256?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // no JSON: as any other text that is no manifest
  }
  throw damaged(source, `${MANIFEST} cannot be read`);
}

function demandKnown(source: string, what: string, version: unknown, known: number): void {
  if (typeof version === 'number' && version > known)
    throw new Problem('backup_newer', { source, what, version, known });
}

function checksum(manifest: Manifest): string {
  return createHash('sha256').update(JSON.stringify(manifest)).digest('hex');
}
