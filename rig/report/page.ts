import { sha256 } from '@noble/hashes/sha2.js';
import { environmentRows, type ReportEnvironment } from './environment.ts';
import { type Content, Html, html } from './html.ts';
import { STYLE } from './style.ts';

export interface PageContent {
  readonly title: string;
  /** What came of it, in one word. */
  readonly verdict: Html;
  /** The answer in one line: the number that was asked for, or what failed. */
  readonly answer: string;
  /** What was judged or measured, and how. */
  readonly lead: Content;
  /** Where and with what. It is folded; on paper it is open. */
  readonly environment: PageEnvironment;
  readonly sections: readonly (Section | null)[];
  /** Besides the common style. No markup in it. */
  readonly style?: string;
  /** What runs in the report: one program of ours, and JSON texts that it reads, by the ids of their elements. */
  readonly script?: { readonly source: string; readonly data: Readonly<Record<string, string>> };
}

export interface PageEnvironment {
  /** What stands there while it is folded. */
  readonly summary: string;
  readonly rows: readonly (readonly [name: string, value: Content])[];
  readonly footer: string;
}

/** A part of a report with a heading. */
export interface Section {
  /** Identifier of its element, for links; the same in every report of a kind. */
  readonly id: string;
  readonly title: string;
  readonly body: Content;
}

/** The environment of most reports. */
export function pageEnvironment(environment: ReportEnvironment): PageEnvironment {
  const { card, reader, backend, program, startedAt } = environment;
  const care = backend === 'hardware' ? ' A real card’s data are personal: pass this report on with care.' : '';
  return {
    summary: `${card}; ${reader}; ${backend}; ${startedAt}`,
    rows: environmentRows(environment),
    footer: `${program}; ${startedAt}.${care}`,
  };
}

/**
 * One report as one file: it loads nothing, and says what matters without a script. The policy in its head allows
 * this very style, the program if there is one, and nothing else.
 */
export function reportPage(content: PageContent): string {
  const { title, verdict: word, answer, lead, environment, style = '', script } = content;
  const sections = content.sections.filter((each) => each !== null);
  const styles = STYLE + style;
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(styles)}`,
    ...(script === undefined ? [] : [`script-src ${hashOf(script.source)}`, "base-uri 'none'", "form-action 'none'"]),
  ].join('; ');
  const page = html`<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Html(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
`;
  const rest = html`</head>
<body>
<header>
<h1>${word} <span class="answer">${answer}</span></h1>
<p class="subject">${title}</p>
<p class="lead">${lead}</p>
<details class="environment"><summary>Environment<span class="reason">: ${environment.summary}</span></summary>
${facts(environment.rows)}
</details>
${contents(sections)}
</header>
<main>
${sections.map(
  ({ id, title: heading, body }) => html`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${body}
</section>
`,
)}
</main>
<footer>${environment.footer}</footer>
`;
  // Style and program are ours and have no markup in them: they go in as they are, so that their hashes are the policy's.
  const data = Object.entries(script?.data ?? {}).map(
    ([id, json]) => `<script type="application/json" id="${id}">${json.replaceAll('<', '\\u003c')}</script>\n`,
  );
  const program = script === undefined ? '' : `${data.join('')}<script>${script.source}</script>\n`;
  return `<!doctype html>\n<html lang="en">\n${page.text}<style>${styles}</style>\n${rest.text}${program}</body>\n</html>\n`;
}

/** Links to the sections, where there are several. */
function contents(sections: readonly Section[]): Content {
  if (sections.length < 2) return null;
  return html`<nav aria-label="Sections"><ul>${sections.map(({ id, title }) => html`<li><a href="#${id}">${title}</a></li>`)}</ul></nav>`;
}

/** As Content-Security-Policy names a style or a program that stands in a page; in Node and in a browser alike. */
export function hashOf(text: string): string {
  return `'sha256-${btoa(String.fromCharCode(...sha256(new TextEncoder().encode(text))))}'`;
}

/** Names and values, one under the other. */
export function facts(rows: readonly (readonly [name: string, value: Content])[]): Html {
  return html`<dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

export interface Column {
  readonly head: string;
  /** Aligned as numbers are. */
  readonly number?: boolean;
}

/** A table; on a narrow screen each row is a block whose cells say the head of their column. */
export function table(columns: readonly Column[], rows: readonly (readonly Content[])[], style = ''): Html {
  return wide(html`<table class="${style}">
${tableHead(columns)}
<tbody>${rows.map((row) => tableRow(columns, row))}</tbody>
</table>`);
}

export function tableRow(columns: readonly Column[], row: readonly Content[]): Html {
  const cells = row.map((value, i) => {
    const column = columns[i];
    return html`<td class="${alignment(column)}" data-head="${column?.head ?? ''}">${value}</td>`;
  });
  return html`<tr>${cells}</tr>\n`;
}

/** The heads of a table's columns; one without words heads nothing. */
export function tableHead(columns: readonly Column[]): Html {
  return html`<thead><tr>${columns.map((column) =>
    column.head === '' ? html`<td></td>` : html`<th scope="col" class="${alignment(column)}">${column.head}</th>`,
  )}</tr></thead>`;
}

function alignment(column: Column | undefined): string {
  return column?.number === true ? 'number' : 'text';
}

/** What may be wider than a narrow screen: it scrolls by itself, by key as well. */
export function wide(content: Html, style = ''): Html {
  return html`<div class="wide${style === '' ? '' : ` ${style}`}" tabindex="0" role="group" aria-label="may be wider than the window: scrolls sideways">${content}</div>`;
}

/**
 * How reports show what was judged. `skipped` of other programs is `not-applicable` here, and a fault of the rig
 * `inconclusive`, each with its own words.
 */
export type ShownVerdict = 'pass' | 'fail' | 'inconclusive' | 'not-applicable';

const SIGNS: Readonly<Record<ShownVerdict, string>> = {
  pass: '✔ PASS',
  fail: '✘ FAIL',
  inconclusive: '? INCONCLUSIVE',
  'not-applicable': '– NOT APPLICABLE',
};

export function verdict(value: ShownVerdict, words: string = SIGNS[value]): Html {
  return html`<span class="verdict ${value}">${words}</span>`;
}

/** Hex that may break anywhere, shortened when it is very long. */
export function hexText(hex: string, most = 600): Html {
  const shown = hex.length <= most ? hex : `${hex.slice(0, most)}… (${hex.length / 2} bytes)`;
  return html`<span class="hex">${shown}</span>`;
}
