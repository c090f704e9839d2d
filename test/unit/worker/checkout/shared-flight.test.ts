import { expect, test } from 'vitest';
import { sharedFlights } from '../../../../worker/checkout/shared-flight.ts';

const live = (): AbortSignal => new AbortController().signal;

test('runs the work of a key once for all who ask meanwhile, and again for who asks later', async () => {
  const flights = sharedFlights();
  let runs = 0;
  const work = async (): Promise<number> => ++runs;
  expect(await Promise.all([1, 2, 3].map(() => flights.join('a', live(), work)))).toEqual([1, 1, 1]);
  expect(await flights.join('a', live(), work)).toBe(2);
});

test('ends the work when the last of those who asked has left, not before', async () => {
  const flights = sharedFlights();
  let signal: AbortSignal | undefined;
  const work = (own: AbortSignal): Promise<never> => {
    signal = own;
    return new Promise((_, reject) => own.addEventListener('abort', () => reject(new Error('ended'))));
  };
  const [one, two] = [new AbortController(), new AbortController()];
  const first = flights.join('a', one.signal, work);
  const second = flights.join('a', two.signal, work);
  one.abort(new Error('first left'));
  await expect(first).rejects.toThrow('first left');
  expect(signal?.aborted).toBe(false);
  two.abort(new Error('second left'));
  await expect(second).rejects.toThrow('second left');
  expect(signal?.aborted).toBe(true);
});

test('starts anew for who asks after all had left', async () => {
  const flights = sharedFlights();
  const gone = new AbortController();
  const first = flights.join('a', gone.signal, () => new Promise(() => undefined));
  gone.abort(new Error('left'));
  await expect(first).rejects.toThrow('left');
  expect(await flights.join('a', live(), async () => 'fresh')).toBe('fresh');
});

test('passes a failure on to everybody, and forgets it', async () => {
  const flights = sharedFlights();
  const fail = (): Promise<string> => Promise.reject(new Error('broken'));
  const both = [flights.join('a', live(), fail), flights.join('a', live(), fail)];
  for (const one of both) await expect(one).rejects.toThrow('broken');
  expect(await flights.join('a', live(), async () => 'ok')).toBe('ok');
});
