import { createHash } from 'node:crypto';
import { environmentRows, type ReportEnvironment } from './environment.ts';
import { type Content, Html, html } from './html.ts';
import { STYLE } from './style.ts';

export interface PageContent {
  readonly title: string;
  /** One sentence under the title. */
  readonly lead: string;
  readonly environment: ReportEnvironment;
  readonly body: Content;
  /** Besides the common style. No markup in it. */
  readonly style?: string;
  /** What runs in the report: one program of ours, and JSON texts that it reads, by the ids of their elements. */
  readonly script?: { readonly source: string; readonly data: Readonly<Record<string, string>> };
}

/**
 * One report as one file: it loads nothing, and says what matters without a script. The policy in its head allows
 * this very style, the program if there is one, and nothing else.
 */
export function reportPage({ title, lead, environment, body, style = '', script }: PageContent): string {
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
<h1>${title}</h1>
<p class="lead">${lead}</p>
${facts(environmentRows(environment))}
</header>
<main>
${body}
</main>
<footer>${environment.program}; ${environment.startedAt}.${
    environment.backend === 'hardware' ? ' A real card’s data are personal: pass this report on with care.' : null
  }</footer>
`;
  // Style and program are ours and have no markup in them: they go in as they are, so that their hashes are the policy's.
  const data = Object.entries(script?.data ?? {}).map(
    ([id, json]) => `<script type="application/json" id="${id}">${json.replaceAll('<', '\\u003c')}</script>\n`,
  );
  const program = script === undefined ? '' : `${data.join('')}<script>${script.source}</script>\n`;
  return `<!doctype html>\n<html lang="en">\n${page.text}<style>${styles}</style>\n${rest.text}${program}</body>\n</html>\n`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
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

export function table(columns: readonly Column[], rows: readonly (readonly Content[])[], style = ''): Html {
  const cell = (column: Column | undefined): string => (column?.number === true ? 'number' : 'text');
  return wide(html`<table class="${style}">
<thead><tr>${columns.map((column) => html`<th class="${cell(column)}">${column.head}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((value, i) => html`<td class="${cell(columns[i])}">${value}</td>`)}</tr>\n`)}</tbody>
</table>`);
}

/** What may be wider than a narrow screen: it scrolls by itself. */
function wide(content: Html): Html {
  return html`<div class="wide">${content}</div>`;
}

/** How reports show what was judged. `skipped` of other programs is `not-applicable` here. */
export type ShownVerdict = 'pass' | 'fail' | 'inconclusive' | 'not-applicable';

const SIGNS: Readonly<Record<ShownVerdict, string>> = {
  pass: '✔ PASS',
  fail: '✘ FAIL',
  inconclusive: '? INCONCLUSIVE',
  'not-applicable': '– NOT APPLICABLE',
};

export function verdict(value: ShownVerdict): Html {
  return html`<span class="verdict ${value}">${SIGNS[value]}</span>`;
}

/** Hex that may break anywhere, shortened when it is very long. */
export function hexText(hex: string, most = 600): Html {
  const shown = hex.length <= most ? hex : `${hex.slice(0, most)}… (${hex.length / 2} bytes)`;
  return html`<span class="hex">${shown}</span>`;
}
