import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, rm, symlink } from 'node:fs/promises';
import path from 'node:path';
import { Problem } from '../core/problem.ts';
import { withSbin } from './clean-up.ts';
import { findBinary } from './find-binary.ts';
import { freeRanges, giveBack } from './free-ranges.ts';

type Command = readonly [program: string, ...args: string[]];

/** What an engine of our own needs of the host's network, and what takes it away again. */
export interface EngineNetwork {
  readonly bridge: string;
  /** The bridge's range, of which the engine may cut further networks, unless {@link EngineNetwork.shared}. */
  readonly pool: string;
  /**
   * There is a `docker0`. An engine that is given pools of addresses removes that bridge at its start, whoever's it
   * is (`removeDefaultBridgeInterface` of moby 20.10); so it gets none, and its networks need subnets of their own.
   */
  readonly shared: boolean;
  /** PATH under which the engine finds a packet filter that works here. */
  readonly path: string;
  readonly undo: readonly Command[];
  /** Why containers will reach nothing outside; null when they will. */
  readonly warning: string | null;
}

/**
 * Makes the bridge and the few packet filter rules by ourselves: an engine that manages them empties the chains that
 * another engine on this machine lives on. What the rules say is what an engine's own say: networks reach the outside
 * behind the host's address, and not each other. Safe to repeat.
 * @throws Problem `part_missing`, `part_failed`.
 */
export async function prepareEngineNetwork(
  bridge: string,
  ranges: readonly string[],
  shims: string,
): Promise<EngineNetwork> {
  const ip = findBinary(['ip']);
  if (ip === null) throw new Problem('part_missing', { part: 'ip', command: 'apt-get install iproute2' });
  const pool = await makeBridge(ip, bridge);
  const filter = await findPacketFilter(shims);
  const shared = existsSync('/sys/class/net/docker0');
  const base = { bridge, pool, shared, undo: [[ip, 'link', 'delete', bridge] as const] };
  if (filter === null)
    return { ...base, path: withSbin(), warning: 'no iptables works here: containers reach nothing outside' };
  const rules = [pool, ...ranges].flatMap(rulesFor);
  for (const rule of rules) await addRule(filter.iptables, rule);
  return {
    ...base,
    path: filter.path,
    undo: [...rules.map((rule) => [filter.iptables, '-w', ...change('-D', rule)] as const), ...base.undo],
    warning: null,
  };
}

interface Rule {
  readonly table: 'nat' | 'filter';
  readonly chain: string;
  readonly match: readonly string[];
}

/** In the order they are added; each goes to the head of its chain, so that the last one is asked first. */
function rulesFor(range: string): Rule[] {
  const forward = (...match: string[]): Rule => ({ table: 'filter', chain: 'FORWARD', match });
  return [
    { table: 'nat', chain: 'POSTROUTING', match: ['-s', range, '!', '-d', range, '-j', 'MASQUERADE'] },
    forward('-s', range, '-j', 'ACCEPT'),
    forward('-d', range, '-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED', '-j', 'ACCEPT'),
    forward('-s', range, '-d', range, '-m', 'physdev', '!', '--physdev-is-bridged', '-j', 'DROP'),
    forward('-s', range, '-d', range, '-m', 'physdev', '--physdev-is-bridged', '-j', 'ACCEPT'),
  ];
}

const change = (verb: string, rule: Rule): string[] => ['-t', rule.table, verb, rule.chain, ...rule.match];

async function addRule(iptables: string, rule: Rule): Promise<void> {
  const there = await run(iptables, ['-w', ...change('-C', rule)]);
  if (there.code === 0) return;
  const added = await run(iptables, ['-w', ...change('-I', rule)]);
  if (added.code !== 0 && !rule.match.includes('physdev'))
    throw new Problem('part_failed', {
      part: 'iptables',
      cause: `${rule.match.join(' ')}: ${added.text}`,
      log: 'dmesg',
    });
}

/** The bridge with an address in a /16 that no route of this host leads to; as it is when it is there already. */
async function makeBridge(ip: string, bridge: string): Promise<string> {
  const seen = /inet (10\.\d+)\.255\.1\/24/.exec((await run(ip, ['-4', 'addr', 'show', 'dev', bridge])).text);
  const [free = ''] = seen === null ? await freeRanges(1) : [];
  const prefix = seen?.[1] ?? free.replace('.0.0/16', '');
  const address = `${prefix}.255.1/24`;
  if (seen === null) {
    await run(ip, ['link', 'delete', bridge]);
    for (const args of [
      ['link', 'add', bridge, 'type', 'bridge'],
      ['addr', 'add', address, 'dev', bridge],
      ['link', 'set', bridge, 'up'],
    ]) {
      const { code, text } = await run(ip, args);
      if (code !== 0)
        throw new Problem('part_failed', {
          part: 'bridge',
          cause: `ip ${args.join(' ')}: ${text}`,
          log: 'dmesg',
        });
    }
  }
  if (free !== '') giveBack([free]);
  return `${prefix}.0.0/16`;
}

/** An iptables that can read this kernel's tables, and a PATH on which it is the first of that name. */
async function findPacketFilter(shims: string): Promise<{ iptables: string; path: string } | null> {
  for (const name of ['iptables', 'iptables-nft', 'iptables-legacy']) {
    const iptables = findBinary([name]);
    if (iptables === null || (await run(iptables, ['-w', '-t', 'nat', '-S'])).code !== 0) continue;
    if (name === 'iptables') return { iptables, path: withSbin() };
    await mkdir(shims, { recursive: true });
    for (const family of ['iptables', 'ip6tables']) {
      const program = findBinary([name.replace('iptables', family)]);
      await rm(path.join(shims, family), { force: true });
      if (program !== null) await symlink(program, path.join(shims, family));
    }
    return { iptables, path: `${shims}:${withSbin()}` };
  }
  return null;
}

function run(program: string, args: readonly string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: 10_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : 1, text: `${stdout}${stderr}`.trim() }),
    );
  });
}
