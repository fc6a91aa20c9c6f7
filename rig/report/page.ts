import { createHash } from 'node:crypto';
import { environmentRows, type ReportEnvironment } from './environment.ts';
import { type Content, type Html, html } from './html.ts';
import { STYLE } from './style.ts';

export interface PageContent {
  readonly title: string;
  /** One sentence under the title. */
  readonly lead: string;
  readonly environment: ReportEnvironment;
  readonly body: Content;
}

/**
 * One report as one file: it loads nothing, runs nothing, and reads without a script. The policy in its head allows
 * this very style and nothing else.
 */
export function reportPage({ title, lead, environment, body }: PageContent): string {
  const hash = createHash('sha256').update(STYLE).digest('base64');
  const page = html`<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'">
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
</body>
`;
  // The style is ours and has no markup in it: it goes in as it is, so that its hash is that of the policy.
  return `<!doctype html>\n<html lang="en">\n${page.text}<style>${STYLE}</style>\n${rest.text}</html>\n`;
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
  return html`<table class="${style}">
<thead><tr>${columns.map((column) => html`<th class="${cell(column)}">${column.head}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((value, i) => html`<td class="${cell(columns[i])}">${value}</td>`)}</tr>\n`)}</tbody>
</table>`;
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
