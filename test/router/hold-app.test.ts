import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findBinary } from '../../src/parts/find-binary.ts';
import { keepRunning } from '../../worker/deploy/app-container.ts';
import { holdApp, letGo, type HeldApp } from '../../worker/deploy/hold-app.ts';
import type { TarFile } from '../../worker/engine/tar.ts';
import { testNetwork } from '../support/parts.ts';
import { appGround, type AppGround, type TestedApp } from './support/app-ground.ts';

let ground: AppGround;

beforeAll(async () => {
  ground = await appGround(testNetwork(81));
});
afterEach(() => ground.removeApps());
afterAll(() => ground?.remove());

describe('a held container', () => {
  it('runs nothing of its image before it is let go', async () => {
    const image = await ground.imageOf(
      ['ENTRYPOINT ["/start.sh"]'],
      [script('start.sh', 'echo ran >/ran; echo running; exec sleep 60')],
    );
    const app = await hold({ image });
    await expect
      .poll(() => processes(app.id))
      .toEqual(['/sbin/docker-init -- /.slipway/latch /start.sh', '/.slipway/latch /start.sh']);
    expect(await ground.log(app.id)).toEqual([]);
    expect(await ground.engine.hasFile(app.id, '/ran')).toBe(false);
    await letGo(ground.engine, app);
    expect(await ground.logged(app.id, 1)).toEqual(['running']);
    expect(await ground.engine.hasFile(app.id, '/ran')).toBe(true);
  });

  it.each([
    ['a folder', 'mkdir /.slipway; cp /start.sh /.slipway/latch; touch /.slipway/wait'],
    ['a link to a folder', 'ln -s /srv /.slipway; cp /start.sh /srv/latch; touch /srv/wait'],
    ['links', 'mkdir /.slipway; ln -s /start.sh /.slipway/latch; ln -s /dev/null /.slipway/wait'],
    ['a file', 'cp /start.sh /.slipway'],
    ['a volume', 'mkdir /.slipway', 'VOLUME ["/.slipway"]'],
  ])("is held by Slipway's latch, whatever its image has there: %s", async (_what, commands, change = '') => {
    const files = [folder('srv/'), script('start.sh', 'echo running; exec sleep 60')];
    const image = await ground.imageOf(['ENTRYPOINT ["/start.sh"]', change], files, commands);
    const app = await hold({ image });
    await expect.poll(() => processes(app.id)).toContain('/.slipway/latch /start.sh');
    expect(await ground.log(app.id)).toEqual([]);
    await letGo(ground.engine, app);
    expect(await ground.logged(app.id, 1)).toEqual(['running']);
  });

  it('ends by a signal at once', async () => {
    const app = await hold({ image: await ground.imageOf(['CMD ["sleep", "60"]']) });
    await ground.engine.killContainer(app.id, 'TERM');
    expect(await ground.ended(app.id)).toBe(143);
    expect(await ground.log(app.id)).toEqual([]);
  });

  it('that ended before it is let go is started again', async () => {
    const app = await hold({ image: await ground.imageOf(['CMD ["sh", "-c", "echo up; exec sleep 60"]']) });
    await ground.engine.killContainer(app.id);
    await ground.ended(app.id);
    await letGo(ground.engine, app);
    expect(await ground.logged(app.id, 1)).toEqual(['up']);
  });

  it('that was never started begins when it is let go', async () => {
    const app = await ground.held({
      image: await ground.imageOf(['CMD ["sh", "-c", "echo up; exec sleep 60"]']),
    });
    await letGo(ground.engine, app);
    expect(await ground.logged(app.id, 1)).toEqual(['up']);
  });

  it('is held once, whoever holds it again', async () => {
    const app = await hold({ image: await ground.imageOf(['CMD ["sleep", "60"]']) });
    const { StartedAt } = (await ground.engine.docker.getContainer(app.id).inspect()).State;
    await holdApp(ground.engine, app);
    expect((await ground.engine.docker.getContainer(app.id).inspect()).State.StartedAt).toBe(StartedAt);
  });
});

/** What a process can know of itself, but for ids of the moment. */
const DUMP = `
exec 2>&1
echo "[$0]"; for word; do echo "[$word]"; done; pwd; id
cat /proc/$$/cmdline; echo; cat /proc/$$/environ; echo
readlink /proc/$$/fd/0; grep -v -e mnt_id -e ino /proc/$$/fdinfo/0
for name in /proc/$$/fd/*; do echo "\${name##*/}"; done
grep -E '^(Name|Umask|PPid|Groups|NSsid|Shd|Sig[^Q]|Cap|NoNew|Seccomp)' /proc/$$/status
cat /proc/$$/limits /proc/$$/oom_score_adj /proc/$$/personality /proc/$$/coredump_filter /proc/1/comm
for name in exe root cwd; do readlink /proc/$$/$name; done
cat; echo end of stdin; exec sleep 60
`;

describe('an app that was held', () => {
  const dump = script('srv/dump.sh', DUMP);
  const unmarked = { ...dump, name: 'srv/unmarked', bytes: Buffer.from(DUMP) };
  const files = [folder('srv/'), dump, unmarked, { ...dump, name: 'srv/denied/dump.sh', mode: 0o644 }];

  it.each<[string, string[], Omit<TestedApp, 'image'>]>([
    ['a command', ['CMD ["sh", "/srv/dump.sh", "two words", "", "ü"]'], {}],
    ['a command in shell form', ['CMD exec /srv/dump.sh $HOME "$0"'], {}],
    ['an entrypoint and a command', ['ENTRYPOINT ["/srv/dump.sh", "a"]', 'CMD ["b", "c"]'], {}],
    ['an entrypoint in shell form', ['ENTRYPOINT exec /srv/dump.sh'], {}],
    [
      'a command of the file',
      ['ENTRYPOINT ["sh"]', 'CMD ["x"]'],
      { command: ['/srv/dump.sh', 'of the file'] },
    ],
    ['a path from the working directory', ['WORKDIR /srv', 'ENTRYPOINT ["./dump.sh"]'], {}],
    ['a path below the working directory', ['WORKDIR /', 'ENTRYPOINT ["srv/dump.sh"]'], {}],
    ['a name in PATH of the image', ['ENV PATH=/nowhere:/srv/denied:/srv:/bin', 'CMD ["dump.sh"]'], {}],
    ['a name in PATH of the file', ['CMD ["dump.sh"]'], { env: { PATH: '/etc/passwd:/srv/:/bin' } }],
    ['a name in the working directory', ['WORKDIR /srv', 'CMD ["dump.sh"]'], { env: { PATH: '/bin:' } }],
    ['a script that names no interpreter', ['ENTRYPOINT ["/srv/unmarked", "a"]'], {}],
    ['a script in PATH that names none', ['ENV PATH=/srv:/bin', 'CMD ["unmarked"]'], {}],
    ['a user by name', ['USER app', 'WORKDIR /tmp', 'CMD ["/srv/dump.sh"]'], {}],
    ['a user without a name', ['USER 4711:4712', 'CMD ["/srv/dump.sh"]'], { env: { HOME: '/nowhere' } }],
    ['variables', ['ENV EMPTY=', 'ENV A="a b"', 'CMD ["/srv/dump.sh"]'], { env: { A: 'x\ny', PATHS: '/' } }],
  ])('finds itself as one that was not, with %s', async (_what, changes, settings) => {
    const app = { image: await ground.imageOf(changes, files), ...settings };
    const plain = await ground.plain(app);
    await ground.engine.startContainer(plain);
    const held = await begun(app);
    const expected = await dumpOf(plain);
    expect(await dumpOf(held.id)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(50);
    // What lets go comes too late for it, and reaches no app.
    await letGo(ground.engine, held);
    expect(await dumpOf(held.id)).toEqual(expected);
  });

  async function dumpOf(id: string): Promise<string[]> {
    for (;;) {
      const lines = await ground.log(id);
      if (lines.at(-1) === 'end of stdin')
        return lines.map((line) => line.replace(/HOSTNAME=[0-9a-f]{12}/, 'HOSTNAME=…'));
      await sleep(20);
    }
  }

  it('needs nothing else in its image', async () => {
    const busybox = await readFile(findBinary(['busybox']) ?? '');
    const image = await ground.bareImageOf(
      ['ENTRYPOINT ["/busybox", "echo"]', 'CMD ["static"]'],
      [{ name: 'busybox', mode: 0o755, bytes: busybox }],
    );
    const app = await begun({ image });
    expect(await ground.ended(app.id)).toBe(0);
    expect(await ground.log(app.id)).toEqual(['static']);
  });

  it.each([
    ['nowhere', 127, 'slipway: nowhere: not found'],
    ['/srv/nowhere', 127, 'slipway: /srv/nowhere: not found'],
    ['/srv/denied/dump.sh', 126, 'slipway: /srv/denied/dump.sh: permission denied'],
    ['/srv/odd', 126, 'slipway: /srv/odd: cannot be executed'],
  ])('that cannot become %s ends with %i and says why', async (program, exitCode, line) => {
    const odd = script('srv/odd', '', '#!/srv/odd\n');
    const image = await ground.imageOf([`CMD ["${program}"]`], [...files, odd]);
    const app = await begun({ image });
    expect(await ground.ended(app.id)).toBe(exitCode);
    expect(await ground.log(app.id)).toEqual([line]);
  });

  it('is started again by the engine without being held', async () => {
    const image = await ground.imageOf([
      'CMD ["sh", "-c", "echo up; while :; do sleep 1; done"]',
      'USER app',
    ]);
    const app = await begun({ image });
    await ground.logged(app.id, 1);
    await keepRunning(ground.engine, app.id);
    await ground.engine.run(app.id, { command: ['kill', '-9', '-1'] });
    expect(await ground.logged(app.id, 2)).toEqual(['up', 'up']);
  });

  it('hears signals and tells its exit code', async () => {
    const image = await ground.imageOf([
      `CMD ["sh", "-c", "trap 'echo asked; exit 5' TERM; echo up; while :; do sleep 0.1; done"]`,
    ]);
    const app = await begun({ image });
    await ground.logged(app.id, 1);
    await ground.engine.killContainer(app.id, 'TERM');
    expect(await ground.ended(app.id)).toBe(5);
    expect(await ground.log(app.id)).toEqual(['up', 'asked']);
  });

  it('that takes too much memory ends as one that was not', async () => {
    const image = await ground.imageOf(['CMD ["sh", "-c", "exec tail /dev/zero"]']);
    const ends = [];
    for (const isHeld of [false, true]) {
      const id = isHeld ? (await begun({ image })).id : await ground.plain({ image });
      if (!isHeld) await ground.engine.startContainer(id);
      await ground.ended(id);
      const facts = await ground.engine.inspectContainer(id);
      ends.push({ exitCode: facts?.exitCode, oomKilled: facts?.oomKilled });
    }
    expect(ends[1]).toEqual(ends[0]);
    expect(ends[0]?.exitCode).toBe(137);
  });
});

async function hold(app: TestedApp): Promise<HeldApp> {
  const held = await ground.held(app);
  await holdApp(ground.engine, held);
  return held;
}

async function begun(app: TestedApp): Promise<HeldApp> {
  const held = await hold(app);
  await letGo(ground.engine, held);
  return held;
}

async function processes(id: string): Promise<string[]> {
  const { Processes } = (await ground.engine.docker.getContainer(id).top()) as { Processes: string[][] };
  return Processes.map((columns) => columns.at(-1) ?? '');
}

function script(name: string, text: string, head = '#!/bin/sh\n'): TarFile {
  return { name, mode: 0o755, bytes: Buffer.from(`${head}${text}\n`) };
}

function folder(name: string): TarFile {
  return { name, mode: 0o755, bytes: Buffer.alloc(0) };
}
