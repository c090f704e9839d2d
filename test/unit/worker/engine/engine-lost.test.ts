import { expect, it } from 'vitest';
import { EngineLost, callEngine, refusalText, unlessGone } from '../../../../worker/engine/engine-lost.ts';

function refusal(statusCode: number, message: string): Error {
  return Object.assign(new Error(`(HTTP code ${statusCode}) unexpected - ${message} `), {
    statusCode,
    json: { message },
  });
}
const fails = (error: Error) => () => Promise.reject(error);

it.each(['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE'])('calls %s a lost engine', async (code) => {
  await expect(callEngine(fails(Object.assign(new Error('connect'), { code })))).rejects.toThrow(EngineLost);
});

it('leaves a refusal as it is, and finds the words of the engine in it', async () => {
  const error = refusal(409, 'name is in use');
  await expect(callEngine(fails(error))).rejects.toBe(error);
  expect(refusalText(error)).toBe('name is in use');
  expect(refusalText(new Error('(HTTP code 500) server error - it broke '))).toBe('it broke');
});

it('takes the removal of what is gone for a success, and nothing else', async () => {
  await unlessGone(fails(refusal(404, 'no such container')));
  await expect(unlessGone(fails(refusal(500, 'busy')))).rejects.toThrow('busy');
});
