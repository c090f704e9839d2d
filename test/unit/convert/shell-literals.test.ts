import { expect, it } from 'vitest';
import { shellLiterals } from '../../../src/convert/shell-literals.ts';

it.each([
  ["echo '@'", true],
  ['curl -d \'{\n  "sha": "@"\n}\'', true],
  ['echo "$(jq \'.a == "@"\')"', true],
  ["cat <<'EOF' >a\nit's\n@\nEOF\n", true],
  ['cat <<\\EOF\n@\nEOF', true],
  ['echo "it\'s @"', false],
  ["echo it\\'s @", false],
  ["# don't\necho @", false],
  ["echo 'a' @", false],
  ["echo '\\' @", false],
  ["cat <<EOF\nit's @\nEOF", false],
  ["cat <<-'EOF'\na\n\tEOF\necho @", false],
  ["read a <<< 'b'\necho @", false],
])('%j: taken as it stands: %s', (script, isLiteral) => {
  expect(shellLiterals(script)(script.indexOf('@'))).toBe(isLiteral);
});
