import { statusWordMeaning } from '../../../src/apdu/status-word.ts';
import { type Content, type Html, html } from '../../report/html.ts';
import { hexText, pageEnvironment, reportPage, table, verdict } from '../../report/page.ts';
import { counted } from '../../report/words.ts';
import type { Coverage } from './coverage.ts';
import { type CaseResult, countVerdicts, type StepRecord, VERDICTS } from './model.ts';
import { type ConformanceRun, citationsInWords, interruption, linkLimited, verdictOf } from './report.ts';

/** The run as one HTML file: what went wrong first, then coverage, then every case with its steps. */
export function asHtml(run: ConformanceRun): string {
  const { suite, results, environment } = run;
  const wrong = results.filter((each) => each.verdict === 'fail' || each.verdict === 'inconclusive');
  return reportPage({
    title: `Conformance: ${suite.title}`,
    verdict: run.interrupted ? verdict('inconclusive', '! INTERRUPTED') : verdict(verdictOf(results)),
    answer: answer(run, wrong),
    lead: `${environment.card}, declared as ${run.declaration}. ${run.channel == null ? '' : `Inside a secure channel: ${run.channel}. `}${
      run.destructive ? 'Cases that change the card were run.' : 'Cases that change the card were not run.'
    }`,
    environment: pageEnvironment(environment),
    sections: [
      { id: 'counts', title: 'Verdicts', body: summary(results) },
      wrong.length === 0
        ? null
        : { id: 'wrong', title: 'What went wrong', body: wrong.map((each) => caseDetails(each, true)) },
      { id: 'coverage', title: 'Coverage', body: coverage(run.coverage, suite.complete) },
      {
        id: 'cases',
        title: 'Every case',
        body: groups(run).map(
          ([name, cases]) => html`<h3>${name} (${cases.length})</h3>${cases.map((each) => caseDetails(each, false))}`,
        ),
      },
    ],
  });
}

/** `397 cases passed, none failed`, or which did; how far it came, of a run that was ended. */
function answer(run: ConformanceRun, wrong: readonly CaseResult[]): string {
  const { pass, fail, inconclusive } = countVerdicts(run.results);
  const judged =
    wrong.length === 0
      ? `${counted(pass, 'case')} passed, none failed`
      : [
          fail === 0 ? null : `${counted(fail, 'case')} failed`,
          inconclusive === 0 ? null : `${counted(inconclusive, 'case')} could not be judged`,
          `${pass} passed`,
        ]
          .filter((each) => each !== null)
          .join(', ');
  if (run.interrupted) return `${interruption(run)}; ${judged}`;
  const named = wrong.slice(0, 3).map(({ id }) => id);
  return `${judged}${named.length === 0 ? '' : `: ${named.join(', ')}${wrong.length > named.length ? ', …' : ''}`}`;
}

function summary(results: readonly CaseResult[]): Html {
  const counts = countVerdicts(results);
  const limited = linkLimited(results);
  return html`<ul class="counts">
${VERDICTS.map((each) => html`<li class="${counts[each] === 0 ? 'none' : 'some'}"><b>${counts[each]}</b>${verdict(each)}</li>`)}
</ul>
<p>${citationsInWords(results).replace(/^c/, 'C')}.</p>
${limited > 0 ? html`<p>${limited} of the cases that are not applicable ${limited === 1 ? 'is a limit' : 'are limits'} of this link (LINK-LIMITED).</p>` : null}`;
}

/** Cases by the first part of their ids, in the order of the suite. */
function groups({
  suite,
  results,
}: ConformanceRun): readonly (readonly [name: string, cases: readonly CaseResult[]])[] {
  const found = new Map<string, CaseResult[]>();
  for (const result of results) {
    const prefix = result.id.split('-')[0] as string;
    const name = suite.groups[prefix] ?? prefix;
    const cases = found.get(name) ?? [];
    cases.push(result);
    found.set(name, cases);
  }
  return [...found];
}

function caseDetails(result: CaseResult, open: boolean): Html {
  const { id, title, standard, clause, reason, steps, destructive, exchanges } = result;
  // A fault stands beside its step.
  const told = steps.some(({ faults }) => faults.length > 0);
  const inside = html`<div class="inside">
<p class="reason">${standard}${clause === undefined ? ' (no clause looked up)' : `, ${clause}`}${destructive ? '; changes the card' : null}${
    exchanges > 0 ? `; ${counted(exchanges, 'command')}` : null
  }</p>
${told || reason === '' ? null : html`<p>${reason}</p>`}
${steps.length === 0 ? null : stepTable(steps)}
</div>`;
  const summary = html`<summary><code>${id}</code><span class="title">${title}</span>${verdict(result.verdict)}</summary>`;
  return open
    ? html`<details class="item" open>${summary}${inside}</details>\n`
    : html`<details class="item">${summary}${inside}</details>\n`;
}

function stepTable(steps: readonly StepRecord[]): Html {
  return table(
    [{ head: '#' }, { head: 'Step' }, { head: 'Command' }, { head: 'Response' }, { head: 'Expected' }],
    steps.map((step, i) => [
      i + 1,
      html`<span class="${step.role}">${step.words}</span>${step.role === 'given' ? html` <span class="reason">(precondition)</span>` : null}`,
      hexText(step.command, 200),
      hexText(step.response, 200),
      [step.expected, step.faults.map((fault): Content => html`<div class="fault">${fault}</div>`)],
    ]),
    'steps',
  );
}

function coverage({ rows, statusWords, unreachedStatusWords }: Coverage, complete: boolean): Html {
  const unreached = rows.filter(({ commands }) => commands === 0);
  const shown = complete ? rows : rows.filter(({ commands }) => commands > 0);
  const names = unreached.map(({ name }) => name).join(', ');
  return html`<p>${rows.length - unreached.length} of ${counted(rows.length, 'command')} of the card's tables were judged, and ${counted(statusWords.length, 'status word')} seen in answers to judged commands.${
    complete && unreached.length > 0 ? ` Not reached: ${names}.` : null
  }</p>
${table(
  [
    { head: 'INS' },
    { head: 'Command' },
    { head: 'Cases', number: true },
    { head: 'Commands judged', number: true },
    { head: 'P1-P2 not reached' },
  ],
  shown.map(({ ins, name, cases, commands, unreachedParameters }) => [
    html`<code>${ins}</code>`,
    name,
    cases,
    commands,
    commands === 0 ? 'all' : unreachedParameters.length === 0 ? 'none' : unreachedParameters.join('; '),
  ]),
)}
<h3>Status words reached</h3>
${statusList(statusWords)}
${
  complete
    ? html`<h3>Status words that the card has and no judged command was answered with</h3>${statusList(unreachedStatusWords)}`
    : null
}`;
}

function statusList(statusWords: readonly string[]): Html {
  if (statusWords.length === 0) return html`<p>None.</p>`;
  return html`<ul class="plain columns">${statusWords.map((each) => html`<li><code>${each}</code> ${meaning(each)}</li>`)}</ul>`;
}

function meaning(statusWord: string): string {
  if (statusWord === '61XX') return 'more bytes available';
  if (statusWord === '6CXX') return 'wrong Le, right one in the low byte';
  if (statusWord === '63CX') return 'tries left';
  return statusWordMeaning(Number.parseInt(statusWord, 16));
}
