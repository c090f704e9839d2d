import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, it } from 'vitest';
import type { Engine } from '../../worker/engine/engine.ts';
import { tarOf } from '../../worker/engine/tar.ts';
import { sharedEngine } from './support.ts';

const IMAGES = 16;
const ROUNDS = 4;
const engine: Engine = sharedEngine();
afterAll(() => engine.close());

/*
 * Engines may take an image along that gets a name at the moment at which its last other one goes, the more often the
 * more is named at once. That it happens is theirs; what is said of an image that has its new name must hold.
 */
it('says of an image that it is there only when it stays, while its last other name goes', async () => {
  const wrong: string[] = [];
  for (let round = 0; round < ROUNDS; round += 1)
    await Promise.all(
      Array.from({ length: IMAGES }, async () => {
        const repository = `slipway-test-removal/${randomUUID()}`;
        const tar = tarOf([{ name: 'content', mode: 0o644, bytes: Buffer.from(repository) }]);
        await engine.importImage({ repository, tag: 'old' }, tar);
        const id = (await engine.inspectImage(`${repository}:old`))?.id ?? '';
        const named = sleep(Math.random() * 60).then(() =>
          engine.docker.getImage(id).tag({ repo: repository, tag: 'new' }),
        );
        const removal = engine.removeImage(`${repository}:old`);
        const said = await named.then(
          () => engine.inspectImage(id),
          () => null,
        );
        expect(await removal).toBe('removed');
        const stays = (await engine.inspectImage(id)) !== null;
        if (stays !== (said !== null)) wrong.push(`${id} in round ${round}`);
        expect(await engine.removeImage(`${repository}:new`)).toBe(stays ? 'removed' : 'gone');
      }),
    );
  expect(wrong).toEqual([]);
});
