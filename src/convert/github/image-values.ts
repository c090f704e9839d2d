import { secretName, variableName } from '../../pipeline/format/names.ts';
import type { Foreign } from '../foreign.ts';
import { entry, text } from '../out.ts';
import type { OutEntry } from '../out.ts';
import { linesOf, type Template } from './image-tags.ts';
import { expressionAlone } from './replace-expressions.ts';

/** Arguments of the build; null where one of them is not surely the same, or is no secret any more in the image. */
export function argsOf(written: Foreign | undefined, template: Template): readonly OutEntry[] | null {
  const args: OutEntry[] = [];
  for (const line of linesOf(written)) {
    const at = line.indexOf('=');
    const name = variableName.parse(line.slice(0, at));
    const value = template(line.slice(at + 1));
    if (at < 0 || name === null || value === null || /^["']/.test(line)) return null;
    args.push(entry(name, text(value, written ?? null), written ?? null));
  }
  return args;
}

/** Secrets by the ids that the Dockerfile has for them; null where one of them is none. */
export function secretsOf(written: Foreign | undefined): readonly string[] | null {
  const names: string[] = [];
  for (const line of linesOf(written)) {
    const [, id = '', value = ''] = /^"?([^=]+)=(.*?)"?$/s.exec(line) ?? [];
    const [, secret] = /^secrets\.(\w+)$/.exec(expressionAlone(value) ?? '') ?? [];
    if (secret === undefined || /^GITHUB_TOKEN$/i.test(secret) || secretName.parse(id) === null) return null;
    if (id !== secret)
      written?.changes(
        `a secret is called what the Dockerfile calls it, \`${id}\``,
        `Set it: \`slipway secret set\` with the value of \`${secret}\`.`,
      );
    names.push(id);
  }
  return names;
}
