import { readdirSync, readFileSync, type Dirent } from 'node:fs';
import path from 'node:path';

/** Paths below a folder, in which files may go meanwhile, whose content has one of the texts. */
export function filesWith(texts: readonly string[], folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => entriesWith(texts, folder, entry));
}

function entriesWith(texts: readonly string[], folder: string, entry: Dirent): readonly string[] {
  const file = path.join(folder, entry.name);
  if (entry.isDirectory()) return unlessGone(() => filesWith(texts, file), []);
  if (!entry.isFile()) return [];
  const content = unlessGone(() => readFileSync(file), Buffer.alloc(0));
  return texts.some((text) => content.includes(text)) ? [file] : [];
}

function unlessGone<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return otherwise;
    throw error;
  }
}
