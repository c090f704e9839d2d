import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessTokens } from '../../../src/secrets/access-tokens.ts';
import { createAccessTokens } from '../../../src/secrets/database-tokens.ts';
import { newToken } from '../../../src/secrets/token.ts';
import { makeRecord, type TestRecord } from '../../support/record.ts';

const DAY = 24 * 3_600_000;

let record: TestRecord;
let tokens: AccessTokens;
let ended: string[];
beforeEach(async () => {
  record = await makeRecord();
  tokens = createAccessTokens({ store: record.store, clock: record.clock });
  ended = [];
  record.store.onChange(({ kind, id }) => {
    if (kind === 'token') ended.push(id);
  });
});
afterEach(() => record.close());

const rows = () => record.store.db.selectFrom('access_token').selectAll().orderBy('id').execute();
const listed = async () => (await tokens.list()).map(({ name }) => name);

describe('an admin token', () => {
  it('is known by its text alone, and lies as a hash', async () => {
    const made = await tokens.make('laptop', null);
    expect(made.token).toMatch(/^slipway_admin_[\w-]{43}$/);
    expect(await tokens.find(made.token)).toEqual({
      id: made.id,
      adminId: made.id,
      kind: 'admin',
      name: 'laptop',
      expiresAtMs: null,
    });
    expect(await tokens.find(newToken('admin'))).toBeNull();
    expect(JSON.stringify(await rows())).not.toContain(made.token);
    expect(JSON.stringify(await tokens.list())).not.toContain(made.token);
  });

  it('has a name of its own', async () => {
    await tokens.make('laptop', null);
    await expect(tokens.make('laptop', null)).rejects.toMatchObject({ code: 'exists_already' });
    expect(await rows()).toHaveLength(1);
  });

  it('lets nobody in from its end on, and is listed until it is revoked', async () => {
    await tokens.make('keeper', null);
    const { token } = await tokens.make('ci', record.clock.now + DAY);
    record.clock.now += DAY - 1;
    expect(await tokens.find(token)).not.toBeNull();
    record.clock.now += 1;
    expect(await tokens.find(token)).toBeNull();
    expect(await listed()).toEqual(['ci', 'keeper']);
    await tokens.revoke('ci');
    expect(await listed()).toEqual(['keeper']);
  });

  it('says when it was used last, by itself or by a session of it, to the minute', async () => {
    const { id, token } = await tokens.make('laptop', null);
    const usedAt = async () => (await tokens.list()).find((one) => one.id === id)?.lastUsedAtMs;
    expect(await usedAt()).toBeNull();
    const first = record.clock.now;
    await tokens.find(token);
    await expect.poll(usedAt).toBe(first);
    const session = await tokens.startSession(id);
    record.clock.now += 59_000;
    await tokens.find(session.token);
    await record.store.transaction(async () => undefined);
    expect(await usedAt()).toBe(first);
    record.clock.now += 1_000;
    await tokens.find(session.token);
    await expect.poll(usedAt).toBe(first + 60_000);
  });
});

describe('a session', () => {
  it("ends with its token's end, if that comes before its own thirty days", async () => {
    const lasting = await tokens.make('lasting', null);
    const brief = await tokens.make('brief', record.clock.now + DAY);
    expect((await tokens.startSession(lasting.id)).expiresAtMs).toBe(record.clock.now + 30 * DAY);
    expect((await tokens.startSession(brief.id)).expiresAtMs).toBe(record.clock.now + DAY);
  });

  it('is counted beside its token while it holds', async () => {
    const { id } = await tokens.make('laptop', null);
    const session = await tokens.startSession(id);
    await tokens.startSession(id);
    expect((await tokens.list())[0]).toMatchObject({ sessions: 2 });
    await tokens.endSession(session.token);
    expect((await tokens.list())[0]).toMatchObject({ sessions: 1 });
    record.clock.now += 30 * DAY;
    expect((await tokens.list())[0]).toMatchObject({ sessions: 0 });
  });

  it('is not made of a token that was revoked meanwhile', async () => {
    await tokens.make('keeper', null);
    const { id } = await tokens.make('laptop', null);
    await tokens.revoke(id);
    await expect(tokens.startSession(id)).rejects.toMatchObject({ code: 'sign_in_needed' });
  });

  it('that is over is cleared away when another one begins', async () => {
    const { id } = await tokens.make('laptop', null);
    await tokens.startSession(id);
    record.clock.now += 31 * DAY;
    await tokens.startSession(id);
    expect((await rows()).filter(({ kind }) => kind === 'session')).toHaveLength(1);
  });
});

describe('revoking', () => {
  it('ends a token, named by its id or its name, with its sessions and no others, and tells of each', async () => {
    const keeper = await tokens.make('keeper', null);
    const lost = await tokens.make('lost', null);
    const kept = await tokens.startSession(keeper.id);
    const gone = await tokens.startSession(lost.id);
    const sessionId = (await tokens.find(gone.token))?.id ?? '';
    await tokens.revoke('lost');
    expect(await tokens.find(lost.token)).toBeNull();
    expect(await tokens.find(gone.token)).toBeNull();
    expect(await tokens.find(kept.token)).not.toBeNull();
    expect(await tokens.holds(lost.id)).toBe(false);
    expect(await tokens.holds(keeper.id)).toBe(true);
    expect(new Set(ended)).toEqual(new Set([lost.id, sessionId]));
  });

  it('of what is not there, or is a session, is not found', async () => {
    const { id } = await tokens.make('keeper', null);
    const session = await tokens.startSession(id);
    const sessionId = (await tokens.find(session.token))?.id ?? '';
    await expect(tokens.revoke('none')).rejects.toMatchObject({ code: 'not_found' });
    await expect(tokens.revoke(sessionId)).rejects.toMatchObject({ code: 'not_found' });
    expect(await rows()).toHaveLength(2);
  });

  it('the last one that lets anybody in is refused', async () => {
    const keeper = await tokens.make('keeper', null);
    await tokens.make('ended', record.clock.now + 1);
    record.clock.now += 1;
    await expect(tokens.revoke('keeper')).rejects.toMatchObject({ code: 'last_token' });
    expect(await tokens.find(keeper.token)).not.toBeNull();
    await tokens.revoke('ended');
    await tokens.make('next', null);
    await tokens.revoke('keeper');
    expect(await listed()).toEqual(['next']);
  });

  it('a session that is signed out is told too', async () => {
    const { id } = await tokens.make('keeper', null);
    const session = await tokens.startSession(id);
    const sessionId = (await tokens.find(session.token))?.id ?? '';
    await tokens.endSession(session.token);
    await tokens.endSession(session.token);
    expect(ended).toEqual([sessionId]);
    expect(await tokens.find(session.token)).toBeNull();
  });
});

describe('the first admin token', () => {
  it('is made when none lets anybody in, and takes the place of one that has ended', async () => {
    const first = await tokens.makeFirstAdminToken();
    expect(first).toMatch(/^slipway_admin_/);
    expect(await tokens.makeFirstAdminToken()).toBeNull();
    await tokens.make('brief', record.clock.now + 1);
    await tokens.revoke('admin');
    expect(await tokens.makeFirstAdminToken()).toBeNull();
    record.clock.now += 1;
    expect(await tokens.makeFirstAdminToken()).not.toBeNull();
    expect(await listed()).toEqual(['admin', 'brief']);
  });
});
