import { type Html, html } from '../../../report/html.ts';
import type { PageContent } from '../../../report/page.ts';
import { FIELD_NAMES } from '../../../trace/field-names.ts';
import type { ReplayVerdict } from '../model.ts';
import { VIEWER_SCRIPT } from './script.ts';

const VERDICTS: readonly ReplayVerdict[] = ['PASS', 'FAIL', 'INCONCLUSIVE', 'SKIPPED'];

/** What the program fills; without it there is nothing to see here but a sentence. @param of what nobody has judged has no verdicts */
export function viewer(of: 'replay' | 'trace' = 'replay'): Html {
  const box = (value: ReplayVerdict): Html => html`<label><input type="checkbox" checked> ${value} <b>0</b></label>`;
  return html`<noscript><p>The list of all exchanges needs the script of this page. What is above does not.</p></noscript>
<div id="viewer" hidden>
<div class="tools">
<label>Replay<select id="replay"></select></label>
<label>Search: hex, text in the data, a name, a field, #number<input id="search" type="search" autocomplete="off" spellcheck="false"></label>
<fieldset id="verdicts" aria-label="Verdicts that are shown">${VERDICTS.map(box)}</fieldset>
<span class="jumps"><button id="previous" type="button" title="key: p">◂ not as expected</button>
<button id="next" type="button" title="key: n">not as expected ▸</button></span>
</div>
<p id="found" class="found" role="status"></p>
<canvas id="overview" aria-hidden="true"></canvas>
<p class="legend">All exchanges from left to right, as high as the answer took (logarithmic). Below, the pause before each command and the time of its answer${of === 'trace' ? '. Keys: arrows, / to search.' : '; the upright line is the time in the trace. Keys: arrows, / to search, n and p for what is not as expected.'}</p>
<div class="headings" aria-hidden="true"><span>#</span><span></span><span>Command</span><span></span><span>SW</span><span>Bytes</span><span>Pause before</span><span>Answer took</span></div>
<div id="list" role="listbox" tabindex="0" aria-label="Exchanges"><div id="sizer" role="presentation"></div></div>
<div id="detail" aria-live="polite"></div>
</div>`;
}

/** The program that fills it. @param exchanges as rows.ts makes them */
export function viewerScript(exchanges: string): NonNullable<PageContent['script']> {
  return { source: VIEWER_SCRIPT, data: { exchanges, 'field-names': JSON.stringify(FIELD_NAMES) } };
}
