import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Mount } from '../../worker/engine/create-container.ts';
import type { Engine } from '../../worker/engine/engine.ts';
import { engineLabels } from '../../worker/engine/labels.ts';
import { cleanUpWorkflow } from '../../worker/steps/clean-up-workflow.ts';
import { workspaceOf } from '../../worker/steps/set-up-workflow.ts';
import { ORDINARY, importBusyboxImage, sharedEngine, testLabels } from './support.ts';

const IMAGE = 'slipway-test-host-volumes:ordinary';

let engine: Engine;
let folder: string;
beforeAll(async () => {
  engine = sharedEngine();
  await importBusyboxImage(engine, IMAGE, ORDINARY);
  folder = await mkdtemp('/tmp/slipway-host-volumes-');
  await mkdir(path.join(folder, 'given'));
  await writeFile(path.join(folder, 'secret'), 'of the host\n');
});
afterAll(async () => {
  await rm(folder, { recursive: true });
  await engine.docker.getImage(IMAGE).remove({ force: true });
  engine.close();
});

const given = (readOnly: boolean): Mount => ({ host: path.join(folder, 'given'), path: '/given', readOnly });

/** What a command says in a container with that mount, and how the engine has it. */
async function inside(mount: Mount, command: string) {
  const labels = testLabels();
  const id = await engine.createContainer({
    name: `${workspaceOf(labels)}-look`,
    image: IMAGE,
    labels: engineLabels(labels),
    command: ['sleep', '60'],
    mounts: [mount],
  });
  try {
    await engine.startContainer(id);
    const { output } = await engine.run(id, { command: ['sh', '-c', `(${command}) 2>&1`] });
    const { HostConfig } = await engine.docker.getContainer(id).inspect();
    return { output, mounts: HostConfig.Mounts };
  } finally {
    await cleanUpWorkflow(engine, labels);
  }
}

it('a path of the host is there, to be written or only read, and nothing mounted below it comes along', async () => {
  await inside(given(false), 'echo kept > /given/x');
  expect(await readFile(path.join(folder, 'given/x'), 'utf8')).toBe('kept\n');
  const { output, mounts } = await inside(given(true), 'cat /given/x; echo no > /given/x; rm -f /given/x');
  expect(output).toMatch(/^kept\n/);
  expect(output).toMatch(/Read-only file system/);
  expect(await readFile(path.join(folder, 'given/x'), 'utf8')).toBe('kept\n');
  expect(mounts?.[0]).toMatchObject({
    Type: 'bind',
    ReadOnly: true,
    BindOptions: { Propagation: 'rprivate', NonRecursive: true },
  });
});

it('a link that a build leaves there leads into the container that follows it, not into the host', async () => {
  await inside(given(false), `ln -s ${folder} /given/up; ln -s ../secret /given/beside`);
  const { output } = await inside(
    given(true),
    'cat /given/up/secret; cat /given/beside; cat /given/../secret',
  );
  expect(output).not.toContain('of the host');
  expect(output.match(/No such file/g)).toHaveLength(3);
});

it('the engine would follow a link that is the path itself, which is why nothing below a path is given', async () => {
  await symlink(folder, path.join(folder, 'given/link')).catch(() => undefined);
  const { output } = await inside(
    { host: path.join(folder, 'given/link'), path: '/x', readOnly: true },
    'cat /x/secret',
  );
  expect(output).toBe('of the host\n');
});

it('a path that is not there is an error, and is not made', async () => {
  const gone = path.join(folder, 'gone');
  await expect(inside({ host: gone, path: '/x', readOnly: true }, 'true')).rejects.toThrow(/does not exist/);
  await expect(readFile(gone)).rejects.toThrow(/ENOENT/);
});
