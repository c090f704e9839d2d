import { randomBytes } from 'node:crypto';

/** The noun an id belongs to; it is also the prefix of the id's text. */
export type IdKind =
  | 'dlv' // delivery
  | 'prj' // project
  | 'sch' // schedule
  | 'bld' // build
  | 'wfl' // workflow
  | 'stp' // step
  | 'att' // step attempt
  | 'art' // artifact
  | 'env' // environment
  | 'slt' // slot
  | 'rel' // release
  | 'dep' // deployment
  | 'lea' // lease
  | 'wrk' // worker
  | 'fx' // outbox effect
  | 'sec' // secret
  | 'tok' // access token
  | 'ntf' // notification target
  | 'aud' // entry of the audit log
  | 'evt'; // event

/** An id: text, `<kind>_<26 characters>`, ordered by time of making (ULID: 48 bits of epoch ms, 80 random bits). */
export type Id<K extends IdKind = IdKind> = string & { readonly __id: K };

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

const last = new Map<IdKind, { readonly ms: number; readonly random: string }>();

/** Makes a new id of `kind`. Those of one kind that a process makes in the same millisecond are in order, too. */
export function newId<K extends IdKind>(kind: K, nowMs: number = Date.now()): Id<K> {
  const before = last.get(kind);
  const random = before?.ms === nowMs ? successor(before.random) : randomPart();
  last.set(kind, { ms: nowMs, random });
  return `${kind}_${timePart(nowMs)}${random}` as Id<K>;
}

/** In order before every id of `kind` that was made at `ms` or later, and after all earlier ones. */
export function firstIdAt<K extends IdKind>(kind: K, ms: number): Id<K> {
  return `${kind}_${timePart(Math.max(0, ms))}${'0'.repeat(16)}` as Id<K>;
}

function timePart(ms: number): string {
  let time = '';
  for (let rest = ms, i = 0; i < 10; i++, rest = Math.floor(rest / 32))
    time = ALPHABET.charAt(rest % 32) + time;
  return time;
}

/** As {@link newId}, but in order after `before` whatever the clock says. */
export function idAfter<K extends IdKind>(kind: K, before: string | null, nowMs: number): Id<K> {
  const beforeMs = before === null ? 0 : timeOf(before);
  return newId(kind, Math.max(nowMs, beforeMs + 1));
}

/** When `id` was made, epoch ms. */
export function timeOf(id: string): number {
  return [...timeOrder(id).slice(0, 10)].reduce((ms, digit) => ms * 32 + ALPHABET.indexOf(digit), 0);
}

/** When `id` was made, as text that sorts by time; of all kinds alike. */
export function timeOrder(id: string): string {
  return id.slice(id.indexOf('_') + 1);
}

/** Whether `text` has the form of an id of `kind`. */
export function isId<K extends IdKind>(kind: K, text: string): text is Id<K> {
  return text.startsWith(`${kind}_`) && /^[0-9a-hjkmnp-tv-z]{26}$/.test(text.slice(kind.length + 1));
}

function randomPart(): string {
  // Below half the range, so that there is room for successors.
  const [first = 0, ...rest] = randomBytes(16);
  return ALPHABET.charAt(first % 16) + rest.map((byte) => ALPHABET.charAt(byte % 32)).join('');
}

/** The next text in the alphabet's order, of the same length. */
function successor(text: string): string {
  const head = text.slice(0, -1);
  const next = ALPHABET.indexOf(text.slice(-1)) + 1;
  return next < ALPHABET.length ? head + ALPHABET.charAt(next) : successor(head) + ALPHABET.charAt(0);
}
