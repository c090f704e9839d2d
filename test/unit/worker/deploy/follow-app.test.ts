import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { AppLogs } from '../../../../worker/deploy/app-logs.ts';
import { followApp } from '../../../../worker/deploy/follow-app.ts';
import type { AppContainer } from '../../../../worker/deploy/app-container.ts';
import type { Engine } from '../../../../worker/engine/engine.ts';

const APP = { id: 'c1', deploymentId: 'dep_1' } as unknown as AppContainer;

it('sends nothing twice when the engine goes away in the midst of the output', async () => {
  const { text, follow } = following([
    { lines: ['one\n', 'two\n'], then: 'breaks' },
    { lines: ['one\n', 'two\n'], then: 'breaks' },
    { lines: ['one\n', 'two\n', 'three\n'], then: 'ends' },
  ]);
  await follow();
  expect(text()).toBe('one\ntwo\nthree\n(end)');
});

it.each([404, 409])('ends the log when the engine is back without the container (%i)', async (status) => {
  const { text, follow } = following([{ lines: ['one\n'], then: 'breaks' }, { refusal: status }]);
  await follow();
  expect(text()).toBe('one\n(end)');
});

it('begins when the engine is back', async () => {
  const { text, follow } = following([{ lines: ['one\n'], then: 'ends' }], { awayAtFirst: true });
  await follow();
  expect(text()).toBe('one\n(end)');
});

it('shows no secret of an app that the engine lists before it knows it', async () => {
  const { text, follow } = following([{ lines: ['the sesame-4711\n'], then: 'ends' }], { unknownAtFirst: 2 });
  await follow();
  expect(text()).toBe('the ********\n(end)');
});

it('ends the log of an app that is gone, and reads nothing that it could not mask', async () => {
  const { text, follow } = following([{ lines: ['the sesame-4711\n'], then: 'ends' }], {
    unknownAtFirst: 1,
    isListed: false,
  });
  await follow();
  expect(text()).toBe('(end)');
});

it('does not follow an app whose secrets it cannot find', async () => {
  const { text, follow, app } = following([{ lines: ['one\n'], then: 'ends' }]);
  await expect(follow({ ...app, secretNames: ['OTHER'] })).rejects.toThrow('no variable OTHER');
  expect(text()).toBe('');
});

it('of an app that was stopped for good, what is left is sent and the log sealed while the container is there', async () => {
  const { text, logs, app } = following(
    [
      { lines: ['one\n'], then: 'ends' },
      { lines: ['one\n', 'last\n'], then: 'ends' },
    ],
    { isKept: true },
  );
  const all = logs();
  all.follow(app);
  await expect.poll(text).toBe('one\n');
  await all.seal(app);
  expect(text()).toBe('one\nlast\n(end)');
  await all.seal(app);
  expect(text()).toBe('one\nlast\n(end)');
});

it('a log that ends with its worker is not said to be sealed', async () => {
  const { text, logs, app } = following([{ lines: ['one\n'], then: 'ends' }], { isKept: true });
  const all = logs();
  all.follow(app);
  await expect.poll(text).toBe('one\n');
  all.end();
  await expect(all.seal(app)).rejects.toThrow('the worker ends');
  expect(text()).toBe('one\n');
});

type Answer =
  { readonly lines: readonly string[]; readonly then: 'breaks' | 'ends' } | { readonly refusal: number };

/** An app whose output the engine gives as `answers` say, one after the other, and whose container is gone then. */
function following(
  answers: readonly Answer[],
  { awayAtFirst = false, isKept = false, unknownAtFirst = 0, isListed = true } = {},
) {
  const left = [...answers];
  let isAway = awayAtFirst;
  let unknown = unknownAtFirst;
  let text = '';
  const engine = {
    docker: {
      // Not by its id, as long as the engine does not know it.
      listContainers: async ({ filters }: { filters: Record<string, readonly string[]> }) =>
        isListed && filters['id'] === undefined ? [{ Id: 'c1' }] : [],
      getContainer: () => ({
        inspect: async () => {
          if (isAway) {
            isAway = false;
            throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' });
          }
          if (unknown-- > 0) throw Object.assign(new Error('no such container'), { statusCode: 404 });
          return { Config: { Env: ['PATH=/bin', 'TOKEN=sesame-4711'] } };
        },
        logs: async () => {
          const answer = left.shift();
          if (answer === undefined) throw new Error('it asked too often');
          if ('refusal' in answer) throw Object.assign(new Error('refused'), { statusCode: answer.refusal });
          return Readable.from(output(answer));
        },
      }),
    },
    inspectContainer: async () =>
      isKept ? { running: false } : left.length === 0 ? null : { running: true },
  } as unknown as Engine;
  const take = async (_: string, bytes: Uint8Array) => void (text += Buffer.from(bytes).toString());
  const sink = {
    write: take,
    say: async () => undefined,
    end: async () => {
      text += '(end)';
      return text.length;
    },
  };
  const link = { logBytes: async () => 0, openLog: () => sink };
  const never = new AbortController().signal;
  const app = { ...APP, secretNames: ['TOKEN'] };
  return {
    text: () => text,
    follow: (of = app) => followApp(engine, link, of, { end: never, stopped: never }),
    logs: () => new AppLogs({ engine, link, onError: (error) => expect(error).toBeNull() }),
    app,
  };
}

async function* output({
  lines,
  then,
}: Exclude<Answer, { readonly refusal: number }>): AsyncGenerator<Uint8Array> {
  for (const line of lines) {
    const header = Buffer.alloc(8);
    header[0] = 1;
    header.writeUInt32BE(line.length, 4);
    yield Buffer.concat([header, Buffer.from(line)]);
  }
  if (then === 'breaks') throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}
