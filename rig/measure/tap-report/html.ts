import { channelInWords } from '../../channel/words.ts';
import { type Content, type Html, html } from '../../report/html.ts';
import { facts, pageEnvironment, reportPage, type Section, table, verdict, wide } from '../../report/page.ts';
import { counted } from '../../report/words.ts';
import type { Comparison } from '../compare/compare-results.ts';
import { COMPARE_CONFIDENCE } from '../compare/effect.ts';
import { duration, effectInWords, percent } from '../compare/present.ts';
import {
  type ChannelFigures,
  CONFIDENCE,
  type Distribution,
  type Estimate,
  type Figures,
  LAYERS,
  STAGES,
  type TapBenchResult,
} from '../tap/result.ts';
import { verdictSentence } from '../tap/verdict-sentence.ts';
import { legend } from './colours.ts';
import { commands, instructions } from './command-tables.ts';
import { type Figure, type TapFigures, tapFigures } from './figures.ts';
import { firstTapWords } from './first-tap.ts';
import { digits, type TimeUnit, unitFor } from './units.ts';

/** One file, without a script: where the time of taps went. @param comparison with a baseline, or null */
export async function tapHtml(result: TapBenchResult, comparison: Comparison | null = null): Promise<string> {
  const drawn = await tapFigures(result);
  const { figures, diagnosis } = result;
  const machine = {
    id: 'machine',
    title: diagnosis.trusted ? 'The machine and the link' : 'Not to be trusted, and why',
    body: trust(result),
  };
  return reportPage({
    title: `Taps of ${result.environment.card}`,
    verdict: verdict(result.verdict),
    answer: comparison === null ? result.answer : effectInWords(comparison.total),
    lead: comparison === null ? verdictSentence(result) : `${result.answer}. ${verdictSentence(result)}`,
    environment: pageEnvironment(result.environment),
    sections: [
      result.failures.length === 0 ? null : { id: 'failures', title: 'Taps that failed', body: failures(result) },
      diagnosis.trusted ? null : machine,
      comparison === null ? null : { id: 'baseline', title: 'Compared with the baseline', body: compared(comparison) },
      ...(figures === null || drawn === null
        ? [{ id: 'total', title: 'How long', body: html`<p>No tap was good: there is nothing to draw.</p>` }]
        : figureSections(result, figures, drawn)),
      diagnosis.trusted ? machine : null,
      { id: 'set-up', title: 'Set-up', body: setup(result) },
    ],
  });
}

function figureSections(result: TapBenchResult, figures: Figures, drawn: TapFigures): readonly Section[] {
  return [
    {
      id: 'total',
      title: 'How long',
      body: [
        percentiles(figures, result),
        firstTap(result, figures),
        drawn.spread === null
          ? null
          : html`<div class="figures">${figure(drawn.spread.histogram)}${figure(drawn.spread.distribution)}</div>`,
      ],
    },
    { id: 'parts', title: 'Where it goes', body: parts(figures, result) },
    ...(result.channel == null
      ? []
      : [{ id: 'channel', title: 'The secure channel', body: channelSection(result.channel, figures) }]),
    {
      id: 'one-tap',
      title: 'One tap, command by command',
      body: [
        legend(LAYERS.filter((layer) => figures.layers[layer].max > 0)),
        figure(drawn.median, true),
        drawn.first === null ? null : figure(drawn.first, true),
        drawn.slowest === null ? null : figure(drawn.slowest, true),
      ],
    },
    {
      id: 'commands',
      title: 'Commands',
      body: [instructions(figures), html`<h3>As they were sent</h3>`, commands(figures)],
    },
    { id: 'what-if', title: 'What if', body: whatIf(figures) },
    { id: 'floor', title: 'The floor', body: floor(figures) },
  ];
}

function channelSection({ account, stages }: ChannelFigures, figures: Figures): Html {
  const unit = unitFor(figures.total.p50.value);
  const cell = (ns: number): string => digits(ns / unit.ns);
  return html`<p>${channelInWords(account).join('; ')}.</p>
${table(
  [
    { head: 'Step' },
    { head: 'Exchanges', number: true },
    { head: 'Bytes out', number: true },
    { head: 'Bytes in', number: true },
    { head: `p50 ${unit.name}`, number: true },
    { head: `p99 ${unit.name}`, number: true },
    { head: `with the card ${unit.name}`, number: true },
  ],
  stages.map(({ name, exchanges, sentBytes, receivedBytes, p50, p99, cardP50 }) => [
    name,
    exchanges,
    sentBytes,
    receivedBytes,
    cell(p50),
    cell(p99),
    cell(cardP50),
  ]),
)}
<p class="reason">Secure messaging is what this program took to protect commands and to check answers; the card's part of it is in its exchanges.</p>`;
}

/** @param broad one whose words would be too small to read on a narrow screen: it scrolls there */
function figure({ svg, caption }: Figure, broad = false): Html {
  return html`<figure>${broad ? wide(svg, 'broad') : svg}<figcaption class="reason">${caption}</figcaption></figure>`;
}

function trust({ diagnosis }: TapBenchResult): Html {
  const signs = { fine: verdict('pass'), note: verdict('not-applicable'), distrust: verdict('fail') };
  const words = { fine: 'fine', note: 'note', distrust: 'distrust' };
  return table(
    [{ head: 'Verdict' }, { head: 'What' }, { head: 'Seen' }, { head: 'Cure' }],
    diagnosis.findings.map(({ id, verdict: found, detail, cure }) => [
      html`${found === 'note' ? words.note : signs[found]}`,
      id,
      detail,
      cure ?? '',
    ]),
  );
}

function failures({ failures: kinds }: TapBenchResult): Html {
  return table(
    [{ head: 'How many', number: true }, { head: 'Kind' }, { head: 'Message' }],
    kinds.map(({ kind, message, count }) => [count, kind, message]),
  );
}

function compared({ total, figures, doubts }: Comparison): Html {
  return html`<p><b>${effectInWords(total)}</b>. In brackets the interval of ${COMPARE_CONFIDENCE * 100} % of the shift (Hodges-Lehmann).</p>
${table(
  [
    { head: 'Median of' },
    { head: 'Baseline', number: true },
    { head: 'Now', number: true },
    { head: 'Change', number: true },
    { head: 'Verdict' },
  ],
  figures.map(({ name, of, baseline, current, effect }) => [
    `${name}${of === 'tap' || of === 'first' ? '' : ` (${of})`}`,
    duration(baseline),
    duration(current),
    percent(current / baseline),
    effect === null ? '' : effectInWords(effect),
  ]),
)}
${doubts.length === 0 ? null : html`<ul class="plain">${doubts.map((doubt) => html`<li>Doubt: ${doubt}.</li>`)}</ul>`}`;
}

const QUANTILES = ['p50', 'p90', 'p99', 'p999'] as const;

function percentiles(figures: Figures, { schedule }: TapBenchResult): Html {
  const unit = unitFor(figures.total.p50.value);
  const rows: [string, Distribution][] = [['from its start', figures.total]];
  if (schedule.arrivals.kind === 'fixed') rows.push(['from its intended start', figures.response]);
  const late =
    schedule.arrivals.kind === 'fixed'
      ? html`<p>${counted(schedule.late, 'tap')} began late at ${schedule.arrivals.ratePerSecond} a second, the worst by ${duration(schedule.worstLateNs)}: what that did to people at the gate is in the second row only.</p>`
      : html`<p>Each tap began when the one before was over: a stall shows as one slow tap.</p>`;
  return html`${table(
    [
      { head: `A tap, ${unit.name}` },
      ...['p50', 'p90', 'p99', 'p99.9', 'max', 'mean'].map((head) => ({ head, number: true })),
    ],
    rows.map(([name, d]) => [
      name,
      ...QUANTILES.map((quantile) => estimate(d[quantile], unit)),
      digits(d.max / unit.ns),
      digits(d.mean / unit.ns),
    ]),
  )}<p class="reason">${counted(figures.total.n, 'tap')}; under each figure its interval of ${CONFIDENCE * 100} % (bootstrap).</p>${late}`;
}

function firstTap({ first }: TapBenchResult, { total }: Figures): Html | null {
  if (first === null) return null;
  const words = firstTapWords(first, total.p50.value);
  return html`<p><b>${words.charAt(0).toUpperCase()}${words.slice(1)}.</b> It finds this program, the connection and a card that was just put in unused.</p>`;
}

function estimate({ value, low, high }: Estimate, unit: TimeUnit): Html {
  return html`${digits(value / unit.ns)}<br> <span class="reason">${digits(low / unit.ns)} to ${digits(high / unit.ns)}</span>`;
}

function parts(figures: Figures, result: TapBenchResult): Html {
  const unit = unitFor(figures.total.p50.value);
  const total = figures.total.mean;
  const first = result.first?.sample.failure === null ? result.first.sample : null;
  const columns = (head: string): Parameters<typeof table>[0] => [
    { head },
    { head: 'How it is known' },
    { head: `p50, ${unit.name}`, number: true },
    { head: `p99, ${unit.name}`, number: true },
    { head: 'Share of the mean', number: true },
    ...(first === null ? [] : [{ head: `First tap, ${unit.name}`, number: true }]),
  ];
  const row = (
    name: string,
    basis: Content,
    { p50, p99, mean }: Distribution,
    firstNs: number | undefined,
  ): Content[] => [
    name,
    basis,
    digits(p50.value / unit.ns),
    digits(p99.value / unit.ns),
    `${((100 * mean) / total).toFixed(1)} %`,
    ...(firstNs === undefined ? [] : [digits(firstNs / unit.ns)]),
  ];
  const known = ({ basis, note }: { basis: string; note: string }): Html => html`<b>${basis}</b>: ${note}`;
  return html`${table(
    columns('Layer'),
    LAYERS.filter((layer) => result.layers[layer].basis !== 'none').map((layer) =>
      row(layer, known(result.layers[layer]), figures.layers[layer], first?.layers[layer]),
    ),
  )}${table(
    columns('Stage'),
    STAGES.map((stage) => row(stage, known(result.stages[stage]), figures.stages[stage], first?.stages[stage])),
  )}`;
}

function whatIf({ whatIf: rows, total }: Figures): Html {
  if (rows.length === 0) return html`<p>Nothing on this link can be changed in the model.</p>`;
  const unit = unitFor(total.p50.value);
  const shown = LAYERS.filter((layer) => rows.some(({ layers }) => layers[layer] !== 0));
  return table(
    [
      { head: 'What changes' },
      { head: `p50 now, ${unit.name}`, number: true },
      { head: `predicted, ${unit.name}`, number: true },
      { head: 'Change', number: true },
      ...shown.map((layer) => ({ head: layer, number: true })),
    ],
    rows.map(({ label, nowP50, predictedP50, layers }) => [
      label,
      digits(nowP50 / unit.ns),
      digits(predictedP50 / unit.ns),
      percent(predictedP50 / nowP50),
      ...shown.map((layer) => digits(layers[layer] / unit.ns)),
    ]),
  );
}

function floor({ floor: least, total }: Figures): Html {
  const fastest = Math.min(...least.air.map(({ totalNs }) => totalNs));
  const unit = unitFor(Number.isFinite(fastest) ? fastest : total.p50.value);
  return html`<p>The least time for ${counted(least.exchanges, 'exchange')}, ${counted(least.sentBytes, 'byte')} to the card and ${least.receivedBytes} from it: the median tap's.</p>
${table(
  [
    { head: 'kbit/s', number: true },
    { head: 'Frames of', number: true },
    ...['Activation', 'Exchanges', 'Together'].map((head) => ({ head: `${head}, ${unit.name}`, number: true })),
  ],
  least.air.map(({ rate, frameSize, activationNs, exchangesNs, totalNs }) => [
    rate,
    frameSize,
    ...[activationNs, exchangesNs, totalNs].map((ns) => digits(ns / unit.ns)),
  ]),
)}
${
  least.serial.length === 0
    ? null
    : table(
        [
          { head: 'Serial line, baud', number: true },
          { head: 'Least', number: true },
        ],
        least.serial.map(({ baudRate, totalNs }) => [baudRate, duration(totalNs)]),
      )
}`;
}

function setup({ setup: { reader, sequence, plan, taps, warmUp, seed, link }, schedule }: TapBenchResult): Html {
  const { air, baudRate } = link;
  const arrivals =
    schedule.arrivals.kind === 'closed' ? 'one after the other' : `${schedule.arrivals.ratePerSecond} a second`;
  return facts([
    ['Reader, as typed', reader],
    ['Sequence', plan === null ? sequence : `${sequence}, plan ${plan}`],
    ['Taps', `${taps} asked for, ${warmUp} before them to warm up, ${arrivals}`],
    ['Seed', seed],
    ...(air === null
      ? []
      : ([
          [
            'Air',
            `${air.rateToCard} kbit/s to the card, ${air.rateToReader} back; frames of ${air.fsc} and ${air.fsd} bytes; ${air.source === 'read' ? 'as the card says' : 'assumed'}`,
          ],
        ] as const)),
    ...(baudRate === null ? [] : ([['Serial line', `${baudRate} baud`]] as const)),
  ]);
}
