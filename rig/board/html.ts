import type { BoardIdentity } from '../endpoint/board-identity.ts';
import { type Content, type Html, html } from '../report/html.ts';
import { type Column, reportPage, tableHead, tableRow, verdict, wide } from '../report/page.ts';
import { counted, spanInWords } from '../report/words.ts';
import { boardFigures } from './figures.ts';
import { longestLatenessMs } from './lateness.ts';
import { limitsInWords, type Measurement, valueInWords } from './measurement.ts';
import type { PhaseResult } from './phase.ts';
import type { BoardRecord } from './record.ts';
import { allRepairs, isNoRepair } from './repairs.ts';
import { SHEET_STYLE } from './sheet-style.ts';

/** The record as one page: it loads nothing and runs nothing. */
export async function boardPage(record: BoardRecord): Promise<string> {
  const figures = await boardFigures(record.phases);
  const { board, station, program, commit, node, startedAt } = record;
  const named = board.serialNumber ?? board.identity.key;
  const wrong = record.phases.filter(({ verdict: each }) => each === 'fail' || each === 'error');
  return reportPage({
    title: `Board ${named}`,
    verdict: sign(record.verdict),
    answer: answer(record, wrong),
    lead:
      record.backend === 'simulated'
        ? html`<span class="simulated">This board is simulated: the page says nothing about any hardware.</span>`
        : `${startedAt}${record.operator === null ? '' : `, by ${record.operator}`}.`,
    environment: {
      summary: `${board.identity.port}; ${record.backend}; ${station.host}; ${startedAt}`,
      rows: factRows(record),
      footer: `${program}${commit === null ? '' : `, commit ${commit}`}, Node ${node}; ${station.machine}, ${station.system}. Record ${startedAt}.`,
    },
    sections: [
      wrong.length === 0 ? null : { id: 'wrong', title: 'What went wrong', body: trouble(wrong) },
      { id: 'phases', title: 'Phases', body: phaseTable(record.phases) },
      figures.length === 0
        ? null
        : {
            id: 'distributions',
            title: 'Distributions',
            body: html`<div class="figures">${figures.map(({ svg, caption }) => html`<figure>${svg}<figcaption>${caption}</figcaption></figure>`)}</div>`,
          },
      record.comparison.length === 0
        ? null
        : { id: 'earlier', title: 'Earlier tests', body: comparison(record.comparison) },
    ],
    style: SHEET_STYLE,
  });
}

/** `12 phases within their limits`, or what went wrong first. */
function answer({ phases }: BoardRecord, wrong: readonly PhaseResult[]): string {
  const first = wrong[0];
  if (first !== undefined) {
    const more = wrong.length === 1 ? '' : ` (and ${counted(wrong.length - 1, 'more phase', 'more phases')})`;
    return `${first.title}: ${first.reason}${more}`;
  }
  const passed = phases.filter(({ verdict: each }) => each === 'pass').length;
  const skipped = phases.length - passed;
  return `${counted(passed, 'phase')} within ${passed === 1 ? 'its' : 'their'} limits${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}

function factRows(record: BoardRecord): readonly (readonly [string, Content])[] {
  const { board, station, operator, partner } = record;
  const lateMs = longestLatenessMs(record.phases);
  const tookMs = Date.parse(record.endedAt) - Date.parse(record.startedAt);
  return [
    ['Serial number', board.serialNumber ?? 'not given'],
    ['Backend', record.backend],
    ['Port', board.identity.port],
    ['USB bridge', usbInWords(board.identity)],
    ['Station', station.host],
    ['Operator', operator ?? 'not given'],
    ['Started', record.startedAt],
    ['Took', spanInWords(tookMs)],
    ['Second board', partner ?? 'none'],
    ['Repairs on the line', allRepairs(record.phases)],
    ['Station late by', lateMs === null ? 'not watched' : `${lateMs.toFixed(0)} ms at most`],
    ['Phases', record.complete ? 'all' : 'some were left out by choice'],
  ];
}

export function usbInWords({ usb }: Pick<BoardIdentity, 'usb'>): string {
  if (usb === null) return 'none';
  const parts = [
    `${usb.vendorId}:${usb.productId}`,
    usb.manufacturer,
    usb.serialNumber === null ? null : `serial ${usb.serialNumber}`,
    usb.socket === null ? null : `in socket ${usb.socket}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

const SIGNS: Readonly<Record<PhaseResult['verdict'], Html>> = {
  pass: verdict('pass'),
  fail: verdict('fail'),
  error: verdict('inconclusive', '! ERROR'),
  skipped: verdict('not-applicable', '– SKIPPED'),
};

function sign(value: keyof typeof SIGNS): Html {
  return SIGNS[value];
}

function trouble(wrong: readonly PhaseResult[]): Html {
  return html`<ul class="plain">${wrong.map(
    (each) => html`<li>${sign(each.verdict)} <b>${each.title}</b>: ${each.reason}</li>`,
  )}</ul>`;
}

const COLUMNS: readonly Column[] = [
  { head: 'Phase' },
  { head: 'Measurement' },
  { head: 'Value', number: true },
  { head: 'Limits' },
  { head: 'Verdict' },
];

function phaseTable(phases: readonly PhaseResult[]): Html {
  return wide(html`<table>
${tableHead(COLUMNS)}
${phases.map((phase) => html`<tbody class="phase">${phaseRows(phase)}</tbody>\n`)}</table>`);
}

function phaseRows(phase: PhaseResult): readonly Html[] {
  if (phase.verdict === 'skipped') {
    const reason = html`<span class="reason">${phase.reason}</span>`;
    return [tableRow(COLUMNS, [html`<b>${phase.title}</b>`, reason, '', '', sign('skipped')])];
  }
  const shown = phase.measurements.filter((each) => !isNoRepair(each));
  return shown.map((each, i) =>
    tableRow(COLUMNS, [
      i === 0 && html`<b>${phase.title}</b>`,
      each.what,
      valueInWords(each),
      html`<span class="reason">${limitsInWords(each)}</span>`,
      markOf(each, phase, i),
    ]),
  );
}

/** The phase's own verdict stands in its first row; below it only what failed. */
function markOf(measurement: Measurement, phase: PhaseResult, row: number): Content {
  if (row === 0)
    return [sign(phase.verdict), measurement.verdict === 'fail' ? html` <span class="fault">this</span>` : null];
  return measurement.verdict === 'fail' ? html`<span class="fault">out of limits</span>` : null;
}

function comparison(figures: BoardRecord['comparison']): Html {
  const drifted = figures.filter((each) => each.drifted);
  const earlier = Math.max(...figures.map((each) => each.earlier));
  const compared = `Compared with ${counted(earlier, 'earlier pass', 'earlier passes')} of this board`;
  if (drifted.length === 0) return html`<p>${compared}: nothing drifted.</p>`;
  return html`<p>${compared}:</p><ul class="plain">${drifted.map(
    (each) =>
      html`<li><span class="fault">${each.what}</span>: ${valueInWords({ value: each.value, unit: each.unit })}, before that ${valueInWords({ value: each.median, unit: each.unit })}</li>`,
  )}</ul>`;
}
