import { LAYERS, STAGES, type TapBenchResult } from './result.ts';

/** One line for each tap, times in microseconds, failed taps among them. */
export function tapsAsCsv({ taps }: TapBenchResult): string {
  const head = ['tap', 'intended_us', 'start_us', 'total_us', 'response_us', ...STAGES, ...LAYERS, 'failure'];
  const us = (ns: number): string => (ns / 1000).toFixed(3);
  const rows = taps.map(({ index, intendedNs, startNs, endNs, stages, layers, failure }) => [
    `${index}`,
    intendedNs === null ? '' : us(intendedNs),
    us(startNs),
    us(endNs - startNs),
    us(endNs - (intendedNs ?? startNs)),
    ...STAGES.map((stage) => us(stages[stage])),
    ...LAYERS.map((layer) => us(layers[layer])),
    failure?.kind ?? '',
  ]);
  return `${[head, ...rows].map((row) => row.join(',')).join('\n')}\n`;
}
