import type { LeaseSecrets } from '../../src/core/work.ts';
import { Redactor } from './redactor.ts';

/** Values that nothing may show which leaves the worker: secrets, and the passwords of registries. */
export function maskedValues({ values, registries }: LeaseSecrets): readonly string[] {
  return [...Object.values(values), ...Object.values(registries).map(({ password }) => password)];
}

/** What of a report or an outcome is a sentence for a person. */
type Sentences = { readonly reason?: string | null; readonly detail?: string | null };

/**
 * Masks the sentences of reports and outcomes as a log is masked: they may quote what an engine, a registry or git has
 * said, and go on to pages, commit statuses, notifications and traces.
 */
export function reasonMasker(secrets: LeaseSecrets): <T extends object>(told: T & Sentences) => T {
  const first = new Redactor(maskedValues(secrets));
  const mask = (text: string): string => {
    const redactor = first.fork();
    return Buffer.concat([redactor.push(Buffer.from(text)), redactor.end()]).toString();
  };
  return (told) => ({
    ...told,
    ...(typeof told.reason === 'string' ? { reason: mask(told.reason) } : {}),
    ...(typeof told.detail === 'string' ? { detail: mask(told.detail) } : {}),
  });
}
