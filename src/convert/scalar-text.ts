import { isScalar } from 'yaml';
import type { Node } from 'yaml';

/** The text that a value of a file stands for; empty for a list or a map. */
export type ScalarText = (node: Node | null) => string;

/** Every scalar is text ("failsafe"). */
export const asWritten: ScalarText = (node) =>
  isScalar(node) && typeof node.value === 'string' ? node.value : '';

/**
 * What is no text by YAML's core schema is a number, `true`, `false` or nothing, as GitHub writes these out: of `1.20` it
 * knows 1.2 alone (YAML 1.2.2, 10.3.2; .NET, standard numeric formats, `G15`).
 */
export const asOfCore: ScalarText = (node) => {
  const written = asWritten(node);
  if (!isScalar(node) || node.type !== 'PLAIN' || node.tag !== undefined) return written;
  if (/^(?:~|null|Null|NULL)$/.test(written)) return '';
  if (/^(?:true|True|TRUE|false|False|FALSE)$/.test(written)) return written.toLowerCase();
  const number = numberOf(written);
  return number === null ? written : numberText(number);
};

function numberOf(written: string): number | null {
  if (/^(?:[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|0x[\dA-Fa-f]+|0o[0-7]+)$/.test(written))
    return Number(written);
  const [, sign] = /^([-+]?)\.(?:inf|Inf|INF)$/.exec(written) ?? [];
  if (sign !== undefined) return sign === '-' ? -Infinity : Infinity;
  return /^\.(?:nan|NaN|NAN)$/.test(written) ? NaN : null;
}

/** Of 15 digits, with an exponent where it is below -4 or above 14. */
function numberText(number: number): string {
  if (!Number.isFinite(number) || number === 0) return String(number);
  const [digits = '', power = ''] = number.toExponential(14).split('e');
  const exponent = Number(power);
  if (exponent > -5 && exponent < 15) return String(Number(number.toPrecision(15)));
  const shown = String(Math.abs(exponent)).padStart(2, '0');
  return `${String(Number(digits))}E${exponent < 0 ? '-' : '+'}${shown}`;
}
