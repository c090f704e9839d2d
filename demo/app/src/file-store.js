import { appendFile, readFile } from 'node:fs/promises';

/** One line a link, appended; several processes may use one file at a time. */
export function openFileStore(file) {
  const read = async () => {
    const text = await readFile(file, 'utf8').catch(() => '');
    return new Map(
      text
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    );
  };
  return {
    get: async (code) => (await read()).get(code) ?? null,
    set: async (code, url) => {
      if ((await read()).get(code) !== url) await appendFile(file, `${JSON.stringify([code, url])}\n`);
    },
    count: async () => (await read()).size,
    close: async () => undefined,
  };
}
