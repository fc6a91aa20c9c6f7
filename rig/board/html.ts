import { createHash } from 'node:crypto';
import type { BoardIdentity } from '../endpoint/board-identity.ts';
import { type Content, type Html, html } from '../report/html.ts';
import { facts } from '../report/page.ts';
import { STYLE } from '../report/style.ts';
import { boardFigures } from './figures.ts';
import { longestLatenessMs } from './lateness.ts';
import { limitsInWords, type Measurement, valueInWords } from './measurement.ts';
import type { PhaseResult } from './phase.ts';
import type { BoardRecord } from './record.ts';
import { allRepairs, isNoRepair } from './repairs.ts';

/** What a board's page has besides the style of all reports: it must fit on one sheet of A4. */
const SHEET_STYLE = `
.sheet { font-size: 13px; line-height: 1.35; }
.sheet h1 .verdict { font-size: 1.1rem; vertical-align: .2rem; margin-left: .6rem; }
.sheet h2 { margin: 1rem 0 .3rem; font-size: 1.05rem; }
.sheet dl.facts { grid-template-columns: max-content 1fr max-content 1fr; margin: .6rem 0; padding: .5rem .8rem; }
.sheet td, .sheet th { padding: .12rem .8rem .12rem 0; }
.sheet tbody.phase tr:first-child td { border-top: 1.5px solid var(--line); }
.sheet tbody.phase td { border-bottom: 0; }
.sheet .simulated { border: 2px dashed var(--unsure); padding: .3rem .7rem; font-weight: 600; }
.sheet .figures { display: flex; flex-wrap: wrap; gap: 1rem; }
.sheet figure { margin: 0; flex: 1 1 24rem; max-width: 30rem; }
.sheet figure svg { width: 100%; height: auto; }
.sheet figcaption { color: var(--faint); }
@page { size: A4; margin: 10mm; }
@media (max-width: 45rem) { .sheet dl.facts { grid-template-columns: max-content 1fr; } }
@media print {
  body.sheet { font-size: 7.5pt; line-height: 1.2; }
  .sheet h1 { font-size: 14pt; margin: 0; }
  .sheet h2 { margin: 1.5mm 0 .5mm; font-size: 9pt; padding: 0; }
  .sheet p { margin: 1mm 0; }
  .sheet dl.facts { margin: 1.5mm 0; padding: 1mm 2mm; gap: 0 4mm; }
  .sheet table { margin: 0; }
  .sheet td, .sheet th { padding: .15mm 3mm .15mm 0; }
  .sheet td .verdict { font-size: 6.5pt; padding: 0 1mm; border-width: 1px; line-height: 1.1; }
  .sheet .figures { gap: 4mm; flex-wrap: nowrap; }
  .sheet figure { flex: 1 1 0; max-width: 90mm; break-inside: avoid; }
  .sheet footer { margin-top: 1.5mm; }
}
`;

/** The record as one page: it loads nothing and runs nothing. */
export async function boardPage(record: BoardRecord): Promise<string> {
  const style = `${STYLE}${SHEET_STYLE}`;
  const hash = createHash('sha256').update(style).digest('base64');
  const title = `Board ${record.board.serialNumber ?? record.board.identity.key}`;
  const figures = await boardFigures(record.phases);
  const head = html`<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
`;
  const body = html`</head>
<body class="sheet">
<header>
<h1>${title}${sign(record.verdict)}</h1>
${record.backend === 'simulated' ? html`<p class="simulated">This board is simulated: the page says nothing about any hardware.</p>` : null}
${facts(factRows(record))}
</header>
<main>
${trouble(record)}
${phaseTable(record.phases)}
${figures.length === 0 ? null : html`<h2>Distributions</h2><div class="figures">${figures.map(({ svg, caption }) => html`<figure>${svg}<figcaption>${caption}</figcaption></figure>`)}</div>`}
${comparison(record)}
</main>
<footer>${record.program}${record.commit === null ? null : `, commit ${record.commit}`}, Node ${record.node}; ${record.station.machine}, ${record.station.system}. Record ${record.startedAt}.</footer>
</body>
`;
  return `<!doctype html>\n<html lang="en">\n${head.text}<style>${style}</style>\n${body.text}</html>\n`;
}

function factRows(record: BoardRecord): readonly (readonly [string, Content])[] {
  const { board, station, operator, partner } = record;
  const lateMs = longestLatenessMs(record.phases);
  const seconds = (Date.parse(record.endedAt) - Date.parse(record.startedAt)) / 1000;
  return [
    ['Serial number', board.serialNumber ?? 'not given'],
    ['Backend', record.backend],
    ['Port', board.identity.port],
    ['USB bridge', usbInWords(board.identity)],
    ['Station', station.host],
    ['Operator', operator ?? 'not given'],
    ['Started', record.startedAt],
    ['Took', `${seconds.toFixed(1)} s`],
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

const SIGNS = {
  pass: ['pass', '✔ PASS'],
  fail: ['fail', '✘ FAIL'],
  error: ['inconclusive', '! ERROR OF THE RIG'],
  skipped: ['not-applicable', '– SKIPPED'],
} as const;

function sign(verdict: keyof typeof SIGNS): Html {
  const [style, words] = SIGNS[verdict];
  return html`<span class="verdict ${style}">${words}</span>`;
}

function trouble({ phases }: BoardRecord): Html | null {
  const wrong = phases.filter(({ verdict }) => verdict === 'fail' || verdict === 'error');
  if (wrong.length === 0) return null;
  return html`<h2>What went wrong</h2><ul class="plain">${wrong.map(
    (each) => html`<li>${sign(each.verdict)} <b>${each.title}</b>: ${each.reason}</li>`,
  )}</ul>`;
}

function phaseTable(phases: readonly PhaseResult[]): Html {
  return html`<h2>Phases</h2><table>
<thead><tr><th>Phase</th><th>Measurement</th><th class="number">Value</th><th>Limits</th><th></th></tr></thead>
${phases.map((phase) => html`<tbody class="phase">${phaseRows(phase)}</tbody>\n`)}</table>`;
}

function phaseRows(phase: PhaseResult): readonly Html[] {
  const name = html`<td>${phase.title}</td>`;
  if (phase.verdict === 'skipped') {
    return [html`<tr>${name}<td class="reason">${phase.reason}</td><td></td><td></td><td>${sign('skipped')}</td></tr>`];
  }
  const shown = phase.measurements.filter((each) => !isNoRepair(each));
  return shown.map(
    (each, i) =>
      html`<tr>${i === 0 ? name : html`<td></td>`}<td>${each.what}</td><td class="number">${valueInWords(each)}</td><td class="reason">${limitsInWords(each)}</td><td>${markOf(each, phase, i)}</td></tr>`,
  );
}

/** The phase's own verdict stands in its first row; below it only what failed. */
function markOf(measurement: Measurement, phase: PhaseResult, row: number): Content {
  if (row === 0)
    return [sign(phase.verdict), measurement.verdict === 'fail' ? html` <span class="fault">this</span>` : null];
  return measurement.verdict === 'fail' ? html`<span class="fault">out of limits</span>` : null;
}

function comparison({ comparison }: BoardRecord): Html | null {
  if (comparison.length === 0) return null;
  const drifted = comparison.filter((each) => each.drifted);
  const earlier = Math.max(...comparison.map((each) => each.earlier));
  if (drifted.length === 0) {
    return html`<h2>Earlier tests</h2><p>Compared with ${earlier} earlier ${earlier === 1 ? 'pass' : 'passes'} of this board: nothing drifted.</p>`;
  }
  return html`<h2>Earlier tests</h2><p>Compared with ${earlier} earlier passes of this board:</p><ul class="plain">${drifted.map(
    (each) =>
      html`<li><span class="fault">${each.what}</span>: ${valueInWords({ value: each.value, unit: each.unit })}, before that ${valueInWords({ value: each.median, unit: each.unit })}</li>`,
  )}</ul>`;
}
