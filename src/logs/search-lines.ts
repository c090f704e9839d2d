import { plainText, SHOWN_CHARACTERS } from '../core/ansi.ts';
import type { FoundLines } from '../core/log.ts';
import { foldText } from '../core/log-search.ts';
import type { LogFile } from './log-file.ts';
import { lineStart, readLines } from './read-lines.ts';

/** Bounds of one search; who wants the rest asks again from where it ended. */
export const SEARCH = { bytes: 8 * 1024 * 1024, found: 1_000 } as const;

/** Looked through at once, then others have their turn. Of a line that is longer, what is shown of it is looked through. */
const BLOCK = 256 * 1024;

/**
 * Numbers of the lines from `from` on that show `text`, in their order. Control sequences are not looked for, and what
 * a progress bar has written over is not found: a line has the text that it is shown with. Of a line with such sequences
 * what is looked through is as much as is shown: whoever writes a log chooses how much work they are.
 */
export async function searchLines(file: LogFile, from: number, text: string): Promise<FoundLines> {
  const { bytes: end, lines } = file.state;
  const wanted = foldText(text);
  const found: number[] = [];
  let number = from;
  // No line has a newline.
  let offset = from < lines && !wanted.includes('\n') ? await lineStart(file, from) : end;
  for (let read = 0; offset < end;) {
    if (read >= SEARCH.bytes) return { found, next: number };
    const block = await file.readBytes(offset, Math.min(BLOCK, end - offset));
    const length = offset + block.length === end ? block.length : block.lastIndexOf(NEWLINE) + 1;
    if (length > 0) {
      number = searchBlock(block.toString('utf8', 0, length), number, wanted, found);
      offset += length;
    } else {
      const [line] = await readLines(file, number, 1);
      if (line !== undefined && shows(line.text, wanted)) found.push(number);
      number += 1;
      offset = await lineStart(file, number);
    }
    read += block.length;
    const most = found[SEARCH.found - 1];
    if (most !== undefined && (offset < end || found.length > SEARCH.found))
      return { found: found.slice(0, SEARCH.found), next: most + 1 };
  }
  return { found, next: null };
}

const NEWLINE = 10;

/** What is shown otherwise than it was written. */
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f\u009b]/;

function shows(line: string, wanted: string): boolean {
  const shown = CONTROL.test(line) ? plainText(line.slice(0, SHOWN_CHARACTERS)) : line;
  return foldText(shown).includes(wanted);
}

/** Adds the lines of whole lines `text`, of which the first is `number`, that show `wanted`; returns the number after them. */
function searchBlock(text: string, number: number, wanted: string, found: number[]): number {
  if (CONTROL.test(text)) {
    const lines = text.split('\n');
    // The text after the last newline is no line, unless there is some.
    if (lines.at(-1) === '') lines.pop();
    for (const [n, line] of lines.entries()) if (shows(line, wanted)) found.push(number + n);
    return number + lines.length;
  }
  const folded = foldText(text);
  let line = number;
  let at = 0;
  for (let hit = folded.indexOf(wanted); hit >= 0; hit = folded.indexOf(wanted, at)) {
    for (let next = folded.indexOf('\n', at); next >= 0 && next < hit; next = folded.indexOf('\n', at)) {
      at = next + 1;
      line += 1;
    }
    found.push(line);
    const next = folded.indexOf('\n', hit);
    if (next < 0) return line + 1;
    at = next + 1;
    line += 1;
  }
  for (let next = folded.indexOf('\n', at); next >= 0; next = folded.indexOf('\n', at)) {
    at = next + 1;
    line += 1;
  }
  return at < folded.length ? line + 1 : line;
}
