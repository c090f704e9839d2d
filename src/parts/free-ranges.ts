import { randomInt } from 'node:crypto';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Problem } from '../core/problem.ts';
import { isAlive } from './processes.ts';

/**
 * Private IPv4 ranges of /16, e.g. `10.131.0.0/16`, that no route of this machine leads to and that no other process
 * has been given; they are this process's until it ends, or gives them back.
 * @throws Problem `address_exhausted`.
 */
export async function freeRanges(count: number): Promise<string[]> {
  const used = routedNumbers();
  const first = randomInt(SPAN);
  const taken: number[] = [];
  for (let i = 0; i < SPAN && taken.length < count; i += 1) {
    const number = LOWEST + ((first + i) % SPAN);
    if (!used.has(number) && reserve(number)) taken.push(number);
  }
  if (taken.length < count) throw new Problem('address_exhausted', { range: '10.128.0.0/10', what: '/16' });
  const ranges = taken.map((number) => `10.${number}.0.0/16`);
  if (!tidies) process.on('exit', () => giveBack([...ours]));
  tidies = true;
  for (const range of ranges) ours.add(range);
  return ranges;
}

/** What this process has been given and not given back. */
const ours = new Set<string>();
let tidies = false;

/** Gives ranges back; what has networks in them by now is known by its routes. */
export function giveBack(ranges: readonly string[]): void {
  for (const range of ranges) {
    rmSync(fileOf(Number(range.split('.')[1])), { force: true });
    ours.delete(range);
  }
}

/** As it is at the start: what happens to TMPDIR later does not move them. */
const FOLDER = tmpdir();
const fileOf = (number: number): string => path.join(FOLDER, `slipway-range-${number}`);

/** 10.128.0.0 to 10.191.255.255: away from what people number by hand, and from our own defaults. */
const LOWEST = 128;
const SPAN = 64;

/** The second number of each route into 10.0.0.0/8 (proc(5), `/proc/net/route`: little-endian hexadecimal). */
function routedNumbers(): ReadonlySet<number> {
  const addresses = (readText('/proc/net/route') ?? '')
    .split('\n')
    .slice(1)
    .map((line) => Number.parseInt(line.split('\t')[1] ?? '0', 16));
  return new Set(addresses.filter((one) => (one & 0xff) === 10).map((one) => (one >>> 8) & 0xff));
}

/**
 * A range has no route before its first network, so a file says whose it is. Two that find the file of a dead process
 * at the same moment may both believe it theirs; the random place to begin at makes that rare enough.
 */
function reserve(number: number): boolean {
  const file = fileOf(number);
  const holder = Number(readText(file) ?? 0);
  if (holder > 0 && isAlive(holder)) return false;
  try {
    writeFileSync(file, `${process.pid}\n`, { flag: holder > 0 ? 'w' : 'wx' });
    return true;
  } catch {
    return false;
  }
}

function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
