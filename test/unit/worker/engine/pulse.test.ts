import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchPulse } from '../../../../worker/engine/pulse.ts';
import { waitFor } from '../../../support/wait.ts';

/** How often it had been asked when connections were cut. */
let cuts: number[];
let asked: number;
/** Whether the engine answers a question, by its number from 1. */
let answers: (question: number) => boolean;
let isEmpty: boolean;
let end: () => void;

beforeEach(() => {
  [cuts, asked, answers, isEmpty] = [[], 0, () => true, false];
});
afterEach(() => end());

/** A question each millisecond, six of them the time that it may be silent for. */
function watch(): void {
  const isUp = async (): Promise<boolean> => answers((asked += 1));
  end = watchPulse({ isEmpty: () => isEmpty, cut: () => void cuts.push(asked) }, isUp, 6);
}

const untilAsked = (times: number): Promise<boolean> => waitFor('it is asked', () => asked >= times);

describe('the pulse of an engine', () => {
  it('leaves connections alone while one question in six is answered', async () => {
    answers = (question) => question % 6 === 0;
    watch();
    await untilAsked(60);
    expect(cuts).toEqual([]);
  });

  it('cuts them after six questions in a row without an answer, and those opened while it stays so', async () => {
    answers = (question) => question <= 4 || question > 12;
    watch();
    await untilAsked(30);
    expect(cuts).toEqual([10, 11, 12]);
  });

  it('asks nothing while nothing is open', async () => {
    isEmpty = true;
    watch();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([asked, cuts]).toEqual([0, []]);
    isEmpty = false;
    await untilAsked(1);
  });

  it('ends', async () => {
    answers = () => false;
    watch();
    await untilAsked(1);
    end();
    const before = { asked, cuts: cuts.length };
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(asked).toBeLessThanOrEqual(before.asked + 1);
    expect(cuts.length).toBe(before.cuts);
  });
});
