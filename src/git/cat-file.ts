import type { CommitInfo } from '../ports/repositories.ts';

export interface GitObject {
  readonly id: string;
  readonly type: string;
  readonly bytes: number;
  /** Null for a file of more bytes than are read. */
  readonly text: string | null;
  /** Of a folder: the names of the files in it, links and submodules left out. */
  readonly names?: readonly string[];
}

/** The head of one answer of `git cat-file --batch`. */
export interface Taken {
  /** Null for a name that names nothing. */
  readonly type: string | null;
  readonly bytes: number;
  /** Where the next answer begins; beyond the text's end while this one is not whole. */
  readonly end: number;
  /** With its text only when it is whole. */
  object(withText: boolean): GitObject | null;
}

/** Reads `<id> <type> <size>`, then that many bytes; or one line for what is missing. Null: its head is not whole. */
export function takeObject(answer: Buffer, at: number): Taken | null {
  const lineEnd = answer.indexOf(10, at);
  if (lineEnd < 0) return null;
  const start = lineEnd + 1;
  const line = answer.toString('utf8', at, lineEnd);
  const [, id, type, size] = /^([0-9a-f]+) (\w+) (\d+)$/.exec(line) ?? [];
  if (id === undefined || type === undefined) return { type: null, bytes: 0, end: start, object: () => null };
  const bytes = Number(size);
  const object = (withText: boolean) => ({
    id,
    type,
    bytes,
    text: withText ? answer.toString('utf8', start, start + bytes) : null,
    ...(type === 'tree' && { names: fileNames(answer.subarray(start, start + bytes)) }),
  });
  return { type, bytes, end: start + bytes + 1, object };
}

/** Entries of a tree object (`git help ls-tree` shows them): mode, space, name, NUL, 20 bytes of the id. */
function fileNames(tree: Buffer): readonly string[] {
  const names: string[] = [];
  for (let at = 0; at < tree.length;) {
    const space = tree.indexOf(32, at);
    const nul = tree.indexOf(0, space);
    if (space < 0 || nul < 0) break;
    if (tree.toString('latin1', at, space).startsWith('100'))
      names.push(tree.toString('utf8', space + 1, nul));
    at = nul + 21;
  }
  return names;
}

/** What a commit object says: header lines, an empty line, the message. */
export function parseCommit(text: string): CommitInfo {
  const headEnd = text.indexOf('\n\n');
  const head = headEnd < 0 ? text : text.slice(0, headEnd);
  const [, name = '', email = ''] = /^author (.*?) ?<(.*)> \d+ [+-]\d+$/m.exec(head) ?? [];
  const [, seconds = null] = /^committer .*> (\d{1,12}) [+-]\d+$/m.exec(head) ?? [];
  return {
    message: headEnd < 0 ? '' : text.slice(headEnd + 2).trimEnd(),
    author: { name, email },
    committedAtMs: seconds === null ? null : Number(seconds) * 1_000,
  };
}
