import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listFiles, readFiles } from '../../../../worker/collect/collect-files.ts';
import { startsOf } from '../../../../worker/collect/file-patterns.ts';
import { localPlace, silentPlace } from './local-place.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'slipway-collect-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(...names: (string | Buffer)[]): void {
  for (const name of names) {
    const file = Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name)]);
    mkdirSync(path.dirname(file.toString('latin1')), { recursive: true });
    writeFileSync(file, `content of ${name.toString()}`);
  }
}

const list = (...patterns: string[]) => listFiles(localPlace(folder), patterns);

describe('files are listed', () => {
  it('by patterns, a folder with all that is in it, sorted, each once', async () => {
    put('a.xml', 'reports/b.xml', 'reports/deep/c.xml', 'dist/app.js', 'dist/css/a.css', 'distant');
    expect(await list('**/*.xml', 'reports/*')).toEqual(['a.xml', 'reports/b.xml', 'reports/deep/c.xml']);
    expect(await list('*.xml')).toEqual(['a.xml']);
    expect(await list('dist/')).toEqual(['dist/app.js', 'dist/css/a.css']);
    expect(await list('dist', 'reports/{b,x}.xml')).toEqual([
      'dist/app.js',
      'dist/css/a.css',
      'reports/b.xml',
    ]);
    expect(await list('nothing/*', 'dist/*.js')).toEqual(['dist/app.js']);
    expect(await list('nothing')).toEqual([]);
  });

  it('without what symbolic links lead to, out of the workspace or inside of it', async () => {
    put('real/a.xml');
    symlinkSync('/etc', path.join(folder, 'etc'));
    symlinkSync('/etc/passwd', path.join(folder, 'passwd.xml'));
    symlinkSync('real', path.join(folder, 'linked'));
    expect(await list('**')).toEqual(['real/a.xml']);
    symlinkSync('../real', path.join(folder, 'real/again'));
    for (const pattern of [
      'etc/passwd',
      'etc/**',
      'passwd.xml',
      'linked/*',
      'linked',
      'linked/a.xml',
      'real/again/a.xml',
    ])
      expect(await list(pattern), pattern).toEqual([]);
    expect(await list('linked/a.xml', 'real/a.xml')).toEqual(['real/a.xml']);
  });

  it('until the signal aborts, though the container says nothing', async () => {
    const over = new AbortController();
    const listing = listFiles(silentPlace(over.signal), ['**']);
    setTimeout(() => over.abort(new Error('cancelled')), 10);
    await expect(listing).rejects.toThrow('cancelled');
    await expect(listFiles(localPlace(folder, over.signal), ['**'])).rejects.toThrow('cancelled');
  });

  it('without .git, unless it is asked for', async () => {
    put('.git/config', 'sub/.git/config', 'a');
    expect(await list('**')).toEqual(['a']);
    expect(await list('.git/*')).toEqual(['.git/config']);
  });

  it('without names that are no text, and with all others', async () => {
    put(
      'a b',
      "it's",
      '-rf',
      '--checkpoint-action=exec=x',
      '*',
      '$(id)',
      'größe ☃',
      'new\nline',
      Buffer.from([0x66, 0xff]),
    );
    expect(await list('**')).toEqual([
      '$(id)',
      '*',
      '--checkpoint-action=exec=x',
      '-rf',
      'a b',
      'größe ☃',
      "it's",
    ]);
  });
});

describe('files are read', () => {
  const read = async (names: readonly string[]) => {
    const found: Record<string, string> = {};
    const place = localPlace(folder);
    for await (const { name, content } of readFiles(place, names)) {
      const pieces: Buffer[] = [];
      for await (const piece of content) pieces.push(piece);
      found[name] = Buffer.concat(pieces).toString();
    }
    return { found, commands: place.commands };
  };

  it('as they are, those that are gone left out, also with names that look like options', async () => {
    put('a', 'sub/b', '-rf');
    expect((await read(['-rf', 'a', 'gone', 'sub/b'])).found).toEqual({
      '-rf': 'content of -rf',
      a: 'content of a',
      'sub/b': 'content of sub/b',
    });
  });

  it('in several commands where their names are longer than one takes', async () => {
    const names = Array.from(
      { length: 5_000 },
      (_, n) => `${'x'.repeat(100)}/${String(n).padStart(100, '0')}`,
    );
    put(...names);
    const { found, commands } = await read(names);
    expect(Object.keys(found)).toEqual(names);
    expect(commands.length).toBeGreaterThan(1);
  });

  it('and not when they became a symbolic link meanwhile', async () => {
    put('b');
    symlinkSync('/etc/passwd', path.join(folder, 'a'));
    expect((await read(['a', 'b'])).found).toEqual({ b: 'content of b' });
  });
});

it('looks through no more than the patterns begin with', () => {
  expect(startsOf(['reports/**/*.xml', 'reports/a/*.xml', 'dist/', './b/c.txt'])).toEqual([
    'b/c.txt',
    'dist',
    'reports',
  ]);
  expect(startsOf(['a/b', 'a/bc', 'a/b/c'])).toEqual(['a/b', 'a/bc']);
  expect(startsOf(['a/*', '**/*.xml'])).toEqual(['.']);
  expect(startsOf(['{a,b}/c', 'x/y?/z'])).toEqual(['.']);
  expect(startsOf(['a\\*b/c\\[/*.xml'])).toEqual(['a*b/c[']);
});
