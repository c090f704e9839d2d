import type { Foreign } from './foreign.ts';

const HEREDOC = /<<-?[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|\\(\w+)|([A-Za-z_]\w*))/y;

/**
 * Which places of a script the shell takes as they stand: those in single quotes, a `$` behind a backslash, and those in a
 * here-document whose word is quoted. `case` patterns inside of `$(…)` are not told from its end.
 */
export function shellLiterals(script: string): (at: number) => boolean {
  const isLiteral = new Uint8Array(script.length);
  /** The quotes around each `(` that is open. */
  const around: string[] = [];
  let waiting: { readonly word: string; readonly isQuoted: boolean }[] = [];
  let quote = '';
  for (let at = 0; at < script.length; at++) {
    const character = script[at] ?? '';
    if (quote === "'") {
      if (character === "'") quote = '';
      else isLiteral[at] = 1;
    } else if (character === '\\') {
      at++;
      if (script[at] === '$') isLiteral[at] = 1;
    } else if (character === '"') quote = quote === '' ? '"' : '';
    else if (character === '(' && (quote === '' || script[at - 1] === '$')) {
      around.push(quote);
      quote = '';
    } else if (quote !== '') continue;
    else if (character === "'") quote = "'";
    else if (character === ')') quote = around.pop() ?? '';
    else if (character === '#' && /^$|[\s;&|(]/.test(script[at - 1] ?? '')) at = lineEnd(at) - 1;
    else if (script.startsWith('<<<', at)) at += 2;
    else if (character === '<') {
      HEREDOC.lastIndex = at;
      const found = HEREDOC.exec(script);
      if (found === null) continue;
      const [whole, ...words] = found;
      const word = words.find((one) => typeof one === 'string') ?? '';
      waiting.push({ word, isQuoted: word !== words[3] });
      at += whole.length - 1;
    } else if (character === '\n' && waiting.length > 0) {
      at = hereDocuments(at + 1) - 1;
      waiting = [];
    }
  }
  return (at) => isLiteral[at] === 1;

  function lineEnd(from: number): number {
    const end = script.indexOf('\n', from);
    return end < 0 ? script.length : end;
  }

  /** Where the line after the last of those that wait begins. */
  function hereDocuments(start: number): number {
    let at = start;
    for (const { word, isQuoted } of waiting) {
      while (at < script.length) {
        const end = lineEnd(at);
        const isLast = script.slice(at, end).replace(/^\t+/, '') === word;
        if (isQuoted && !isLast) isLiteral.fill(1, at, end);
        at = end + 1;
        if (isLast) break;
      }
    }
    return at;
  }
}

/** Notes what another product replaces in a place that the shell takes as it stands. */
export function noteLiteral(whole: string, before: string | undefined, at: Foreign): void {
  const isEscaped = before === '\\';
  at.changes(
    `the shell does not replace \`${whole.slice(0, 60)}\` ${isEscaped ? 'behind a backslash' : 'in single quotes'}`,
    isEscaped ? 'Remove the backslash.' : 'Write it in double quotes.',
  );
}
