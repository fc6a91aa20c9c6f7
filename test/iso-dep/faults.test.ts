import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as machines from '../../src/iso-dep/index.ts';
import { faultySession, oneFault, runSession, session } from './sessions.ts';

// On a busy machine thousands of sessions take longer than a test may by default.
describe('reader and card back to back', { timeout: 120_000 }, () => {
  it('with faults: the same bytes, carried out once, or a reported loss', () => {
    const total = { done: 0, lost: 0, frames: 0 };
    fc.assert(
      fc.property(faultySession, (config) => {
        const { done, lost, frames } = runSession(machines, config);
        total.done += done;
        total.lost += lost;
        total.frames += frames;
      }),
      { numRuns: 5000 },
    );
    // Both ends of it must have been seen, in numbers.
    expect(total.done).toBeGreaterThan(20_000);
    expect(total.lost).toBeGreaterThan(500);
    expect(total.frames).toBeGreaterThan(100_000);
  });

  it('one fault of any kind at any frame is overcome', () => {
    fc.assert(
      fc.property(oneFault, (config) => {
        runSession(machines, config, (end) => expect(end).toBe('done'));
      }),
      { numRuns: 2000 },
    );
  });

  it('without faults nothing is lost', () => {
    fc.assert(
      fc.property(session(fc.constant([])), (config) => {
        const acts = config.acts.map((each) => ({
          ...each,
          cost: Math.min(each.cost, 59, 2 ** (14 - config.fwi) * 0.99),
        }));
        runSession(machines, { ...config, acts }, (end) => expect(end).toBe('done'));
      }),
      { numRuns: 500 },
    );
  });
});
