import type { Expression } from './expression.ts';

/** An expression as text that is read as the same again. */
export function writeExpression(one: Expression): string {
  switch (one.kind) {
    case 'literal':
      return typeof one.value === 'string' ? JSON.stringify(one.value) : String(one.value);
    case 'variable':
      return one.name;
    case 'list':
      return `[${one.items.map(writeExpression).join(', ')}]`;
    case 'not':
      return `!${part(one.of)}`;
    case 'matches':
      return `${part(one.left)} matches ${JSON.stringify(one.pattern)}`;
    case 'choice':
      return `${part(one.test)} ? ${part(one.yes)} : ${part(one.no)}`;
    case 'call':
      return `${one.name}(${one.given.map(writeExpression).join(', ')})`;
    case 'binary': {
      const { operator, left, right } = one;
      // A chain of one operator stays flat, however long: brackets may be nested only so deep.
      const isChain =
        (operator === '&&' || operator === '||') && left.kind === 'binary' && left.operator === operator;
      return `${isChain ? writeExpression(left) : part(left)} ${operator} ${part(right)}`;
    }
  }
}

/** In brackets where something in it could be taken apart otherwise. */
function part(one: Expression): string {
  const written = writeExpression(one);
  return ['binary', 'matches', 'choice', 'not'].includes(one.kind) ? `(${written})` : written;
}
