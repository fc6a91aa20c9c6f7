import { parseHTML } from 'linkedom';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareResults } from '../../../../rig/measure/compare/compare-results.ts';
import {
  type ExchangeDetail,
  LAYERS,
  type LayerTimes,
  type TapBenchResult,
} from '../../../../rig/measure/tap/result.ts';
import { waterfallBars } from '../../../../rig/measure/tap-report/figures.ts';
import { tapHtml } from '../../../../rig/measure/tap-report/html.ts';
import { tapSummary } from '../../../../rig/measure/tap-report/summary.ts';
import { measuredResult, withFirst, withTimes } from '../compare/measured-result.ts';

let result: TapBenchResult;
let page: string;
beforeAll(async () => {
  // A machine that is busy makes a result that is not trusted; that is a test of its own.
  const measured = await measuredResult();
  result = { ...measured, diagnosis: { ...measured.diagnosis, trusted: true } };
  page = await tapHtml(result);
});

/** What a page shows under a heading, as text. */
function under(markup: string, heading: string): string {
  const { document } = parseHTML(markup);
  const all = [...document.querySelectorAll('main > section')];
  const found = all.find((section) => section.querySelector('h2')?.textContent === heading);
  expect(found, `the page has ${heading}`).toBeDefined();
  return found?.textContent ?? '';
}

const FAILURE = { kind: 'timeout', message: 'the reader did not answer', afterExchanges: 1 } as const;

describe('the report as a page', () => {
  it('is one file that loads and runs nothing', () => {
    expect(page).toMatch(/^<!doctype html>/);
    const { document } = parseHTML(page);
    expect(document.querySelectorAll('script, link, img, iframe, object')).toHaveLength(0);
    expect([...document.querySelectorAll('style')]).toHaveLength(1);
    expect(page).not.toMatch(/(src|href)="(?!#)/);
    // The policy allows the page's own style and no other.
    expect(page).not.toMatch(/<[^>]+ style="/);
  });

  it('says what was tapped, on what, and how it ended', () => {
    expect(page).toContain(result.answer);
    expect(page).toContain('simulated');
    for (const { detail } of result.diagnosis.findings) {
      expect(under(page, 'The machine and the link')).toContain(detail);
    }
  });

  it('says above all else that it is not to be trusted', async () => {
    const markup = await tapHtml({ ...result, diagnosis: { ...result.diagnosis, trusted: false } });
    expect(under(markup, 'Not to be trusted, and why')).toContain(result.diagnosis.findings[0]!.detail);
  });

  it('has five figures, each named for who does not see it', () => {
    const { document } = parseHTML(page);
    const figures = [...document.querySelectorAll('figure svg')];
    expect(figures.map((svg) => svg.getAttribute('aria-label'))).toEqual([
      'Histogram of taps',
      'Cumulative distribution of taps',
      'The median tap',
      'The first tap',
      'The slowest tap',
    ]);
    for (const svg of figures) expect(svg.querySelectorAll('rect, path').length).toBeGreaterThan(1);
  });

  it('gives every layer, command and prediction a row', () => {
    const figures = result.figures!;
    for (const layer of LAYERS.filter((each) => result.layers[each].basis !== 'none')) {
      expect(under(page, 'Where it goes')).toContain(result.layers[layer].note);
    }
    for (const { command, header } of figures.commands) {
      expect(under(page, 'Commands')).toContain(command);
      expect(under(page, 'Commands')).toContain(header);
    }
    for (const { label } of figures.whatIf) expect(under(page, 'What if')).toContain(label);
    expect(under(page, 'The floor')).toContain('848');
  });

  it.each([
    [17.4e6, 'The first tap (not among them): 17.4 ms, 8.70 times the median.'],
    ['failed', 'The first tap (not among them) failed: timeout: no answer.'],
  ] as const)('shows the first tap apart: %s', async (ns, words) => {
    const shown = withFirst(result, ns);
    const total = { ...shown.figures!.total, p50: { value: 2e6, low: 2e6, high: 2e6 } };
    const markup = await tapHtml({ ...shown, figures: { ...shown.figures!, total } });
    expect(under(markup, 'How long')).toContain(words);
    expect(under(markup, 'Where it goes').includes('First tap, ms')).toBe(ns !== 'failed');
    const summary = tapSummary({ ...shown, figures: { ...shown.figures!, total } });
    expect(summary).toContain(`  the${words.slice(3, -1)}\n`);
  });

  it('shows a result of before, which has no first tap', async () => {
    expect(await tapHtml({ ...result, answer: '', first: null })).not.toContain('irst tap');
    expect(tapSummary({ ...result, answer: '', first: null })).not.toContain('first');
  });

  it('shows a comparison with its doubts', async () => {
    const times = Array.from({ length: 20 }, (_, i) => 1e7 + ((i * 7) % 20));
    const slower = withTimes(
      result,
      times.map((ns) => 1.2 * ns),
      false,
    );
    const compared = await tapHtml(slower, compareResults(withTimes(result, times), slower));
    const text = under(compared, 'Compared with the baseline');
    expect(text).toMatch(/slower: \+20\.0 %/);
    expect(text).toContain('cannot be trusted');
  });

  it('says which taps failed, and does without figures when all did', async () => {
    const failed: TapBenchResult = {
      ...result,
      taps: result.taps.map((tap) => ({ ...tap, failure: FAILURE })),
      failures: [{ kind: FAILURE.kind, message: FAILURE.message, count: result.taps.length }],
      figures: null,
      verdict: 'fail',
    };
    const markup = await tapHtml(failed);
    expect(under(markup, 'Taps that failed')).toContain(FAILURE.message);
    expect(markup).toContain('there is nothing to draw');
    expect(markup).not.toContain('<figure');
  });

  it('of one tap draws what there is: no spread, and no slowest tap beside the median', async () => {
    const one = await measuredResult(1);
    const { document } = parseHTML(await tapHtml(one));
    const figures = [...document.querySelectorAll('figure svg')].map((svg) => svg.getAttribute('aria-label'));
    expect(figures).toEqual(['The tap', 'The first tap']);
    expect(tapSummary(one)).toMatch(/ {2}1 tap, (ms|µs) +p50/);
  });

  it('says of one longer tap that it is not drawn', async () => {
    const times = [...Array.from({ length: 19 }, (_, i) => 1e6 + i * 1e3), 90e6];
    expect(under(await tapHtml(withTimes(result, times)), 'How long')).toMatch(
      /; 1 longer one, up to .*, is not drawn\./,
    );
  });

  it('takes what cards and readers say as text', async () => {
    const environment = { ...result.environment, reader: '<script>alert(1)</script>', card: '"><b>' };
    const markup = await tapHtml({ ...result, environment });
    expect(parseHTML(markup).document.querySelectorAll('script')).toHaveLength(0);
    expect(markup).toContain('&lt;script&gt;');
  });
});

describe('the report in the terminal', () => {
  it('has the answer, percentiles, bars, layers and predictions', () => {
    const text = tapSummary(result);
    expect(text).toContain(result.answer);
    expect(text).toMatch(/20 taps, (ms|µs) +p50 +p90 +p99 +p99\.9 +max/);
    expect(text).toContain('█');
    expect(text).toMatch(/ +card +measured +\d/);
    expect(text).toMatch(/what if/);
    for (const { verdict, detail } of result.diagnosis.findings) {
      expect(text.includes(detail), detail).toBe(verdict !== 'fine');
    }
  });

  it('gives a layer that nobody sees no time', () => {
    const layers = { ...result.layers, reader: { basis: 'unknown', note: 'in link' } } as const;
    expect(tapSummary({ ...result, layers })).toMatch(/^ {2}reader +unknown +– +– +–$/m);
  });

  it('says first what cannot be trusted, and last what failed', () => {
    const findings = [
      { id: 'vpcd-delay', verdict: 'distrust', detail: 'an echo takes 44 ms', cure: 'do this' } as const,
    ];
    const failures = [{ kind: FAILURE.kind, message: FAILURE.message, count: 3 }];
    const text = tapSummary({ ...result, diagnosis: { trusted: false, findings }, failures });
    expect(text.split('\n')[1]).toBe('NOT TO BE TRUSTED: an echo takes 44 ms; do this');
    expect(text).toMatch(/3 of 20 taps failed:\n {2}3 × timeout: the reader did not answer\n$/);
  });
});

describe('the waterfall of a tap', () => {
  const layers = (more: Partial<LayerTimes>): LayerTimes => ({
    card: 0,
    air: 0,
    reader: 0,
    serial: 0,
    link: 0,
    host: 0,
    ...more,
  });
  const exchange = (startNs: number, more: Partial<LayerTimes>): ExchangeDetail => ({
    command: 'READ RECORD',
    header: '00B2010C',
    status: '9000',
    sentBytes: 5,
    receivedBytes: 34,
    serialBytes: 0,
    startNs,
    endNs: startNs + Object.values(more).reduce((sum, each) => sum + each, 0),
    layers: layers(more),
  });
  const sample = {
    index: 0,
    intendedNs: null,
    startNs: 1000,
    endNs: 2000,
    stages: { detect: 200, activate: 100, exchanges: 500, between: 200 },
    layers: layers({ card: 120, link: 680, host: 200 }),
    shape: 0,
    failure: null,
  };

  it('has a row for finding the card and one for each command; the program’s time lies before each', () => {
    const { rows, bars } = waterfallBars({
      sample,
      exchanges: [exchange(1350, { card: 50, link: 150 }), exchange(1650, { card: 50, link: 250 })],
      trace: null,
    });
    expect(rows).toEqual([
      'detection and activation',
      '1  READ RECORD 00B2010C, 34 bytes',
      '2  READ RECORD 00B2010C, 34 bytes',
    ]);
    expect(bars.map(({ row, layer, from, to }) => [rows.indexOf(row), layer, from, to])).toEqual([
      // What the exchanges do not take of 120 and 680.
      [0, 'card', 0, 20],
      [0, 'link', 20, 300],
      [1, 'host', 300, 350],
      [1, 'card', 350, 400],
      [1, 'link', 400, 550],
      [2, 'host', 550, 650],
      [2, 'card', 650, 700],
      [2, 'link', 700, 950],
    ]);
  });

  it('puts more than sixty commands together', () => {
    const exchanges = Array.from({ length: 100 }, (_, i) => exchange(1300 + 7 * i, { link: 5 }));
    const { rows } = waterfallBars({ sample, exchanges, trace: null });
    expect(rows).toHaveLength(61);
    expect(rows.at(-1)).toBe('60 and after');
  });

  it('draws no residual below nothing', () => {
    const { bars } = waterfallBars({ sample, exchanges: [exchange(1300, { link: 10, card: -5 })], trace: null });
    expect(bars.every(({ from, to }) => to > from)).toBe(true);
  });
});
