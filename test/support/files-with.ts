import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** Paths below a folder whose content has one of the texts. */
export function filesWith(texts: readonly string[], folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => {
      const content = readIfThere(file);
      return texts.some((text) => content.includes(text));
    });
}

function readIfThere(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    return Buffer.alloc(0); // gone meanwhile
  }
}
