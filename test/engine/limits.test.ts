import { afterAll, beforeAll, expect, it } from 'vitest';
import { LIMITS, SIZES } from '../../config/times.ts';
import { newId } from '../../src/core/id.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { LABELS } from '../../worker/engine/labels.ts';
import { waitFor } from '../support/wait.ts';
import { ORDINARY, importBusyboxImage, sharedEngine } from './support.ts';
import { runTestWorkflow } from './workflow-harness.ts';
import type { TestWorkflow } from './workflow-harness.ts';

const IMAGE = 'slipway-test-limits:ordinary';

let engine: Engine;

beforeAll(async () => {
  engine = sharedEngine();
  await importBusyboxImage(engine, IMAGE, ORDINARY);
});
afterAll(async () => {
  await engine.docker.getImage(IMAGE).remove({ force: true });
  engine.close();
});

/** What a process in a container reads of its limits, one line each, the same for both versions of cgroups. */
const LOOK = [
  `read_one() { for file in "$@"; do [ ! -e "$file" ] || { cat "$file"; return; }; done; }`,
  'cd /sys/fs/cgroup',
  'echo "pids $(read_one pids/pids.max pids.max)"',
  'echo "memory $(read_one memory/memory.limit_in_bytes memory.max)"',
  'echo "weight $(read_one cpu/cpu.shares cpu.weight)"',
  'grep -E "NoNewPrivs|CapBnd|CapEff|Seccomp:" /proc/self/status',
];
/** 512 shares of 1024; as a weight, by runc's conversion: 1 + (512 - 2) * 9999 / 262142. */
const WEIGHTS = ['512', '20'];

it.each<[string, TestWorkflow]>([
  ['step', { image: IMAGE, steps: [{ name: 'step', commands: [...LOOK, 'sleep 1'] }] }],
  [
    'service',
    {
      image: IMAGE,
      services: [{ name: 'service', commands: [...LOOK, 'sleep 60'] }],
      steps: [{ name: 'beside', commands: ['sleep 1'] }],
    },
  ],
])(
  'holds a %s to the limits that nobody has set, in the engine and in its own cgroup',
  async (name, test) => {
    // The row's name is the label by which the container is found; another run may be under way in this engine.
    const own = `${name}-${newId('att').slice(-6)}`;
    const rename = <T extends { name: string }>(rows: readonly T[] = []): T[] =>
      rows.map((row) => ({ ...row, name: row.name === name ? own : row.name }));
    const [{ logs, outcome, left }, host] = await Promise.all([
      runTestWorkflow(engine, { ...test, steps: rename(test.steps), services: rename(test.services) }),
      hostConfigOf(own),
    ]);
    expect(outcome.status, outcome.reason ?? '').toBe('success');
    expect(left).toEqual([]);
    const memory = Math.min(SIZES.stepMemory, Math.floor((await engine.facts()).memoryBytes / 2));
    expect(host).toMatchObject({
      PidsLimit: LIMITS.pids,
      Memory: memory,
      MemorySwap: memory,
      CpuShares: 512,
      SecurityOpt: ['no-new-privileges'],
      CapDrop: ['MKNOD', 'NET_RAW', 'SETPCAP', 'SETFCAP'],
      CapAdd: null,
      Privileged: false,
      PidMode: '',
    });
    const said = logs[own]?.text('stdout') ?? '';
    const seen = (word: string): string => new RegExp(`^${word}:?\\s+(\\S+)$`, 'm').exec(said)?.[1] ?? '';
    expect(seen('pids')).toBe(String(LIMITS.pids));
    // The kernel counts in pages.
    expect(Number(seen('memory'))).toBe(memory - (memory % 4_096));
    expect(WEIGHTS).toContain(seen('weight'));
    expect(seen('NoNewPrivs')).toBe('1');
    expect(seen('Seccomp')).toBe('2');
    for (const set of ['CapBnd', 'CapEff']) expect(namesOf(seen(set)), set).toEqual(KEPT);
  },
);

it('ends a step whose processes reach their limit as its failure, and the engine lives on', async () => {
  const { outcome, logs, left } = await runTestWorkflow(engine, {
    image: IMAGE,
    settings: { pids: 64 },
    steps: [{ name: 'many', commands: ['i=0', 'while :; do sleep 60 & i=$((i+1)); echo "child $i"; done'] }],
  });
  expect(outcome).toMatchObject({
    status: 'failure',
    reason: expect.stringMatching(/^step many: exit code/) as unknown,
    code: 'exit_code',
  });
  const children = [...(logs['many']?.text('stdout') ?? '').matchAll(/^child (\d+)$/gm)].length;
  expect(children).toBeGreaterThan(40);
  expect(children).toBeLessThan(64);
  expect(logs['many']?.text('stderr')).toContain("can't fork");
  expect(left).toEqual([]);
  await expectEngineWell();
});

it('ends a fork bomb at its deadline, though nothing more can be started in its container', async () => {
  const { outcome, left } = await runTestWorkflow(engine, {
    image: IMAGE,
    settings: { pids: 64, graceMs: 1_000 },
    steps: [
      {
        name: 'bomb',
        timeoutMs: 3_000,
        // A shell ends when it cannot fork, so the first one does not try.
        commands: ['bomb() { bomb | bomb & }', 'bomb 2>/dev/null', 'exec sleep 60'],
      },
    ],
  });
  expect(outcome).toMatchObject({
    status: 'failure',
    reason: 'step bomb: it ran longer than its timeout of 3 s',
    code: 'timed_out',
  });
  expect(left).toEqual([]);
  await expectEngineWell();
});

/** Another step runs as if nothing had been. */
async function expectEngineWell(): Promise<void> {
  const { outcome } = await runTestWorkflow(engine, { image: IMAGE, steps: [{ name: 'after' }] });
  expect(outcome.status, outcome.reason ?? '').toBe('success');
}

function hostConfigOf(step: string): Promise<object> {
  return waitFor(
    `the container of ${step}`,
    async () => {
      const { containers } = await engine.listOwned([`${LABELS.step}=${step}`]);
      const [found] = containers;
      return found === undefined ? null : (await engine.docker.getContainer(found.id).inspect()).HostConfig;
    },
    30_000,
  );
}

/** By number: `linux/capability.h`. */
const CAPABILITIES: Readonly<Record<number, string>> = {
  0: 'CHOWN',
  1: 'DAC_OVERRIDE',
  3: 'FOWNER',
  4: 'FSETID',
  5: 'KILL',
  6: 'SETGID',
  7: 'SETUID',
  10: 'NET_BIND_SERVICE',
  18: 'SYS_CHROOT',
  29: 'AUDIT_WRITE',
};
/** The engine's own set without what Slipway drops. */
const KEPT = Object.values(CAPABILITIES);

/** Names of the capabilities of a mask, as /proc has it; one that is not known by its number. */
function namesOf(mask: string): readonly string[] {
  const bits = BigInt(`0x${mask}`);
  return Array.from({ length: 64 }, (_, bit) => bit)
    .filter((bit) => ((bits >> BigInt(bit)) & 1n) === 1n)
    .map((bit) => CAPABILITIES[bit] ?? String(bit));
}
