/** The one style of every report: light and dark by the reader's own setting, and for paper. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --text: #1b1f24; --faint: #57606a; --line: #d0d7de; --panel: #f6f8fa; --code: #24292f;
  --link: #0550ae;
  --pass: #116329; --fail: #a40e26; --unsure: #7d4e00; --none: #57606a;
  --pass-ground: #dafbe1; --fail-ground: #ffebe9; --unsure-ground: #fff8c5; --none-ground: #eaeef2;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0d1117; --text: #e6edf3; --faint: #9198a1; --line: #30363d; --panel: #161b22; --code: #e6edf3;
    --link: #79b8ff;
    --pass: #56d364; --fail: #ff7b72; --unsure: #e3b341; --none: #9198a1;
    --pass-ground: #12261b; --fail-ground: #2d1416; --unsure-ground: #272115; --none-ground: #1c2128;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1.5rem; max-width: 76rem; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, "Segoe UI", "Liberation Sans", "DejaVu Sans", sans-serif;
}
h1 { margin: 0 0 .4rem; font-size: 1.35rem; line-height: 1.35; overflow-wrap: anywhere; }
h1 .verdict { font-size: 1.35rem; margin-right: .4rem; }
.subject { margin: 0; font-size: 1.05rem; font-weight: 600; overflow-wrap: anywhere; }
nav ul { display: flex; flex-wrap: wrap; gap: .15rem 1.2rem; margin: .6rem 0 0; padding: 0; list-style: none; }
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
h2 { margin: 2rem 0 .6rem; font-size: 1.2rem; border-bottom: 1px solid var(--line); padding-bottom: .25rem; }
h3 { margin: 1.4rem 0 .4rem; font-size: 1rem; }
p { margin: .4rem 0; max-width: 60rem; }
.lead { color: var(--faint); margin-bottom: .6rem; overflow-wrap: anywhere; }
code, .hex { font: 13px/1.45 ui-monospace, "DejaVu Sans Mono", "Liberation Mono", monospace; color: var(--code); }
.hex { overflow-wrap: anywhere; word-break: break-all; }
table { border-collapse: collapse; width: 100%; margin: .4rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 600; color: var(--faint); }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
dl.facts {
  display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 1rem 0; padding: .8rem 1rem;
  background: var(--panel); border: 1px solid var(--line); border-radius: 6px;
}
dl.facts dt { color: var(--faint); }
dl.facts dd { margin: 0; overflow-wrap: anywhere; }
details.environment > summary { cursor: pointer; font-weight: 600; overflow-wrap: anywhere; }
details.environment > summary .reason { font-weight: 400; }
details.environment[open] > summary .reason { display: none; }
.verdict {
  display: inline-block; padding: 0 .5rem; border-radius: 4px; border: 1.5px solid; font-weight: 600; font-size: .82rem;
  white-space: nowrap;
}
/* Each verdict has a sign and an edge of its own, for who sees no colours and for paper. */
.verdict.pass { color: var(--pass); background: var(--pass-ground); border-style: solid; }
.verdict.fail { color: var(--ground); background: var(--fail); border-color: var(--fail); border-style: solid; }
.verdict.inconclusive { color: var(--unsure); background: var(--unsure-ground); border-style: dashed; }
.verdict.not-applicable { color: var(--none); background: var(--none-ground); border-style: dotted; }
.counts { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1rem 0; padding: 0; list-style: none; }
.counts li { padding: .5rem .9rem; border: 1px solid var(--line); border-radius: 6px; background: var(--panel); }
.counts li.none { opacity: .6; }
.counts b { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
details.item { border-bottom: 1px solid var(--line); }
details.item > summary {
  display: grid; grid-template-columns: 1rem 8rem minmax(0, 1fr) max-content; gap: .6rem; padding: .3rem 0; cursor: pointer;
  align-items: baseline; list-style: none;
}
details.item > summary::-webkit-details-marker { display: none; }
details.item > summary::before { content: "▸"; color: var(--faint); }
details.item[open] > summary::before { content: "▾"; }
details.item > .inside { padding: 0 0 .8rem 1.6rem; }
.reason { color: var(--faint); }
.fault { color: var(--fail); font-weight: 600; }
.fault::before { content: "✘ "; }
table.steps { table-layout: fixed; }
table.steps td { overflow-wrap: anywhere; }
table.steps th:nth-child(1) { width: 2.6rem; }
table.steps th:nth-child(2) { width: 25%; }
table.steps th:nth-child(3) { width: 24%; }
table.steps th:nth-child(4) { width: 22%; }
.steps .given { color: var(--faint); }
figure { margin: .8rem 0; }
figure svg { max-width: 100%; height: auto; }
.figures { display: flex; flex-wrap: wrap; gap: 0 2rem; }
.wide { overflow-x: auto; }
ul.plain { margin: .3rem 0; padding-left: 1.2rem; }
.columns { columns: 3 16rem; column-gap: 2.5rem; }
.columns li { break-inside: avoid; }
footer { margin-top: 3rem; color: var(--faint); font-size: .85rem; }
@media screen and (max-width: 45rem) {
  body { padding: 1rem; }
  h1, h1 .verdict { font-size: 1.15rem; }
  .wide.broad > svg { width: 46rem; max-width: none; }
  dl.facts { grid-template-columns: minmax(5rem, max-content) minmax(0, 1fr); padding: .6rem .7rem; gap: .15rem .8rem; }
  .counts { gap: .4rem; }
  .counts li { padding: .3rem .6rem; }
  .counts b { font-size: 1.2rem; }
  details.item > summary { grid-template: "mark id verdict" "mark title title" / 1rem minmax(0, 1fr) max-content; gap: 0 .6rem; }
  details.item > summary::before { grid-area: mark; }
  details.item > summary > code { grid-area: id; }
  details.item > summary > .title { grid-area: title; }
  details.item > .inside { padding-left: 0; }
  /* A row's cells one under the other, numbers side by side, each with the head of its column: nothing is cut off. */
  .wide > table, .wide > table > tbody, .wide > table > tbody > tr { display: block; }
  .wide > table > thead { display: none; }
  .wide > table > tbody > tr { border-bottom: 1px solid var(--line); padding: .35rem 0; }
  .wide > table > tbody > tr > td { display: block; border: 0; padding: 0 0 .1rem; text-align: left; overflow-wrap: anywhere; }
  .wide > table > tbody > tr > td.number { display: inline-block; margin-right: 1rem; white-space: normal; }
  .wide > table > tbody > tr > td:empty { display: none; }
  .wide > table > tbody > tr > td:not(:first-child)[data-head]:not([data-head=""])::before {
    content: attr(data-head) " "; color: var(--faint); font-weight: 400;
  }
  .wide td > br { display: none; }
  table.steps td:first-child { float: left; min-width: 1.6rem; color: var(--faint); }
}
@media print {
  :root {
    --ground: #fff; --text: #000; --faint: #444; --line: #999; --panel: #fff; --code: #000; --link: #000;
    --pass: #000; --fail: #000; --unsure: #000; --none: #444;
    --pass-ground: #fff; --fail-ground: #fff; --unsure-ground: #fff; --none-ground: #fff;
  }
  body { max-width: none; padding: 0; font-size: 10pt; }
  .verdict.fail { color: #fff; background: #000; print-color-adjust: exact; }
  .wide { overflow: visible; }
  nav { display: none; }
  details.environment::details-content { content-visibility: visible; block-size: auto; }
  details.environment > summary { display: none; }
  details.item, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
}
`;
