import { describe, expect, it } from 'vitest';
import { PowerLoss, PowerLossNvm } from '../../../src/hal/nvm/power-loss.ts';
import type { Random } from '../../../src/hal/random.ts';
import { nvmContract } from '../../contract/nvm.ts';

nvmContract('power loss, while it has power', 'durable', (content) => {
  const nvm = new PowerLossNvm(content);
  return { nvm, reopen: () => nvm.survivor('lost') };
});

const ABC = Uint8Array.of(0xa, 0xb, 0xc);

/** Two writes, each followed by a flush: steps 0 1 2 | 3 flush | 4 5 6 | 7 flush. */
function twoWrites(nvm: PowerLossNvm): void {
  nvm.write(0, ABC, 0, 3);
  nvm.flush();
  nvm.write(4, ABC, 0, 3);
  nvm.flush();
}

describe('PowerLossNvm', () => {
  it('counts each byte written and each flush as a step', () => {
    const nvm = new PowerLossNvm(8, { eraseValue: 0 });
    twoWrites(nvm);
    expect(nvm.steps).toBe(8);
    expect(nvm.powered).toBe(true);
  });

  it.each([
    // step, bytes that reached the memory, bytes that the last flush made durable
    [0, [0, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0]],
    [1, [0xa, 0, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0]],
    [2, [0xa, 0xb, 0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0]],
    [3, [0xa, 0xb, 0xc, 0, 0, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0]],
    [4, [0xa, 0xb, 0xc, 0, 0, 0, 0, 0], [0xa, 0xb, 0xc, 0, 0, 0, 0, 0]],
    [6, [0xa, 0xb, 0xc, 0, 0xa, 0xb, 0, 0], [0xa, 0xb, 0xc, 0, 0, 0, 0, 0]],
    [7, [0xa, 0xb, 0xc, 0, 0xa, 0xb, 0xc, 0], [0xa, 0xb, 0xc, 0, 0, 0, 0, 0]],
  ])('loses its power at step %s and not before', (step, kept, lost) => {
    const nvm = new PowerLossNvm(8, { eraseValue: 0, losesPowerAt: step });
    expect(() => twoWrites(nvm)).toThrow(PowerLoss);
    expect(nvm.steps).toBe(step);
    expect([...nvm.survivor('kept').snapshot()]).toEqual(kept);
    expect([...nvm.survivor('lost').snapshot()]).toEqual(lost);
  });

  it('does nothing at all after the loss', () => {
    const nvm = new PowerLossNvm(8, { eraseValue: 0, losesPowerAt: 1 });
    expect(() => nvm.write(0, ABC, 0, 3)).toThrow(PowerLoss);
    expect(nvm.powered).toBe(false);
    expect(() => nvm.write(4, ABC, 0, 3)).toThrow(PowerLoss);
    expect(() => nvm.read(0, new Uint8Array(1), 0, 1)).toThrow(PowerLoss);
    expect(() => nvm.readByte(0)).toThrow(PowerLoss);
    expect(() => nvm.flush()).toThrow(PowerLoss);
    expect([...nvm.survivor('kept').snapshot()]).toEqual([0xa, 0, 0, 0, 0, 0, 0, 0]);
  });

  it('lets a coin decide for each unflushed byte that changed', () => {
    const nvm = new PowerLossNvm(6, { eraseValue: 0 });
    nvm.write(0, Uint8Array.of(1), 0, 1);
    nvm.flush();
    nvm.write(1, Uint8Array.of(2, 0, 3, 4), 0, 4);
    // Asked for addresses 1, 3 and 4: heads, tails, heads.
    const coins = [1, 0, 1];
    const random: Random = {
      fill(target, offset) {
        target[offset] = coins.shift() ?? Number.NaN;
      },
    };
    expect([...nvm.survivor(random).snapshot()]).toEqual([1, 2, 0, 0, 4, 0]);
    expect(coins).toEqual([]);
  });

  it('leaves a survivor with power of its own and the same traits', () => {
    const nvm = new PowerLossNvm(4, { eraseValue: 0, writeGranule: 4, losesPowerAt: 0 });
    expect(() => nvm.flush()).toThrow(PowerLoss);
    const survivor = nvm.survivor('lost');
    survivor.write(0, ABC, 0, 3);
    expect([...survivor.snapshot()]).toEqual([0xa, 0xb, 0xc, 0]);
    expect([survivor.eraseValue, survivor.writeGranule]).toEqual([0, 4]);
  });
});
