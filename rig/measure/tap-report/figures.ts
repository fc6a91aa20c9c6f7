import { median } from '../../figures/quantile.ts';
import type { Html } from '../../report/html.ts';
import { type PlotModule, plotting, type SvgDocument, svgMarkup } from '../../report/static-plot.ts';
import { counted } from '../../report/words.ts';
import { type ExchangeDetail, LAYERS, type Layer, type TapBenchResult, type TapDetail } from '../tap/result.ts';
import { LAYER_COLOURS } from './colours.ts';
import { endOfBulk } from './histogram.ts';
import { unitFor } from './units.ts';

/** A figure as markup, and the sentence under it. */
export interface Figure {
  readonly svg: Html;
  readonly caption: string;
}

export interface TapFigures {
  /** Null where all taps took the same, as one alone does: there is nothing to spread. */
  readonly spread: { readonly histogram: Figure; readonly distribution: Figure } | null;
  readonly median: Figure;
  /** Null where it is the median one. */
  readonly slowest: Figure | null;
  /** Null where there is none, or where it failed. */
  readonly first: Figure | null;
}

const WIDTH = 560;
const HEIGHT = 260;
const WIDE = 1120;
const ROW = 17;
/** A figure of more rows than this cannot be read: the others are put together. */
const MOST_ROWS = 60;
/** Points of a curve; more cannot be told apart. */
const MOST_POINTS = 400;

/** Figures for the page; null for a result without any. */
export async function tapFigures(result: TapBenchResult): Promise<TapFigures | null> {
  const { figures, first } = result;
  if (figures === null) return null;
  const { Plot, document } = await plotting();
  const good = result.taps.filter(({ failure }) => failure === null);
  const totals = good.map(({ startNs, endNs }) => endNs - startNs);
  const responses = good.map(({ intendedNs, startNs, endNs }) => endNs - (intendedNs ?? startNs));
  const scheduled = result.schedule.arrivals.kind === 'fixed';
  return {
    spread: totals.every((each) => each === totals[0])
      ? null
      : {
          histogram: histogram(Plot, document, totals),
          distribution: distribution(Plot, document, totals, scheduled ? responses : null),
        },
    median: waterfall(Plot, document, figures.median, good.length === 1 ? 'The tap' : 'The median tap'),
    slowest:
      figures.slowest.sample.index === figures.median.sample.index
        ? null
        : waterfall(Plot, document, figures.slowest, 'The slowest tap'),
    first: first?.sample.failure === null ? waterfall(Plot, document, first, 'The first tap') : null,
  };
}

function histogram(Plot: PlotModule, document: SvgDocument, totals: readonly number[]): Figure {
  const sorted = [...totals].sort((a, b) => a - b);
  const end = endOfBulk(sorted);
  const shown = sorted.filter((each) => each <= end);
  const beyond = sorted.length - shown.length;
  const unit = unitFor(median(sorted));
  const svg = Plot.plot({
    document,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 50,
    marginBottom: 44,
    x: { label: `tap, ${unit.name}`, labelOffset: 38 },
    y: { label: 'taps', grid: true, tickFormat: (count: number) => (Number.isInteger(count) ? `${count}` : '') },
    marks: [
      Plot.rectY(shown, {
        ...Plot.binX({ y: 'count' }, { x: (ns: number) => ns / unit.ns, thresholds: 40 }),
        fill: LAYER_COLOURS.air,
        inset: 0.5,
      }),
      Plot.ruleY([0]),
    ],
  });
  const left =
    beyond === 0
      ? ''
      : `; ${counted(beyond, 'longer one')}, up to ${unit.text(sorted.at(-1) as number)}, ${beyond === 1 ? 'is' : 'are'} not drawn`;
  return {
    svg: svgMarkup(svg, 'Histogram of taps'),
    caption: `How long ${counted(sorted.length, 'tap')} took${left}.`,
  };
}

function distribution(
  Plot: PlotModule,
  document: SvgDocument,
  totals: readonly number[],
  responses: readonly number[] | null,
): Figure {
  const unit = unitFor(median(totals));
  const points = [
    ...shares(totals).map((point) => ({ ...point, from: 'its start' })),
    ...(responses === null ? [] : shares(responses).map((point) => ({ ...point, from: 'its intended start' }))),
  ].map(({ ns, share, from }) => ({ time: ns / unit.ns, share: 100 * share, from }));
  const svg = Plot.plot({
    document,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 50,
    marginRight: 24,
    marginBottom: 44,
    x: { label: `tap, ${unit.name} (logarithmic)`, labelOffset: 38, type: 'log', grid: true },
    y: { label: 'per cent of taps', grid: true, domain: [0, 100] },
    color: { domain: ['its start', 'its intended start'], range: [LAYER_COLOURS.air, LAYER_COLOURS.card] },
    marks: [
      Plot.line(points, { x: 'time', y: 'share', stroke: 'from', strokeWidth: 2, curve: 'step-after' }),
      Plot.ruleY([50, 90, 99], { strokeOpacity: 0.4, strokeDasharray: '3,3', stroke: 'currentColor' }),
    ],
  });
  const lines =
    responses === null ? '' : ' Blue counts from a tap’s start, red from the moment that the schedule meant';
  return {
    svg: svgMarkup(svg, 'Cumulative distribution of taps'),
    caption: `Share of taps that took no longer (ECDF); dashes at 50, 90 and 99 per cent.${lines}${lines === '' ? '' : '.'}`,
  };
}

/** Steps of the empirical distribution, thinned where they are many; the last tenth of a per cent is always whole. */
function shares(values: readonly number[]): { readonly ns: number; readonly share: number }[] {
  const sorted = [...values].sort((a, b) => a - b);
  const step = Math.max(1, Math.floor(sorted.length / MOST_POINTS));
  return sorted
    .map((ns, i) => ({ ns: Math.max(ns, 1), share: (i + 1) / sorted.length }))
    .filter((_, i) => i % step === 0 || i >= sorted.length * 0.999 || i === sorted.length - 1);
}

const BEFORE = 'detection and activation';

interface Bar {
  readonly row: string;
  readonly from: number;
  readonly to: number;
  readonly layer: Layer;
}

function waterfall(Plot: PlotModule, document: SvgDocument, tap: TapDetail, title: string): Figure {
  const total = tap.sample.endNs - tap.sample.startNs;
  const unit = unitFor(total);
  const { rows, bars } = waterfallBars(tap);
  const svg = Plot.plot({
    document,
    width: WIDE,
    height: 64 + ROW * rows.length,
    marginLeft: 250,
    marginRight: 20,
    marginBottom: 44,
    x: { label: `${unit.name} since the tap began`, labelOffset: 38, grid: true, domain: [0, total / unit.ns] },
    y: { label: null, domain: rows },
    color: { domain: [...LAYERS], range: LAYERS.map((layer) => LAYER_COLOURS[layer]) },
    marks: [
      Plot.barX(
        bars.map((bar) => ({ ...bar, from: bar.from / unit.ns, to: bar.to / unit.ns })),
        { x1: 'from', x2: 'to', y: 'row', fill: 'layer', insetTop: 2, insetBottom: 2 },
      ),
      Plot.ruleX([0]),
    ],
  });
  const trace = tap.trace === null ? '' : ` Its trace is ${tap.trace}.`;
  return {
    svg: svgMarkup(svg, title),
    caption: `${title}, ${tap.sample.index < 0 ? 'of the warm-up' : `number ${tap.sample.index + 1}`}: ${unit.text(total)}. A bar’s colours are its layers one after the other, not when each of them was at work.${trace}`,
  };
}

/** A row for finding the card, one for activating it, one for each exchange; times from the tap's start. */
export function waterfallBars({ sample, exchanges }: TapDetail): { rows: string[]; bars: Bar[] } {
  const first = sample.stages.detect + sample.stages.activate;
  const rows: string[] = [];
  const bars: Bar[] = [];
  if (first > 0) {
    rows.push(BEFORE);
    // What exchanges do not take of a layer lies before them; what the program takes lies before each command.
    const before = LAYERS.filter((layer) => layer !== 'host').map((layer): readonly [Layer, number] => [
      layer,
      sample.layers[layer] - exchanges.reduce((sum, each) => sum + each.layers[layer], 0),
    ]);
    bars.push(...stacked(BEFORE, 0, before));
  }
  let idleNs = first;
  exchanges.forEach((exchange, i) => {
    const last = i >= MOST_ROWS - 1;
    const row = last && exchanges.length > MOST_ROWS ? `${MOST_ROWS} and after` : nameOf(exchange, i);
    if (rows.at(-1) !== row) rows.push(row);
    const from = exchange.startNs - sample.startNs;
    bars.push(...stacked(row, idleNs, [['host', from - idleNs]]));
    idleNs = exchange.endNs - sample.startNs;
    bars.push(
      ...stacked(
        row,
        from,
        LAYERS.map((layer) => [layer, exchange.layers[layer]]),
      ),
    );
  });
  return { rows, bars };
}

function nameOf({ command, header, receivedBytes }: ExchangeDetail, i: number): string {
  return `${i + 1}  ${command} ${header}, ${receivedBytes} bytes`;
}

/** A negative residual has no bar. */
function stacked(row: string, from: number, parts: readonly (readonly [Layer, number])[]): Bar[] {
  let at = from;
  return parts.flatMap(([layer, ns]) => {
    if (ns <= 0) return [];
    const bar = { row, from: at, to: at + ns, layer };
    at += ns;
    return [bar];
  });
}
