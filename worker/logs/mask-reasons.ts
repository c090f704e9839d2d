import type { LeaseSecrets } from '../../src/core/work.ts';
import { Redactor } from './redactor.ts';

/** Values that nothing may show which leaves the worker: secrets, and the passwords of registries. */
export function maskedValues({ values, registries }: LeaseSecrets): readonly string[] {
  return [...Object.values(values), ...Object.values(registries).map(({ password }) => password)];
}

/** What of a report or an outcome is a sentence for a person. */
type Sentences = { readonly reason?: string | null; readonly detail?: string | null };

/** Masks a text as a log is masked. Of one that was cut off, what may be the beginning of a secret at its end is left out. */
export type MaskText = (text: string, isCut?: boolean) => string;

export function textMasker(secrets: LeaseSecrets): MaskText {
  const first = new Redactor(maskedValues(secrets));
  return (text, isCut = false) => {
    const redactor = first.fork();
    const certain = redactor.push(Buffer.from(text));
    return (isCut ? certain : Buffer.concat([certain, redactor.end()])).toString();
  };
}

/**
 * Masks the sentences of reports and outcomes as a log is masked: they may quote what an engine, a registry or git has
 * said, and go on to pages, commit statuses, notifications and traces.
 */
export function reasonMasker(secrets: LeaseSecrets): <T extends object>(told: T & Sentences) => T {
  const mask = textMasker(secrets);
  return (told) => ({
    ...told,
    ...(typeof told.reason === 'string' ? { reason: mask(told.reason) } : {}),
    ...(typeof told.detail === 'string' ? { detail: mask(told.detail) } : {}),
  });
}
