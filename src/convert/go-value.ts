/** What a scalar is where any type is taken: how it is written out as text, and in JSON. */
export interface GoValue {
  readonly text: string;
  readonly json: string;
  /** Whether it is the text that stands in the file. */
  readonly isText: boolean;
}

/** Which of go-yaml's versions reads a file. */
export interface GoYaml {
  /** `y`, `yes`, `on`, `n`, `no` and `off` are truth values (YAML 1.1). */
  readonly hasWords: boolean;
  /** A date is a time of its own, and no text. */
  readonly hasTimes: boolean;
}

/** Woodpecker's version 4, and 3 before it. */
export const GO_YAML_4: GoYaml = { hasWords: false, hasTimes: true };
/** Drone's version 2. */
export const GO_YAML_2: GoYaml = { hasWords: true, hasTimes: false };

/** The value of a scalar without quotes that is not null (go-yaml, `resolve`; Go, `strconv` and `fmt`). */
export function goValue(written: string, { hasWords, hasTimes }: GoYaml): GoValue {
  const truth = truthOf(written, hasWords);
  if (truth !== null) return { text: String(truth), json: String(truth), isText: false };
  const time = hasTimes ? timeOf(written) : null;
  // Neither text nor a number: it is given as JSON.
  if (time !== null) return { text: jsonText(time), json: jsonText(time), isText: false };
  if (hasTimes && written === '-0') return { text: '-0', json: '-0', isText: false };
  const number = integerOf(written) ?? floatOf(written);
  if (number !== null) return { ...number, isText: false };
  return { text: written, json: jsonText(written), isText: true };
}

/** Text as Go writes it in JSON. */
export function jsonText(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function truthOf(written: string, hasWords: boolean): boolean | null {
  if (/^(?:true|True|TRUE)$/.test(written)) return true;
  if (/^(?:false|False|FALSE)$/.test(written)) return false;
  if (hasWords && /^(?:[yY]|yes|Yes|YES|on|On|ON)$/.test(written)) return true;
  return hasWords && /^(?:[nN]|no|No|NO|off|Off|OFF)$/.test(written) ? false : null;
}

type GoNumber = Pick<GoValue, 'text' | 'json'>;

/** Digits after `0` alone are octal; up to 64 bits. */
function integerOf(written: string): GoNumber | null {
  if (!/^[-+\d]/.test(written)) return null;
  const plain = written.replaceAll('_', '');
  const [, sign = '', digits = ''] =
    /^([-+]?)(0[xX][\dA-Fa-f]+|0[oO][0-7]+|0[bB][01]+|0[0-7]*|[1-9]\d*)$/.exec(plain) ?? [];
  if (digits === '') return null;
  const size = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const value = sign === '-' ? -size : size;
  if (value < -(2n ** 63n) || value >= 2n ** (sign === '' ? 64n : 63n)) return null;
  return { text: String(value), json: String(value) };
}

function floatOf(written: string): GoNumber | null {
  const [, minus] = /^([-+]?)\.(?:inf|Inf|INF)$/.exec(written) ?? [];
  if (minus !== undefined) return finite(`${minus === '-' ? '-' : '+'}Inf`);
  if (/^\.(?:nan|NaN|NAN)$/.test(written)) return finite('NaN');
  const plain = written.startsWith('.') ? written : written.replaceAll('_', '');
  if (!/^[-+\d.]/.test(written)) return null;
  if (!/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/.test(plain)) return null;
  const value = Number(plain);
  return Number.isFinite(value) ? { text: floatText(value), json: String(value) } : null;
}

/** What JSON has no number for is text in it. */
const finite = (text: string): GoNumber => ({ text, json: jsonText(text) });

/** The fewest digits, with an exponent of two digits below -4 and above 5. */
function floatText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [digits = '', power = ''] = value.toExponential().split('e');
  const exponent = Number(power);
  if (exponent >= -4 && exponent <= 5) return String(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

const DATE =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]| (?!.*[Z+]))(\d\d?):(\d\d?):(\d\d?)(\.\d+)?(Z|[-+]\d\d:\d\d)?)?$/;

/** As RFC 3339 has it; null where it is no time. */
function timeOf(written: string): string | null {
  const [, year = '', ...rest] = DATE.exec(written) ?? [];
  const [month = '', day = '', hour = '0', minute = '0', second = '0', fraction = '', zone] = rest;
  const hasZone = zone !== undefined;
  if (year === '' || /[Tt]/.test(written) !== hasZone) return null;
  const isDay =
    Number(day) >= 1 && Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  const isMonth = Number(month) >= 1 && Number(month) <= 12;
  if (!isMonth || !isDay || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return null;
  const two = (one: string): string => one.padStart(2, '0');
  const part = fraction.slice(0, 10).replace(/\.?0+$/, '');
  const offset = zone === undefined || /^[-+]00:00$/.test(zone) ? 'Z' : zone;
  return `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}${part}${offset}`;
}
