import { type Content, type Html, html } from '../../../report/html.ts';
import { hexText, pageEnvironment, reportPage, type ShownVerdict, table, verdict } from '../../../report/page.ts';
import { counted as amount, spanInWords } from '../../../report/words.ts';
import type { ReplayEntry, ReplayVerdict } from '../model.ts';
import { asText } from '../value-text.ts';
import {
  counts,
  countTraces,
  expectationInWords,
  type ReplayAttempt,
  type ReplayedTrace,
  type ReplayReport,
} from './model.ts';
import { type AttemptRows, attemptKey, type PageRows, pageRows } from './rows.ts';
import { VIEWER_STYLE } from './style.ts';
import { viewer, viewerScript } from './viewer.ts';

/**
 * A replay as one HTML file that loads nothing: what was judged and what went wrong as plain markup, and every exchange
 * for the program in it, which shows them as they are scrolled to.
 */
export async function asHtml(report: ReplayReport): Promise<string> {
  const rows = await pageRows(report);
  const { suite, environment, traces } = report;
  const name = suite === null ? (traces[0]?.trace ?? '') : (suite.title ?? suite.name);
  const told = wrong(report, rows);
  return reportPage({
    title: `Replay: ${name}`,
    verdict: sign(report.verdict),
    answer: answer(report, rows),
    lead: lead(report),
    environment: pageEnvironment(environment),
    sections: [
      { id: 'counts', title: suite === null ? 'Exchanges by verdict' : 'Traces by verdict', body: totals(report) },
      suite === null ? null : { id: 'traces', title: 'Traces', body: tracesTable(report, rows) },
      told === null ? null : { id: 'wrong', title: 'What is not plain PASS', body: told },
      { id: 'all-exchanges', title: 'Exchanges', body: viewer() },
      { id: 'origin', title: 'Where it comes from', body: notes(report) },
    ],
    style: VIEWER_STYLE,
    script: viewerScript(rows.json),
  });
}

/** `24 exchanges as expected`, or where the first one differs; the same of a suite's traces. */
function answer({ suite, traces }: ReplayReport, rows: PageRows): string {
  const counted = traces.filter(counts);
  const { PASS, FAIL, INCONCLUSIVE, SKIPPED } = countTraces(counted);
  if (suite !== null) {
    const wrong = counted.filter(({ verdict: value }) => value !== 'PASS').map(({ id }) => id);
    const named = wrong.length === 0 ? '' : `; not ${wrong.slice(0, 3).join(', ')}${wrong.length > 3 ? ', …' : ''}`;
    return `${PASS} of ${amount(PASS + FAIL + INCONCLUSIVE + SKIPPED, 'trace')} as expected${named}`;
  }
  const only = traces[0];
  const of = only?.attempts.at(-1)?.summary?.counts ?? countTraces([]);
  const not = of.FAIL + of.INCONCLUSIVE + of.SKIPPED;
  const first = only === undefined ? undefined : rows.attempts.get(attemptKey(only.id, only.attempts.length))?.first[0];
  return [
    `${amount(of.PASS, 'exchange')} as expected${not === 0 ? '' : `, ${not} not`}`,
    first === undefined ? only?.reason : firstWrong(first.entry),
  ]
    .filter((each) => each != null)
    .join('; ');
}

/** `the first is exchange 3, READ RECORD: status word` */
function firstWrong({ index, name, divergence, problem }: ReplayEntry): string {
  const where = divergence?.where ?? problem;
  return `the first is ${index === null ? 'not in the trace' : `exchange ${index}`}, ${name}${where === null ? '' : `: ${where}`}`;
}

function lead({ suite, traces, environment, secretsKept, jobs }: ReplayReport): string {
  const only = traces[0];
  const what =
    suite === null
      ? `${only?.attempts[0]?.summary?.mode === 'as-card' ? 'As a card' : 'To a card'}${only?.rules == null ? '' : `, by the rules of ${only.rules}`}.`
      : `${amount(traces.length, 'trace')} of ${suite.file}${jobs > 1 ? `, ${jobs} at a time` : ''}.`;
  const real = environment.backend === 'simulated' ? ' The card was simulated.' : '';
  return `${what}${real}${secretsKept ? ' SECRETS WERE KEPT: this report shows codes, keys, NIRs and names.' : ' Codes, keys, NIRs, names and birth dates are masked.'}`;
}

const SHOWN: Readonly<Record<ReplayVerdict, ShownVerdict>> = {
  PASS: 'pass',
  FAIL: 'fail',
  INCONCLUSIVE: 'inconclusive',
  SKIPPED: 'not-applicable',
};

/** `not applicable` is the sign of what was left out; here the word is another. */
function sign(value: ReplayVerdict): Html {
  return value === 'SKIPPED' ? verdict('not-applicable', '– SKIPPED') : verdict(SHOWN[value]);
}

const VERDICTS: readonly ReplayVerdict[] = ['PASS', 'FAIL', 'INCONCLUSIVE', 'SKIPPED'];

function totals({ suite, traces }: ReplayReport): Html {
  const single = traces[0]?.attempts[0]?.summary?.counts ?? countTraces([]);
  const found = suite === null ? single : countTraces(traces.filter(counts));
  const apart = traces.filter((each) => !counts(each)).length;
  return html`<ul class="counts">
${VERDICTS.map((each) => html`<li class="${found[each] === 0 ? 'none' : 'some'}"><b>${found[each]}</b>${sign(each)}</li>`)}
${apart > 0 ? html`<li class="some"><b>${apart}</b>in quarantine, not counted</li>` : null}
</ul>`;
}

function tracesTable({ traces, leftOut }: ReplayReport, rows: PageRows): Html {
  const row = (trace: ReplayedTrace): readonly Content[] => {
    const { id, title, expect, attempts, verdict: value, reason } = trace;
    const last = attempts.at(-1)?.summary;
    const took = attempts.reduce((sum, { summary }) => sum + (summary?.durationNs ?? 0), 0) / 1e6;
    return [
      html`<a href="${isQuiet(trace, rows) ? `#e-${placeOf(trace, rows)}-0` : `#t-${id}`}"><code>${id}</code></a>`,
      [
        title ?? '',
        expect.kind === 'pass' ? null : html`<div class="reason">expected to ${expectationInWords(expect)}</div>`,
        reason === null ? null : html`<div class="reason">${reason}</div>`,
      ],
      sign(value),
      attempts.length,
      last == null ? '' : last.counts.PASS + last.counts.FAIL + last.counts.INCONCLUSIVE,
      spanInWords(took),
    ];
  };
  const columns = [
    { head: 'Trace' },
    { head: 'About' },
    { head: 'Verdict' },
    { head: 'Attempts', number: true },
    { head: 'Exchanges', number: true },
    { head: 'Took', number: true },
  ];
  const counted = traces.filter(counts);
  const apart = traces.filter((each) => !counts(each));
  return html`${counted.length === 0 ? html`<p>None: every trace is in quarantine, and nothing was judged.</p>` : table(columns, counted.map(row))}
${leftOut > 0 ? html`<p>${amount(leftOut, 'trace')} of the suite ${leftOut === 1 ? 'was' : 'were'} left out by --only.</p>` : null}
${apart.length === 0 ? null : html`<h3>In quarantine: replayed, not counted</h3>${table(columns, apart.map(row))}`}`;
}

/** Null: everything was as expected, at the first attempt. */
function wrong(report: ReplayReport, rows: PageRows): Content {
  const told = report.traces.map((trace) => ({ trace, markup: traceDetails(trace, rows, report.suite !== null) }));
  const shown = told.filter(({ markup }) => markup !== null);
  return shown.length === 0 ? null : shown.map(({ markup }) => markup);
}

/** Where the last attempt stands in the list of replays. */
function placeOf({ id, attempts }: ReplayedTrace, rows: PageRows): number {
  return rows.attempts.get(attemptKey(id, attempts.length))?.place ?? 0;
}

/** PASS at the first attempt, and nothing to remark. */
function isQuiet(trace: ReplayedTrace, rows: PageRows): boolean {
  return traceDetails(trace, rows, true) === null;
}

/** What a trace has to say besides PASS; null when that is nothing. */
function traceDetails(trace: ReplayedTrace, rows: PageRows, isSuite: boolean): Html | null {
  const { id, verdict: value, quarantine, attempts, reason } = trace;
  const details = attempts.map((attempt) =>
    attemptDetails(trace, attempt, rows.attempts.get(attemptKey(id, attempt.number))),
  );
  const quiet =
    value === 'PASS' && quarantine === null && attempts.length === 1 && details.every((each) => each === null);
  if (quiet) return null;
  return html`<section id="t-${id}" class="${quarantine === null || quarantine.expired ? 'trace' : 'quarantine'}">
${isSuite ? html`<h3>${sign(value)} <code>${id}</code> ${trace.title ?? ''}</h3>` : null}
${reason === null ? null : html`<p>${reason}</p>`}
${quarantine === null ? null : html`<p>${quarantineInWords(trace)}</p>`}
${details}
</section>\n`;
}

function quarantineInWords({ quarantine, verdict: value }: ReplayedTrace): string {
  if (quarantine === null) return '';
  const { reason, until, expired } = quarantine;
  if (expired) return `Its quarantine ended with ${until}: it counts. (${reason})`;
  const passed = value === 'PASS' ? ' It passed, which was not expected.' : '';
  return `In quarantine until ${until}: ${reason}.${passed}`;
}

function attemptDetails(trace: ReplayedTrace, attempt: ReplayAttempt, rows: AttemptRows | undefined): Html | null {
  const { number, summary, problem } = attempt;
  const remarks = [problem, summary?.problem ?? null, ...(summary?.warnings ?? [])].filter(
    // The reason of the verdict stands above already.
    (each) => each !== null && (each !== trace.reason || trace.attempts.length > 1),
  );
  const first = rows?.first ?? [];
  const many = trace.attempts.length > 1;
  if (!many && remarks.length === 0 && first.length === 0) return null;
  const more = (rows?.wrong ?? 0) - first.length;
  return html`${many ? html`<p>Attempt ${number}: ${summary === null ? 'it did not begin' : sign(summary.verdict)}</p>` : null}
${remarks.length === 0 ? null : html`<ul class="plain">${remarks.map((each) => html`<li>${each}</li>`)}</ul>`}
${
  first.length === 0
    ? null
    : table(
        [{ head: '#', number: true }, { head: 'Command' }, { head: 'Where' }, { head: 'Expected' }, { head: 'Got' }],
        first.map(({ row, entry }) => divergenceRow(entry, `#e-${rows?.place ?? 0}-${row}`)),
        'divergences',
      )
}
${more > 0 ? html`<p class="reason">and ${more} more</p>` : null}`;
}

function divergenceRow(entry: ReplayEntry, link: string): readonly Content[] {
  const { index, name, command, divergence, problem, retries, verdict: value } = entry;
  return [
    html`<a class="jump" href="${link}">${index ?? '–'}</a>`,
    [name, html`<div>${hexText(command, 80)}</div>`],
    [
      sign(value),
      divergence === null ? null : html`<div>${divergence.where}</div>`,
      problem === null ? null : html`<div class="reason">${problem}</div>`,
      retries > 0 ? html`<div class="reason">sent ${retries + 1} times</div>` : null,
    ],
    divergence === null ? '' : shown(divergence.expected),
    divergence === null ? '' : shown(divergence.got),
  ];
}

function shown(value: string): Content {
  const text = asText(value);
  if (value === '') return '';
  return [hexText(value, 120), text === '' ? null : html`<div>“${text}”</div>`];
}

function notes({ warnings, traces }: ReplayReport): Html {
  // The same for all attempts of a trace.
  const summaries = traces.flatMap(({ attempts }) => attempts.at(-1)?.summary ?? []);
  const rows = summaries.map(({ trace, pace, rules, peer }): readonly Content[] => [
    html`<code>${trace.file}</code>`,
    trace.format,
    trace.source,
    trace.backend,
    trace.startedAt ?? 'not known',
    rules === null ? 'none' : html`<code>${rules}</code>`,
    pace,
    peer,
  ]);
  const heads = ['Trace', 'Format', 'Made by', 'Backend', 'Recorded', 'Rules', 'Pace', 'Replayed on'];
  return html`${warnings.map((each) => html`<p>${each}</p>`)}
${table(
  heads.map((head) => ({ head })),
  rows,
)}`;
}
