import { describe, expect, it } from 'vitest';
import type { NeededLogins } from '../../../src/ports/lease-secrets.ts';
import { chooseLogins, type LoginUse } from '../../../src/secrets/choose-logins.ts';

const LOGINS: readonly { host: string; use: LoginUse }[] = [
  { host: 'own.test', use: 'push' },
  { host: 'own.test', use: 'pull' },
  { host: 'push.test', use: 'push' },
  { host: 'pull.test', use: 'pull' },
];

const chosen = (needed: Partial<NeededLogins>): readonly string[] =>
  chooseLogins(LOGINS, { push: [], pull: [], baseImages: false, ...needed }).map(
    ({ host, use }) => `${host} ${use}`,
  );

describe('the logins of a lease', () => {
  it('are none when its work names no registry', () => {
    expect(chosen({})).toEqual([]);
    expect(chosen({ pull: ['other.test'], push: ['other.test'] })).toEqual([]);
  });

  it('are those to push for where it pushes', () => {
    expect(chosen({ push: ['own.test'] })).toEqual(['own.test push']);
    expect(chosen({ push: ['own.test'], pull: ['own.test'], baseImages: true })).toEqual([
      'own.test push',
      'pull.test pull',
    ]);
    expect(chosen({ push: ['pull.test'] })).toEqual(['pull.test pull']);
  });

  it('are those to pull for what it names, else those to push', () => {
    expect(chosen({ pull: ['own.test'] })).toEqual(['own.test pull']);
    expect(chosen({ pull: ['push.test'] })).toEqual(['push.test push']);
  });

  it('are all to pull for the base images of a build, and none to push', () => {
    expect(chosen({ baseImages: true })).toEqual(['own.test pull', 'pull.test pull']);
  });
});
