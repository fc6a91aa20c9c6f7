import { quantileOf } from '../figures/quantile.ts';
import type { Html } from '../report/html.ts';
import { type PlotModule, plotting, type SvgDocument, svgMarkup } from '../report/static-plot.ts';
import { counted } from '../report/words.ts';
import type { PhaseResult, Series } from './phase.ts';
import { LADDER } from './phases/ladder-rates.ts';

/** A figure as markup, and the sentence under it. */
export interface Figure {
  readonly svg: Html;
  readonly caption: string;
}

const WIDTH = 460;
const HEIGHT = 230;

/** The distributions behind the numbers, for what was measured; drawn without a script in the page. */
export async function boardFigures(phases: readonly PhaseResult[]): Promise<readonly Figure[]> {
  const series = phases.flatMap((phase) => phase.series).filter(({ values }) => values.length > 0);
  const roundTrip = series.find(({ id }) => id === 'round-trip');
  const ladder = LADDER.flatMap((rate) =>
    series.filter(({ id }) => id === `echo-${rate}`).map((each) => ({ rate, each })),
  );
  if (roundTrip === undefined && ladder.length === 0) return [];
  const { Plot, document } = await plotting();
  const figures: Figure[] = [];
  if (roundTrip !== undefined) figures.push(histogram(Plot, document, roundTrip));
  if (ladder.length > 0) figures.push(ladderFigure(Plot, document, ladder));
  return figures;
}

function histogram(Plot: PlotModule, document: SvgDocument, { values: all }: Series): Figure {
  // A few that the machine delayed would press the others together.
  const end = 1.05 * quantileOf(all, 0.98);
  const values = all.filter((each) => each <= end);
  const beyond = all.length - values.length;
  const svg = Plot.plot({
    document,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 44,
    marginBottom: 44,
    x: { label: 'round trip, ms', labelOffset: 38 },
    y: { label: 'how many', grid: true },
    marks: [
      Plot.rectY(values, {
        ...Plot.binX({ y: 'count' }, { x: (value: number) => value, thresholds: 40 }),
        fill: 'currentColor',
        fillOpacity: 0.55,
        inset: 0.5,
      }),
      Plot.ruleY([0]),
    ],
  });
  return {
    svg: svgMarkup(svg, 'Histogram of round-trip times'),
    caption: `Round-trip time, ${counted(all.length, 'answer')} to GetFirmwareVersion${beyond === 0 ? '' : `; ${counted(beyond, 'longer one is', 'longer ones are')} not drawn, the longest ${Math.max(...all).toFixed(1)} ms`}.`,
  };
}

function ladderFigure(
  Plot: PlotModule,
  document: SvgDocument,
  ladder: readonly { rate: number; each: Series }[],
): Figure {
  const points = ladder.flatMap(({ rate, each }) => each.values.map((ms) => ({ rate: `${rate}`, ms })));
  const svg = Plot.plot({
    document,
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 60,
    marginBottom: 44,
    x: { label: 'echo of 128 bytes, ms', labelOffset: 38, grid: true, zero: true },
    y: { label: null, domain: ladder.map(({ rate }) => `${rate}`) },
    marks: [
      Plot.tickX(points, { x: 'ms', y: 'rate', strokeOpacity: 0.35, stroke: 'currentColor' }),
      Plot.tickX(points, {
        ...Plot.groupY({ x: 'median' }, { x: 'ms', y: 'rate' }),
        stroke: 'currentColor',
        strokeWidth: 3,
      }),
    ],
  });
  return {
    svg: svgMarkup(svg, 'Echo times at each rate'),
    caption: 'Echoes at each rate in baud; the thick mark is the median.',
  };
}
