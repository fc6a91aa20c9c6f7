import { channelInWords } from '../../channel/words.ts';
import { shown } from '../../console/shown.ts';
import { counted } from '../../report/words.ts';
import {
  type DiagnosisFinding,
  type Distribution,
  LAYERS,
  STAGES,
  type TapBenchResult,
  type TapSample,
} from '../tap/result.ts';
import { firstTapWords } from './first-tap.ts';
import { histogramLines } from './histogram.ts';
import { digits, unitFor } from './units.ts';

/** A result in some lines of a terminal. */
export function tapSummary(result: TapBenchResult): string {
  const { figures, environment, setup, taps, diagnosis } = result;
  const good = taps.filter(({ failure }) => failure === null);
  const first = result.first?.sample.failure === null ? result.first.sample : null;
  const lines = [
    `${shown(environment.card)} on ${shown(environment.reader)}${environment.backend === 'simulated' ? ' (simulated)' : ''}, ${setup.sequence}${setup.plan === null ? '' : `, plan ${setup.plan}`}`,
    ...findingLines(diagnosis.findings),
    '',
    result.answer,
  ];
  if (figures !== null) {
    const unit = unitFor(figures.total.p50.value);
    lines.push('', ...percentileLines(figures.total, figures.response, result), '');
    lines.push(...histogramLines(good.map(length)), '');
    const width = 24;
    const heads = [`p50 ${unit.name}`, `p99 ${unit.name}`, ...(first === null ? [] : [`first ${unit.name}`])];
    lines.push(`  ${'of the tap'.padEnd(width)}${heads.map((head) => head.padStart(12)).join('')}`);
    for (const stage of STAGES) lines.push(row(stage, figures.stages[stage], 'stage', first?.stages[stage]));
    for (const layer of LAYERS) {
      if (result.layers[layer].basis === 'none') continue;
      lines.push(row(layer, figures.layers[layer], result.layers[layer].basis, first?.layers[layer]));
    }
    lines.push('', ...channelLines(result), '', ...whatIfLines(result));
  }
  if (result.failures.length > 0) {
    const failed = result.failures.reduce((sum, { count }) => sum + count, 0);
    lines.push('', `${failed} of ${counted(taps.length, 'tap')} failed:`);
    for (const { kind, message, count } of result.failures) lines.push(`  ${count} × ${kind}: ${message}`);
  }
  return `${lines.join('\n').replace(/\n{3,}/g, '\n\n')}\n`;

  function row(name: string, { p50, p99 }: Distribution, basis: string, firstNs: number | undefined): string {
    const unit = unitFor((figures as NonNullable<typeof figures>).total.p50.value);
    // An unknown time is in another layer: a 0 would say that it took none.
    const cell = (ns: number): string => (basis === 'unknown' ? '–' : digits(ns / unit.ns)).padStart(12);
    const cells = [p50.value, p99.value, ...(firstNs === undefined ? [] : [firstNs])].map(cell);
    return `  ${name.padEnd(12)}${basis.padEnd(12)}${cells.join('')}`;
  }
}

function channelLines({ channel, figures }: TapBenchResult): string[] {
  if (channel == null || figures === null) return [];
  const unit = unitFor(figures.total.p50.value);
  const cell = (ns: number): string => digits(ns / unit.ns).padStart(12);
  const heads = [`p50 ${unit.name}`, `p99 ${unit.name}`, `card ${unit.name}`];
  return [
    `  ${'of the secure channel'.padEnd(26)}${'exchanges'.padStart(10)}${heads.map((head) => head.padStart(12)).join('')}`,
    ...channel.stages.map(
      ({ name, exchanges, p50, p99, cardP50 }) =>
        `  ${name.padEnd(26)}${`${exchanges}`.padStart(10)}${cell(p50)}${cell(p99)}${cell(cardP50)}`,
    ),
    ...channelInWords(channel.account).map((line) => `  ${shown(line)}`),
  ];
}

function findingLines(findings: readonly DiagnosisFinding[]): string[] {
  const said = findings.filter(({ verdict }) => verdict !== 'fine');
  return said.map(({ verdict, detail, cure }) => {
    const sign = verdict === 'distrust' ? 'NOT TO BE TRUSTED' : 'note';
    return `${sign}: ${detail}${cure === undefined ? '' : `; ${cure}`}`;
  });
}

function percentileLines(total: Distribution, response: Distribution, { schedule, first }: TapBenchResult): string[] {
  const unit = unitFor(total.p50.value);
  const cell = (ns: number): string => digits(ns / unit.ns).padStart(10);
  const line = (name: string, d: Distribution): string =>
    `  ${name.padEnd(22)}${[d.p50.value, d.p90.value, d.p99.value, d.p999.value, d.max].map(cell).join('')}`;
  const { p50, p99 } = total;
  const lines = [
    `  ${`${counted(total.n, 'tap')}, ${unit.name}`.padEnd(22)}${['p50', 'p90', 'p99', 'p99.9', 'max'].map((each) => each.padStart(10)).join('')}`,
    line('from the start', total),
  ];
  if (schedule.arrivals.kind === 'fixed') {
    lines.push(line('from the intended one', response));
    const { ratePerSecond } = schedule.arrivals;
    lines.push(
      `  ${counted(schedule.late, 'tap')} began late at ${ratePerSecond} a second, the worst by ${unitFor(schedule.worstLateNs).text(schedule.worstLateNs)}`,
    );
  }
  lines.push(
    `  95 % sure: p50 ${digits(p50.low / unit.ns)} to ${digits(p50.high / unit.ns)}, p99 ${digits(p99.low / unit.ns)} to ${digits(p99.high / unit.ns)}`,
  );
  if (first !== null) lines.push(`  ${firstTapWords(first, total.p50.value)}`);
  return lines;
}

function whatIfLines({ figures }: TapBenchResult): string[] {
  if (figures === null || figures.whatIf.length === 0) return [];
  const unit = unitFor(figures.total.p50.value);
  const asked = figures.whatIf.filter((each) => each.asked);
  const shown = asked.length > 0 ? asked : figures.whatIf;
  return [
    `  ${'what if'.padEnd(36)}${`p50 ${unit.name}`.padStart(10)}`,
    ...shown.map(({ label, predictedP50 }) => `  ${label.padEnd(36)}${digits(predictedP50 / unit.ns).padStart(10)}`),
  ];
}

function length({ startNs, endNs }: TapSample): number {
  return endNs - startNs;
}
