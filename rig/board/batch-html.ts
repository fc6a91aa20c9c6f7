import { type Content, type Html, html } from '../report/html.ts';
import { type Column, reportPage, table, verdict } from '../report/page.ts';
import { counted, spanInWords } from '../report/words.ts';
import type { BatchDocument } from './batch-evidence.ts';
import type { BatchOutcome } from './batch-junit.ts';

/** What the page says besides the document: where and with what. */
export interface BatchPageScene {
  readonly station: string;
  readonly backend: 'simulated' | 'hardware';
  /** ISO 8601. */
  readonly startedAt: string;
  /** What the page calls the firmware; null: cards for PN532. */
  readonly firmware: string | null;
  readonly verifyWith: string | null;
  readonly program: string;
}

const SIGNS: Readonly<Record<BatchOutcome['outcome'], Html>> = {
  done: verdict('pass', '✓ done'),
  failed: verdict('fail', '✗ FAILED'),
  error: verdict('inconclusive', '! ERROR'),
  open: verdict('not-applicable', '– open'),
};

const VERDICTS: Readonly<Record<BatchDocument['verdict'], Html>> = {
  pass: verdict('pass'),
  fail: verdict('fail'),
  error: verdict('inconclusive', '! ERROR'),
};

/** Names may be long and without a space. */
const STYLE = `
td { overflow-wrap: anywhere; min-width: 5rem; }
td .verdict { white-space: nowrap; }
`;

/** A batch as one page: it loads nothing and runs nothing. */
export function batchPage(document: BatchDocument, scene: BatchPageScene): string {
  const { list, done, rows } = document;
  const wrong = rows.filter(({ outcome }) => outcome === 'failed' || outcome === 'error');
  const { backend, station, startedAt, firmware, verifyWith, program } = scene;
  const what = firmware === null ? 'card' : 'firmware';
  const lead = backend === 'simulated' ? 'These boards are simulated: the page says nothing about any hardware. ' : '';
  return reportPage({
    title: `Batch ${list}`,
    verdict: VERDICTS[document.verdict],
    answer: `${done} of ${counted(rows.length, 'board')} ${done === 1 ? 'has its' : 'have their'} ${what}`,
    lead: `${lead}${inNumbers(document)}.`,
    environment: {
      summary: `${station}; ${backend}; ${startedAt}`,
      rows: [
        ['List', list],
        ['Station', station],
        ['Backend', backend],
        ['Begun, or resumed', startedAt],
        ['Firmware', firmware ?? 'none: cards for PN532 boards'],
        ['Read back with', verifyWith ?? (firmware === null ? 'nothing' : 'the bootloader')],
        ['Work on boards', spanInWords(rows.reduce((sum, { durationMs = 0 }) => sum + durationMs, 0))],
      ],
      footer: `${program}; ${startedAt}.`,
    },
    sections: [
      wrong.length === 0 ? null : { id: 'wrong', title: 'What went wrong', body: trouble(wrong) },
      { id: 'boards', title: 'Boards', body: boardTable(rows) },
    ],
    style: STYLE,
  });
}

/** `34 done, 4 failed, 2 not done by an error of the rig, 0 open` */
function inNumbers({ done, failed, errors, open }: BatchDocument): string {
  return `${done} done, ${failed} failed, ${errors} not done by an error of the rig, ${open} open`;
}

function trouble(wrong: readonly BatchOutcome[]): Html {
  return html`<ul class="plain">${wrong.map(
    ({ serialNumber, outcome, reason }) => html`<li>${SIGNS[outcome]} <b>${serialNumber}</b>: ${reason ?? ''}</li>`,
  )}</ul>`;
}

const COLUMNS: readonly Column[] = [
  { head: 'Serial number' },
  { head: 'Result' },
  { head: 'Board' },
  { head: 'Card' },
  { head: 'Chip' },
  { head: 'Looked at' },
  { head: 'Took', number: true },
];

function boardTable(rows: readonly BatchOutcome[]): Html {
  return table(
    COLUMNS,
    rows.map((row): readonly Content[] => [
      html`<b>${row.serialNumber}</b>`,
      SIGNS[row.outcome],
      row.board ?? '',
      cardOf(row),
      row.chip ?? '',
      html`<span class="reason">${row.verified ?? ''}</span>`,
      row.durationMs === undefined ? '' : spanInWords(row.durationMs),
    ]),
  );
}

function cardOf({ profile, cardSerial, uid }: BatchOutcome): string {
  if (profile === null) return '';
  return `${profile}, ${cardSerial}${uid === undefined ? '' : `, UID ${uid}`}`;
}
