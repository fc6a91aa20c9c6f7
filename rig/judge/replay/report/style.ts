/** The style of a replay report, besides that of every report. */
export const VIEWER_STYLE = `
.tools { display: flex; flex-wrap: wrap; gap: .5rem .9rem; align-items: end; margin: .6rem 0; }
[hidden] { display: none !important; }
.tools label { display: grid; gap: .1rem; font-size: .82rem; color: var(--faint); }
.tools input[type=search], .tools select, .tools button {
  font: inherit; font-size: .92rem; color: var(--text); background: var(--ground); border: 1px solid var(--line);
  border-radius: 6px; padding: .3rem .5rem;
}
.tools input[type=search] { width: 21rem; max-width: 100%; }
.tools button { background: var(--panel); cursor: pointer; }
.tools button:disabled { opacity: .5; cursor: default; }
.tools .jumps { white-space: nowrap; }
.tools fieldset { display: flex; flex-wrap: wrap; gap: .2rem .8rem; border: 0; margin: 0; padding: .3rem 0; }
.tools fieldset label { display: inline-flex; gap: .3rem; align-items: center; color: var(--text); font-size: .88rem; }
.found { color: var(--faint); font-size: .88rem; margin: .2rem 0; }
#overview { display: block; width: 100%; height: 44px; border: 1px solid var(--line); border-radius: 6px; cursor: pointer; }
.legend { color: var(--faint); font-size: .82rem; margin: .15rem 0 .6rem; }
.row, .headings {
  display: grid; gap: .7rem; align-items: center; padding: 0 .6rem;
  grid-template-columns: 3.6rem 1.2rem 11rem minmax(6rem, 1fr) 3.2rem 3.4rem 8.5rem 8.5rem;
}
.headings { color: var(--faint); font-weight: 600; font-size: .82rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
.headings > :nth-child(1), .headings > :nth-child(6), .row > :nth-child(1), .row > :nth-child(6) { text-align: right; }
#list {
  position: relative; height: 25rem; overflow-y: auto; overflow-anchor: none; contain: strict;
  border: 1px solid var(--line); border-top: 0; border-radius: 0 0 6px 6px;
}
#list:focus-visible { outline: 2px solid var(--pass); outline-offset: 1px; }
#sizer { position: relative; }
.row { position: absolute; left: 0; right: 0; height: 26px; font-size: .86rem; cursor: default; white-space: nowrap; }
.row > * { overflow: hidden; text-overflow: ellipsis; }
.row .number { font-variant-numeric: tabular-nums; }
.row:nth-child(even) { background: color-mix(in srgb, var(--panel) 60%, transparent); }
.row[aria-selected=true] { background: var(--pass-ground); box-shadow: inset 3px 0 var(--pass); }
.row.FAIL { background: var(--fail-ground); }
.row.FAIL[aria-selected=true] { box-shadow: inset 4px 0 var(--fail); }
.row.INCONCLUSIVE { background: var(--unsure-ground); }
.row.SKIPPED { opacity: .65; }
.sign { font-weight: 700; text-align: center; }
.sign.PASS { color: var(--pass); } .sign.FAIL { color: var(--fail); } .sign.INCONCLUSIVE { color: var(--unsure); }
.bar { position: relative; height: 100%; text-align: right; font-variant-numeric: tabular-nums; line-height: 19px; padding-right: .3rem; }
.bar i { position: absolute; left: 0; bottom: 2px; height: 4px; border-radius: 2px; background: var(--none); }
.bar.took i { background: var(--pass); }
.bar b { position: absolute; bottom: 1px; width: 2px; height: 7px; background: var(--text); }
#detail { border: 1px solid var(--line); border-radius: 6px; padding: .2rem 1rem .8rem; margin-top: .8rem; min-height: 6rem; }
#detail h3 { margin: .7rem 0 .3rem; }
.span { display: grid; grid-template-columns: 5.5rem minmax(6rem, 1fr) 19rem; gap: .8rem; align-items: center; margin: .2rem 0; font-size: .84rem; }
.span .label:first-child { color: var(--faint); }
.span .track { display: flex; height: 1rem; background: var(--panel); }
.span .track i { display: block; height: 100%; }
.span .track .pause { background: repeating-linear-gradient(90deg, var(--line) 0 2px, transparent 2px 6px); }
.span .track .answer { background: var(--pass); min-width: 2px; }
.sides { display: grid; grid-template-columns: 1fr 1fr; gap: 1.2rem; }
.sides > div { min-width: 0; }
#detail h4 { margin: .6rem 0 .2rem; font-size: .86rem; color: var(--faint); }
.dump { margin: 0; font: 12.5px/1.5 ui-monospace, "DejaVu Sans Mono", "Liberation Mono", monospace; overflow-x: auto; }
.dump .at { color: var(--faint); user-select: none; }
mark { background: var(--fail-ground); color: var(--fail); font-weight: 700; text-decoration: underline; border-radius: 2px; }
table.fields td, table.fields th { padding: .12rem .8rem .12rem 0; font-size: .84rem; }
table.fields td { overflow-wrap: anywhere; }
table.fields tr.differs { background: var(--fail-ground); }
table.fields .deep1 { padding-left: 1.2rem; } table.fields .deep2 { padding-left: 2.4rem; } table.fields .deep3 { padding-left: 3.6rem; }
.wide td > code, .wide td > a > code { white-space: nowrap; }
.jump { font-weight: 600; }
.quarantine { border-left: 4px dashed var(--unsure); padding-left: .8rem; }
@media (max-width: 60rem) {
  .row, .headings { grid-template-columns: 3rem 1.2rem 9rem minmax(4rem, 1fr) 3rem; }
  .row > :nth-child(n + 6), .headings > :nth-child(n + 6) { display: none; }
  .sides { grid-template-columns: 1fr; }
  table.fields { table-layout: fixed; }
  table.fields th:first-child { width: 40%; }
  .span { grid-template-columns: 5.5rem 1fr; gap: 0 .6rem; }
  .span .track { grid-column: 1 / -1; grid-row: 2; }
}
@media (max-width: 45rem) {
  .row, .headings { grid-template-columns: 2.3rem 1rem minmax(0, 1fr) 5rem 2.6rem; gap: .4rem; padding: 0 .3rem; }
  .tools label { max-width: 100%; grid-template-columns: minmax(0, 1fr); }
  table.divergences td:first-child::before { content: "exchange "; }
  table.fields, .wide td > code, .wide td > a > code { white-space: normal; overflow-wrap: anywhere; }
}
@media print { #viewer { display: none; } }
`;
