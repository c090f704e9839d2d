import { Problem } from '../core/problem.ts';
import type { CommitInfo } from '../ports/repositories.ts';

export interface GitObject {
  readonly id: string;
  readonly type: string;
  readonly text: string;
}

/**
 * The objects of an answer of `git cat-file --batch`: `<id> <type> <size>` and the bytes each, or `… missing`, which
 * is null.
 * @throws Problem `git_failed` for a file larger than `maxBytes`.
 */
export function parseBatch(answer: Buffer, maxBytes: number): readonly (GitObject | null)[] {
  const objects: (GitObject | null)[] = [];
  for (let at = 0; at < answer.length;) {
    const lineEnd = answer.indexOf(10, at);
    const line = answer.toString('utf8', at, lineEnd);
    const [, id, type, sizeText] = /^([0-9a-f]+) (\w+) (\d+)$/.exec(line) ?? [];
    at = lineEnd + 1;
    if (id === undefined || type === undefined) {
      objects.push(null);
      continue;
    }
    const size = Number(sizeText);
    if (type === 'blob' && size > maxBytes)
      throw new Problem('git_failed', {
        command: 'cat-file',
        cause: `a file is larger than ${maxBytes} bytes`,
      });
    objects.push({ id, type, text: answer.toString('utf8', at, at + size) });
    at += size + 1;
  }
  return objects;
}

/** Message and author of a commit object: header lines, an empty line, the message. */
export function parseCommit(text: string): CommitInfo {
  const headEnd = text.indexOf('\n\n');
  const head = headEnd < 0 ? text : text.slice(0, headEnd);
  const [, name = '', email = ''] = /^author (.*?) ?<(.*)> \d+ [+-]\d+$/m.exec(head) ?? [];
  return { message: headEnd < 0 ? '' : text.slice(headEnd + 2).trimEnd(), author: { name, email } };
}
