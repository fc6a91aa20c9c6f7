import { describe, expect, it } from 'vitest';
import { accountTap, exchangeLayers, type SeenExchange, slowestPossible } from '../../../../rig/measure/tap/account.ts';
import { activationAirNs, exchangeAirNs } from '../../../../rig/measure/tap/air.ts';
import { PLAIN_AIR } from '../../../../rig/measure/tap/floor.ts';
import { UNSEEN } from '../../../../rig/measure/tap/meter.ts';
import { LAYERS, type LayerTimes } from '../../../../rig/measure/tap/result.ts';
import type { Accounting } from '../../../../rig/measure/tap/source.ts';
import { measured, modelled, residual } from '../../../../rig/measure/tap/source.ts';

const MS = 1_000_000;

function accounting(rest: Accounting['residual'], detect: 'measured' | 'residual' = 'measured'): Accounting {
  const basis = { ...measured('by a clock') };
  const layers = { card: basis, air: modelled('x'), reader: basis, serial: basis, link: basis, host: basis };
  return {
    residual: rest,
    layers: { ...layers, [rest]: residual('what is left') },
    stages: { detect: { basis: detect, note: '' }, activate: basis, exchanges: basis, between: basis },
  };
}

const seen = (change: Partial<SeenExchange> = {}): SeenExchange => ({
  command: 'READ BINARY',
  header: '00B00000',
  status: '9000',
  sentBytes: 5,
  receivedBytes: 102,
  serialBytes: 0,
  startNs: 10 * MS,
  endNs: 40 * MS,
  metered: UNSEEN,
  ...change,
});

const sum = (layers: LayerTimes): number => LAYERS.reduce((total, layer) => total + layers[layer], 0);

describe('the layers of an exchange', () => {
  const air = exchangeAirNs(seen(), PLAIN_AIR);

  it('in process: the card is measured, the link is what is left', () => {
    const exchange = seen({ metered: { ...UNSEEN, cardNs: 3 * MS } });
    const layers = exchangeLayers(exchange, { air: null, baudRate: null }, accounting('link'));
    expect(layers).toEqual({ card: 3 * MS, air: 0, reader: 0, serial: 0, link: 27 * MS, host: 0 });
  });

  it('over PC/SC and air: what the model does not take is the link', () => {
    const layers = exchangeLayers(seen(), { air: PLAIN_AIR, baudRate: null }, accounting('link'));
    expect(layers).toEqual({ card: 0, air, reader: 0, serial: 0, link: 30 * MS - air, host: 0 });
  });

  it('over a serial line: chip time without air is the reader, the rest the link', () => {
    // 1152 bytes at 115,200 baud are 100 ms; the chip took 17 of the other 20, the card 2 of them.
    const exchange = seen({
      endNs: 130 * MS,
      serialBytes: 1152,
      metered: { cardNs: 2 * MS, serialBytes: 1152, chipNs: 17 * MS },
    });
    const layers = exchangeLayers(exchange, { air: PLAIN_AIR, baudRate: 115_200 }, accounting('reader'));
    expect(layers).toEqual({
      card: 2 * MS,
      air,
      reader: 15 * MS - air,
      serial: 100 * MS,
      link: 3 * MS,
      host: 0,
    });
    expect(sum(layers)).toBe(120 * MS);
  });

  it('over a serial line whose host was late: air and card were, whatever it saw', () => {
    const exchange = seen({ metered: { cardNs: MS, serialBytes: 0, chipNs: 0 } });
    const layers = exchangeLayers(exchange, { air: PLAIN_AIR, baudRate: 115_200 }, accounting('reader'));
    expect(layers).toEqual({ card: MS, air, reader: 0, serial: 0, link: 29 * MS - air, host: 0 });
  });

  it('keeps what the model has too much as less than nothing', () => {
    const quick = seen({ endNs: 11 * MS });
    const layers = exchangeLayers(quick, { air: PLAIN_AIR, baudRate: null }, accounting('link'));
    expect(layers.link).toBe(MS - air);
    expect(sum(layers)).toBe(MS);
  });
});

describe('the account of a tap', () => {
  const first = seen({ startNs: 12 * MS, endNs: 40 * MS });
  const second = seen({ startNs: 45 * MS, endNs: 70 * MS });
  const tap = { startNs: 2 * MS, activatedNs: 11 * MS, activation: UNSEEN, exchanges: [first, second] };

  it('has what is between exchanges as the host’s', () => {
    const { stages, layers } = accountTap(tap, { air: null, baudRate: null }, accounting('link'));
    expect(stages).toEqual({ detect: 0, activate: 9 * MS, exchanges: 53 * MS, between: 6 * MS });
    expect(layers).toMatchObject({ host: 6 * MS, link: 62 * MS });
  });

  it('takes the activation’s air from a command that finds and activates in one', () => {
    const link = { air: PLAIN_AIR, baudRate: null };
    const { stages } = accountTap(tap, link, accounting('link', 'residual'));
    expect(stages.activate).toBe(activationAirNs(PLAIN_AIR));
    expect(stages.detect).toBe(9 * MS - activationAirNs(PLAIN_AIR));
  });
});

describe('the lowest bit rate that a reader can have used', () => {
  it.each([106, 212, 424, 848])('is %i kbit/s for an exchange of just that time', (rate) => {
    const ns = exchangeAirNs(seen(), { ...PLAIN_AIR, rateToCard: rate, rateToReader: rate });
    const found = slowestPossible(PLAIN_AIR, [seen({ startNs: 0, endNs: 50 * MS }), seen({ startNs: 0, endNs: ns })]);
    expect(found).toMatchObject({ rateToCard: rate, rateToReader: rate });
  });

  it('is the highest there is when even that is too slow', () => {
    expect(slowestPossible(PLAIN_AIR, [seen({ startNs: 0, endNs: 1 })]).rateToCard).toBe(848);
  });
});
