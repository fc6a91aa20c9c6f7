import { leastNs } from './floor.ts';
import { type Figures, LAYERS, type Layer, type LinkParameters, type TapDetail } from './result.ts';
import type { Accounting } from './source.ts';

/** `212 ms`, `3.4 ms`, `840 µs`, `3.2 µs` */
export function inWords(ns: number): string {
  const size = Math.abs(ns);
  if (size >= 99.5e6) return `${(ns / 1e6).toFixed(0)} ms`;
  if (size >= 0.9995e6) return `${(ns / 1e6).toFixed(size >= 9.95e6 ? 1 : 2)} ms`;
  return `${(ns / 1e3).toFixed(size >= 99_500 ? 0 : 1)} µs`;
}

/** Layers that take less than this share of the tap are not worth a word. */
const WORTH_SAYING = 0.002;

/** `212 ms: 171 air at 106 kbit/s, 27 serial, 9 reader, 5 card; floor at 848 kbit/s 38 ms; first tap 310 ms`, of the median tap. */
export function answerOf(
  figures: Figures,
  first: TapDetail | null,
  link: LinkParameters,
  accounting: Accounting,
): string {
  const { sample } = figures.median;
  const total = sample.endNs - sample.startNs;
  const parts = LAYERS.filter((layer) => Math.abs(sample.layers[layer]) >= total * WORTH_SAYING)
    .sort((a, b) => sample.layers[b] - sample.layers[a])
    .map((layer) => `${inWords(sample.layers[layer])} ${layerInWords(layer, link, accounting)}`);
  const { air, serial } = figures.floor;
  const fastest = air.reduce((best, row) => (row.totalNs < best.totalNs ? row : best));
  const baud = serial.length === 0 ? '' : ` and ${Math.max(...serial.map((row) => row.baudRate))} baud`;
  const least = `at ${fastest.rate} kbit/s${baud} ${inWords(leastNs(figures.floor))}`;
  // A tap in process can be faster than air allows.
  const floor = link.air === null ? `on air the same bytes take ${least} at the least` : `floor ${least}`;
  return `${inWords(total)}: ${parts.join(', ')}; ${floor}${first === null ? '' : `; ${firstInWords(first)}`}`;
}

function firstInWords({ sample: { failure, startNs, endNs } }: TapDetail): string {
  return failure === null ? `first tap ${inWords(endNs - startNs)}` : 'the first tap failed';
}

function layerInWords(layer: Layer, { air, baudRate }: LinkParameters, { residual, layers }: Accounting): string {
  if (layer === 'air' && air !== null) {
    const rates = air.rateToCard === air.rateToReader ? `${air.rateToCard}` : `${air.rateToCard}/${air.rateToReader}`;
    return `air at ${air.source === 'assumed' ? 'an assumed ' : ''}${rates} kbit/s`;
  }
  if (layer === 'serial' && baudRate !== null) return `serial at ${baudRate} baud`;
  if (layer !== residual) return layer;
  const hidden = (['reader', 'card'] as const).filter((each) => each !== layer && layers[each].basis === 'unknown');
  return [layer, ...hidden].join(' and ');
}
