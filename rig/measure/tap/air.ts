import type { BitRate, BitRates } from '../../../src/iso-dep/bit-rate.ts';
import { activationCycles, cyclesToNs, exchangeCycles } from '../../../src/iso-dep/index.ts';
import type { AirParameters, ExchangeShape } from './result.ts';

/** Frame sizes that readers and cards have in the field. */
export const FLOOR_FRAME_SIZES: readonly number[] = [64, 128, 256];

const BIT_RATES: Readonly<Record<number, BitRate>> = { 106: 1, 212: 2, 424: 4, 848: 8 };

/** @param rate in kbit/s, 106, 212, 424 or 848 */
export function bitRate(rate: number): BitRate {
  const found = BIT_RATES[rate];
  if (found === undefined) throw new RangeError(`${rate} kbit/s is no bit rate of ISO/IEC 14443`);
  return found;
}

function ratesOf(air: AirParameters): BitRates {
  return { toCard: bitRate(air.rateToCard), toReader: bitRate(air.rateToReader) };
}

/** From the first REQA to the end of the ATS, or of the answer to PPS where a rate needs one. */
export function activationAirNs(air: AirParameters): number {
  const { toCard, toReader } = ratesOf(air);
  const pps = toCard > 1 || toReader > 1;
  return cyclesToNs(activationCycles({ uidLength: air.uidLength, atsLength: air.atsLength, pps }));
}

export function exchangeAirNs(
  { sentBytes, receivedBytes }: Pick<ExchangeShape, 'sentBytes' | 'receivedBytes'>,
  air: AirParameters,
): number {
  const { fsc, fsd } = air;
  const lengths = { commandLength: sentBytes, responseLength: receivedBytes };
  return cyclesToNs(exchangeCycles({ ...lengths, fsc, fsd, rates: ratesOf(air) }));
}

/** All exchanges of a tap, without its activation. */
export function exchangesAirNs(exchanges: readonly ExchangeShape[], air: AirParameters): number {
  return exchanges.reduce((sum, each) => sum + exchangeAirNs(each, air), 0);
}
