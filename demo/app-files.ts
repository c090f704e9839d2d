import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const FOLDER = path.join(import.meta.dirname, 'app');

/** The service's files, by their path in its repository. */
export function appFiles(): Record<string, string> {
  const names = readdirSync(FOLDER, { recursive: true, withFileTypes: true });
  const files = names
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
  return Object.fromEntries(files.map((file) => [path.relative(FOLDER, file), readFileSync(file, 'utf8')]));
}

/** One line of one file, changed. @throws Error when the file does not have it: the demo and the app have come apart. */
export function changeLine(file: string, from: string, to: string): Record<string, string> {
  const text = readFileSync(path.join(FOLDER, file), 'utf8');
  if (!text.includes(from)) throw new Error(`demo/app/${file} has no line with ${from}`);
  return { [file]: text.replace(from, to) };
}
