import { MASK, Redactor } from '../../../worker/logs/redactor.ts';
import { Random } from '../random.ts';
import { ENCODINGS, type Encoding } from './encodings.ts';

export interface Leak {
  readonly encoding: string;
  readonly secret: string;
  readonly text: string;
  readonly shown: string;
  /** `leaks`: it can be read. `eats`: what is beside it was changed. */
  readonly how: 'leaks' | 'eats';
}

/** Each set of secrets is tried so often, for a redactor's making takes longer than its work. */
const PER_SET = 250;
/** Letters that no secret here has, in any encoding: what is beside one is left alone. */
const BESIDE = ['·', '§', '~ ', '«', '»', ' ¶'];
const LONG_LINE = 8;

/**
 * Writes secrets into texts, in an encoding, cuts the text anywhere, redacts it, and reads what is shown as one would who
 * looks for them. All follows from the seed.
 */
export function fuzzSecrets(cases: number, seed: number): readonly Leak[] {
  const random = new Random(seed);
  const leaks: Leak[] = [];
  for (let done = 0; done < cases;) {
    const secrets = Array.from({ length: random.between(1, 4) }, () => secretOf(random));
    const redactor = new Redactor(secrets);
    for (let n = 0; n < PER_SET && done < cases; n++, done++) {
      const leak = tryOne(redactor.fork(), secrets, random);
      if (leak !== null) leaks.push(leak);
    }
  }
  return leaks;
}

function tryOne(redactor: Redactor, secrets: readonly string[], random: Random): Leak | null {
  const secret = pick(secrets, random);
  const encoding = pick(ENCODINGS, random);
  const [before, after] = [besides(random), besides(random)];
  const text = `${before}${encoding.write(secret, random)}${after}`;
  const shown = redacted(redactor, Buffer.from(text), random);
  const about = { encoding: encoding.name, secret, text, shown };
  if (tellsAny(encoding, shown, secret)) return { ...about, how: 'leaks' };
  const isKept = shown.startsWith(before) && shown.endsWith(after) && shown.includes(MASK);
  return isKept ? null : { ...about, how: 'eats' };
}

function redacted(redactor: Redactor, bytes: Buffer, random: Random): string {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length;) {
    const to = Math.min(bytes.length, at + random.between(1, random.next() < 0.5 ? 4 : 64));
    pieces.push(Buffer.from(redactor.push(bytes.subarray(at, to))));
    at = to;
  }
  return Buffer.concat([...pieces, redactor.end()]).toString('utf8');
}

/** The whole of it, or a line of it that says something. */
function tellsAny({ read }: Encoding, shown: string, secret: string): boolean {
  const lines = secret.split('\n').filter((line) => Buffer.byteLength(line.trim()) >= LONG_LINE);
  const parts = [secret, ...lines].map((part) => part.trim()).filter((part) => part !== '');
  return [shown, ...read(shown)].some((reading) => parts.some((part) => reading.includes(part)));
}

/** As people have them: tokens, phrases, keys in lines, files of JSON, other alphabets. */
function secretOf(random: Random): string {
  const letters = (from: string, least: number, most: number): string =>
    Array.from({ length: random.between(least, most) }, () => pick([...from], random)).join('');
  const base = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const kinds: readonly (() => string)[] = [
    () => letters(`${base}-_`, 6, 45),
    () => letters(`${base} !"#$%&'()*+,-./:;<=>?@[\\]^_\`{|}`, 6, 30),
    () => `p${letters('äöüßéèñ漢字パス', 4, 12)}`,
    () =>
      `-----BEGIN KEY-----\n${letters(`${base}+/`, 64, 65)}\n${letters(`${base}+/`, 20, 64)}\n-----END KEY-----`,
    () => JSON.stringify({ type: 'account', key: letters(base, 10, 40), id: letters(base, 8, 20) }, null, 2),
    () => letters('ab', 6, 12),
    () => `a${letters("b'9 '!$`~\\\"#=:\t\n\u0001\u001bä漢", 6, 20)}c`,
  ];
  return pick(kinds, random)();
}

function besides(random: Random): string {
  return Array.from({ length: random.between(0, 5) }, () => pick(BESIDE, random)).join('');
}

function pick<T>(items: readonly T[], random: Random): T {
  const item = items[random.between(0, items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}
