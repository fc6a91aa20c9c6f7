import { activationAirNs, exchangeAirNs } from './air.ts';
import { type Metered, serialNs } from './meter.ts';
import type { AirParameters, ExchangeShape, LayerTimes, LinkParameters, StageTimes } from './result.ts';
import type { Accounting } from './source.ts';
import { RATES } from './what-if-option.ts';

/** One exchange as it was seen. */
export interface SeenExchange extends ExchangeShape {
  readonly startNs: number;
  readonly endNs: number;
  readonly metered: Metered;
}

/** One tap as it was seen, whole. */
export interface SeenTap {
  readonly startNs: number;
  /** When finding and activating the card ended. */
  readonly activatedNs: number;
  readonly activation: Metered;
  /** At least one. */
  readonly exchanges: readonly SeenExchange[];
}

const NOTHING: LayerTimes = { card: 0, air: 0, reader: 0, serial: 0, link: 0, host: 0 };

export function addLayers(a: LayerTimes, b: LayerTimes): LayerTimes {
  return {
    card: a.card + b.card,
    air: a.air + b.air,
    reader: a.reader + b.reader,
    serial: a.serial + b.serial,
    link: a.link + b.link,
    host: a.host + b.host,
  };
}

/** Splits a time on the link. Whatever is neither measured nor modelled is the residual, so that the layers sum to it. */
function split(
  totalNs: number,
  airNs: number,
  metered: Metered,
  link: LinkParameters,
  residual: Accounting['residual'],
): LayerTimes {
  const card = metered.cardNs ?? 0;
  const serial = link.baudRate === null ? 0 : serialNs(metered.serialBytes, link.baudRate);
  if (residual === 'reader' && metered.chipNs !== null) {
    // What the chip took is seen on the line; what is over is the way to it. A host that is late sees acknowledgement
    // and response at once: then the chip took at least what air and card need.
    const reader = Math.max(metered.chipNs - airNs - card, 0);
    return { card, air: airNs, reader, serial, link: totalNs - serial - airNs - card - reader, host: 0 };
  }
  const rest = totalNs - card - airNs - serial;
  return { ...NOTHING, card, air: airNs, serial, [residual]: rest };
}

export function exchangeLayers(exchange: SeenExchange, link: LinkParameters, accounting: Accounting): LayerTimes {
  const airNs = link.air === null ? 0 : exchangeAirNs(exchange, link.air);
  return split(exchange.endNs - exchange.startNs, airNs, exchange.metered, link, accounting.residual);
}

export interface TapAccounting {
  readonly stages: StageTimes;
  readonly layers: LayerTimes;
  readonly exchanges: readonly LayerTimes[];
}

/** Where a tap's time went: by stage, by layer, and the layers of each exchange. Both sums are the tap's time. */
export function accountTap(tap: SeenTap, link: LinkParameters, accounting: Accounting): TapAccounting {
  const exchanges = tap.exchanges.map((each) => exchangeLayers(each, link, accounting));
  const exchangesNs = tap.exchanges.reduce((sum, each) => sum + each.endNs - each.startNs, 0);
  const connectNs = tap.activatedNs - tap.startNs;
  const endNs = tap.exchanges.at(-1)?.endNs ?? tap.activatedNs;
  const between = endNs - tap.startNs - connectNs - exchangesNs;
  // Only where the chip finds and activates in one command is the first known by taking the other away.
  const oneCommand = accounting.stages.detect.basis === 'residual';
  const activationAir = link.air === null ? 0 : activationAirNs(link.air);
  const activate = oneCommand ? Math.min(activationAir, connectNs) : connectNs;
  const activation = split(connectNs, activationAir, tap.activation, link, accounting.residual);
  const layers = exchanges.reduce(addLayers, { ...activation, host: between });
  return { stages: { detect: connectNs - activate, activate, exchanges: exchangesNs, between }, layers, exchanges };
}

/**
 * The lowest bit rate at which the model allows every exchange that was seen: a reader that does not say which rate it
 * uses was at least that fast. At 848 kbit/s whatever was seen.
 */
export function slowestPossible(air: AirParameters, exchanges: readonly SeenExchange[]): AirParameters {
  const fits = (rate: number): boolean => {
    const at = { ...air, rateToCard: rate, rateToReader: rate };
    return exchanges.every((each) => exchangeAirNs(each, at) <= each.endNs - each.startNs);
  };
  const rate = RATES.find(fits) ?? (RATES.at(-1) as number);
  return { ...air, rateToCard: rate, rateToReader: rate };
}
