import { describe, expect, it } from 'vitest';
import { HalError } from '../../src/hal/errors.ts';
import { failureOf, putOnLink, whileServed } from './served-link.ts';
import { ToyCard } from './toy-card.ts';

const REASON = new HalError('protocol', 'nothing answers on the port');
const NEVER = new Promise<never>(() => {});
/** Longer than Node takes to find a rejection that nobody handles. */
const aTurn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 1));

/** A link that fails when the test says so, as one whose board does not answer; or ends when it is stopped. */
function link() {
  let [fail, end] = [() => {}, () => {}];
  const told = { stops: 0 };
  return {
    told,
    fail: () => fail(),
    serve: () =>
      new Promise<void>((resolve, reject) => {
        [fail, end] = [() => reject(REASON), resolve];
      }),
    stop: () => {
      told.stops++;
      end();
    },
  };
}

describe('a card on a link that fails', () => {
  it('is waited for no longer: the reason is the link’s, and comes once', async () => {
    const failing = link();
    const work = whileServed(failing, new ToyCard(), () => NEVER);
    failing.fail();
    await expect(work).rejects.toBe(REASON);
    await aTurn();
  });

  it('gives the reason of the link where the other end noticed it first', async () => {
    const failing = link();
    const work = async (): Promise<void> => {
      queueMicrotask(failing.fail);
      throw new Error('no card');
    };
    const stubborn = { ...failing, stop: () => {} };
    await expect(whileServed(stubborn, new ToyCard(), work)).rejects.toBe(REASON);
  });

  it('is no rejection that nobody handles, until it is removed', async () => {
    const failing = link();
    const card = putOnLink(failing, new ToyCard());
    failing.fail();
    await aTurn();
    await expect(card.failed).rejects.toBe(REASON);
    await expect(card.remove()).rejects.toBe(REASON);
  });
});

describe('a card on a link that goes on', () => {
  it('is served until the work is done, whose result comes back', async () => {
    const serving = link();
    expect(await whileServed(serving, new ToyCard(), async () => serving.told.stops)).toBe(0);
    expect(serving.told.stops).toBe(1);
  });

  it('leaves the work its own failure, and is stopped', async () => {
    const serving = link();
    const work = () => Promise.reject(new Error('6A82 came'));
    await expect(whileServed(serving, new ToyCard(), work)).rejects.toThrow('6A82 came');
    expect(serving.told.stops).toBe(1);
  });
});

it('the end of what runs beside a test is no failure', async () => {
  const failed = failureOf(Promise.resolve());
  expect(await Promise.race([failed, aTurn().then(() => 'the test goes on')])).toBe('the test goes on');
});
