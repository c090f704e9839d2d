import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openKeyRing } from '../../../src/secrets/key-ring.ts';
import { createSecretBox } from '../../../src/secrets/secret-box.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-keys-'));
  file = path.join(folder, 'data/keys');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('the key file', () => {
  it('is made once, readable to its owner only', async () => {
    const first = await openKeyRing(file);
    const second = await openKeyRing(file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(second.current).toEqual(first.current);
  });

  it('is the same for several that start at once', async () => {
    const rings = await Promise.all(Array.from({ length: 8 }, () => openKeyRing(file)));
    expect(new Set(rings.map((ring) => ring.current.id)).size).toBe(1);
  });

  it('is refused when others may read it', async () => {
    await openKeyRing(file);
    await chmod(file, 0o644);
    await expect(openKeyRing(file)).rejects.toMatchObject({ code: 'configuration_wrong' });
  });

  it('is refused where a folder stands in its place', async () => {
    await mkdir(file, { recursive: true });
    await expect(openKeyRing(file)).rejects.toMatchObject({
      code: 'configuration_wrong',
      details: { name: file, cause: 'it is no file' },
    });
  });

  it('is refused with a line that is no key, and the key is not told', async () => {
    await openKeyRing(file);
    await writeFile(file, 'k1 c2hvcnQ=\n');
    const error = await openKeyRing(file).catch((caught: unknown) => caught);
    expect(String(error)).not.toContain('c2hvcnQ=');
    expect(error).toMatchObject({ code: 'configuration_wrong' });
  });
});

describe('a sealed value', () => {
  const place = 'project/prj_1/secret/npm_token';
  it('opens again, and is never twice the same', async () => {
    const box = createSecretBox(await openKeyRing(file));
    const [one, other] = [box.seal('päss\nword', place), box.seal('päss\nword', place)];
    expect(one).not.toBe(other);
    expect(one).not.toContain('word');
    expect([box.open(one, place), box.open(other, place)]).toEqual(['päss\nword', 'päss\nword']);
  });

  it('is told to who masks it, by who seals and by who opens it', async () => {
    const told: string[] = [];
    const box = createSecretBox(await openKeyRing(file), (plain) => told.push(plain));
    const sealed = box.seal('word', place);
    expect(told.splice(0)).toEqual(['word']);
    box.open(sealed, place);
    expect(() => box.open(sealed, 'elsewhere')).toThrow();
    expect(told).toEqual(['word']);
  });

  it('does not open in another place', async () => {
    const box = createSecretBox(await openKeyRing(file));
    expect(() => box.open(box.seal('value', place), 'project/prj_2/secret/npm_token')).toThrow(
      /cannot be decrypted/,
    );
  });

  it('does not open when one bit was changed, or its tag was cut', async () => {
    const box = createSecretBox(await openKeyRing(file));
    const sealed = box.seal('value', place);
    const parts = sealed.split('.');
    const body = Buffer.from(parts[3] ?? '', 'base64url');
    for (let at = 0; at < body.length; at++) {
      const changed = Buffer.from(body);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() =>
        box.open([...parts.slice(0, 3), changed.toString('base64url')].join('.'), place),
      ).toThrow();
    }
    const cut = body.subarray(0, -12).toString('base64url');
    expect(() => box.open([...parts.slice(0, 3), cut].join('.'), place)).toThrow();
    expect(() => box.open('', place)).toThrow();
  });

  it('still opens after a new key was put on top, and new ones use that', async () => {
    const before = createSecretBox(await openKeyRing(file));
    const sealed = before.seal('value', place);
    const lines = await readFile(file, 'utf8');
    await writeFile(file, `k2 ${Buffer.alloc(32, 7).toString('base64')}\n${lines}`);
    const after = createSecretBox(await openKeyRing(file));
    expect(after.open(sealed, place)).toBe('value');
    expect(after.seal('value', place).split('.')[1]).toBe('k2');
    expect(() => before.open(after.seal('value', place), place)).toThrow(/not in the key file/);
  });
});
