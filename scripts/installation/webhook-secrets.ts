import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { makeFileOnce } from '../../src/files/durable.ts';

/** What webhooks are signed with. */
export interface WebhookSecrets {
  readonly newest: string;
  /** What the server needs beside the operator's environment to find them. */
  readonly env: Readonly<Record<string, string>>;
}

/** The operator's own secrets, else one that is made at the first start. */
export async function webhookSecrets(
  dataDir: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<WebhookSecrets> {
  const named = environment['SLIPWAY_WEBHOOK_SECRETS'];
  if (named) return { newest: newestOf(named), env: {} };
  const file = environment['SLIPWAY_WEBHOOK_SECRETS_FILE'] || path.join(dataDir, 'webhook-secret');
  // Of two starts at once both read the same.
  if (!existsSync(file)) await makeFileOnce(file, `${randomBytes(24).toString('hex')}\n`);
  return {
    newest: newestOf(await readFile(file, 'utf8')),
    env: { SLIPWAY_WEBHOOK_SECRETS_FILE: file },
  };
}

const newestOf = (text: string): string => text.split(/[,\n]/)[0]?.trim() ?? '';
