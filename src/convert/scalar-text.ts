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

/**
 * Numbers and truth values are those of Ruby's Psych, as GitLab writes them out: of `3.10` it knows 3.1 alone, `0755` is 493,
 * and `yes` is true (Psych, `ScalarScanner`).
 */
export const asOfRuby: ScalarText = (node) => {
  const written = asWritten(node);
  if (!isScalar(node) || node.type !== 'PLAIN' || node.tag !== undefined) return written;
  if (/^(?:yes|true|on)$/i.test(written)) return 'true';
  if (/^(?:no|false|off)$/i.test(written)) return 'false';
  const plain = written.replace(/[,_]/g, '');
  const [, sign = '', octal] = /^([-+]?)0([0-7]+)$/.exec(plain) ?? [];
  if (octal !== undefined) return signed(sign, Number(`0o${octal}`));
  const [, minus = '', other] = /^([-+]?)(0x[\dA-Fa-f]+|0b[01]+|[1-9]\d*)$/.exec(plain) ?? [];
  if (other !== undefined && /^[-+]?(?:0[xb]|\d+(?:[,_]\d+)*$)/.test(written))
    return /^\d+$/.test(other) ? `${minus === '-' ? '-' : ''}${other}` : signed(minus, Number(other));
  if (/^[-+]?\d[\d_]*(?::[0-5]?\d){1,2}$/.test(written)) return String(ofSixties(plain));
  if (!/^[-+]?(?:\d[\d_,]*)?\.\d*(?:[eE][-+]\d+)?$/.test(written) || !/\d/.test(written)) return written;
  return rubyFloat(Number(plain));
};

/** `1:30` is 90. */
function ofSixties(written: string): number {
  const parts = written.replace(/^[-+]/, '').split(':').map(Number);
  const size = parts.reduce((sum, part) => sum * 60 + part, 0);
  return written.startsWith('-') ? -size : size;
}

function signed(sign: string, value: number): string {
  return `${sign === '-' && value !== 0 ? '-' : ''}${value}`;
}

/** As `Float#to_s`: with a digit behind the point, and an exponent below 0.0001 and from 1e16 on. */
function rubyFloat(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(value) ? `${BigInt(value)}.0` : String(value);
  const [digits = '', power = ''] = value.toExponential().split('e');
  return `${digits.includes('.') ? digits : `${digits}.0`}e${power.replace(/^([-+])(\d)$/, '$10$2')}`;
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
