import { describe, expect, it } from 'vitest';
import { LAYERS, STAGES } from '../../../../rig/measure/tap/result.ts';
import { tapInField } from './simulated-field.ts';

/** The simulated field and chip are programs of their own, in virtual time: what they take is exact. */
describe('predictions, held against the simulated field', { timeout: 60_000 }, () => {
  const cases = [
    { from: { baudRate: 115_200, rate: 106 }, to: { baudRate: 921_600, rate: 106 }, change: { baud: 921_600 } },
    { from: { baudRate: 921_600, rate: 106 }, to: { baudRate: 115_200, rate: 106 }, change: { baud: 115_200 } },
    { from: { baudRate: 921_600, rate: 106 }, to: { baudRate: 921_600, rate: 212 }, change: { rate: 212 } },
    { from: { baudRate: 921_600, rate: 106 }, to: { baudRate: 921_600, rate: 424 }, change: { rate: 424 } },
    {
      from: { baudRate: 115_200, rate: 106 },
      to: { baudRate: 921_600, rate: 424 },
      change: { rate: 424, baud: 921_600 },
    },
    {
      from: { baudRate: 921_600, rate: 106, fsci: 5 },
      to: { baudRate: 921_600, rate: 106, fsci: 2 },
      change: { fsc: 32 },
    },
  ];

  it.each(cases)('$change', async ({ from, to, change }) => {
    const before = await tapInField({ ...from, whatIf: [change] });
    const after = await tapInField(to);
    const exchanges = after.figures!.stages.exchanges.p50.value;
    const predicted = before.figures!.whatIf[0]!;
    const measured = after.figures!.total.p50.value;
    expect(predicted.asked).toBe(true);
    // InPSL's own command, which no tap at 106 kbit/s has, is in the activation: 2 ms at most.
    const psl = to.rate > 106 ? 2e6 : 0;
    expect(measured - predicted.predictedP50).toBeGreaterThanOrEqual(-0.01 * measured);
    expect(measured - predicted.predictedP50).toBeLessThanOrEqual(0.01 * measured + psl);
    expect(exchanges).toBeGreaterThan(0);
  });
});

describe('the account of a tap in the simulated field', { timeout: 60_000 }, () => {
  it.each([
    { baudRate: 115_200, rate: 106 },
    { baudRate: 921_600, rate: 424 },
  ])('sums to the tap, with no part below nothing, at $baudRate baud and $rate kbit/s', async (link) => {
    const { accounted } = await tapInField(link);
    expect(accounted.samples).toHaveLength(3);
    for (const { startNs, endNs, layers, stages, failure } of accounted.samples) {
      const total = endNs - startNs;
      expect(failure).toBeNull();
      expect(LAYERS.reduce((sum, layer) => sum + layers[layer], 0)).toBe(total);
      expect(STAGES.reduce((sum, stage) => sum + stages[stage], 0)).toBe(total);
      for (const layer of LAYERS) expect(layers[layer]).toBeGreaterThanOrEqual(-0.001 * total);
      // Virtual time passes on air, on the line and in the chip alone.
      expect(layers.host).toBe(0);
    }
  });
});
