import path from 'node:path';
import type { PartsSettings } from '../../config/settings.ts';

/** Where an installation keeps what a backup holds. */
export interface Installation {
  /** Absolute path of the data folder. */
  readonly dataDir: string;
  /** Absolute path of the embedded database's file, or the URL of PostgreSQL. */
  readonly database: { readonly kind: 'sqlite'; readonly file: string } | PostgresDatabase;
  /** Absolute path of the router's folder. */
  readonly routerDir: string;
}

export interface PostgresDatabase {
  readonly kind: 'postgres';
  readonly url: string;
}

export function installationOf(
  settings: Pick<PartsSettings, 'dataDir' | 'databaseUrl' | 'router'>,
): Installation {
  const { dataDir, databaseUrl, router } = settings;
  const file = path.join(dataDir, 'slipway.db');
  return {
    dataDir,
    database: databaseUrl === null ? { kind: 'sqlite', file } : { kind: 'postgres', url: databaseUrl },
    routerDir: router.dir,
  };
}
