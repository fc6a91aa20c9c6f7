/** What a board's page has besides the style of all reports: it must fit on one sheet of A4. */
export const SHEET_STYLE = `
body { font-size: 13px; line-height: 1.35; }
h2 { margin: 1rem 0 .3rem; font-size: 1.05rem; }
dl.facts { grid-template-columns: max-content 1fr max-content 1fr; margin: .6rem 0; padding: .5rem .8rem; }
td, th { padding: .12rem .8rem .12rem 0; }
tbody.phase tr:first-child td { border-top: 1.5px solid var(--line); }
tbody.phase td { border-bottom: 0; }
.simulated { display: inline-block; border: 2px dashed var(--unsure); padding: .2rem .6rem; font-weight: 600; color: var(--text); }
.figures { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; flex: 1 1 18rem; max-width: 30rem; }
figure svg { width: 100%; height: auto; }
figcaption { color: var(--faint); }
@page { size: A4; margin: 10mm; }
@media screen and (max-width: 45rem) {
  dl.facts { grid-template-columns: max-content 1fr; }
  tbody.phase tr:first-child td { border-top: 0; }
}
@media print {
  body { font-size: 7.5pt; line-height: 1.2; }
  h1, h1 .verdict { font-size: 12pt; margin: 0; }
  h1 .answer { margin-left: 2mm; }
  .subject { font-size: 9pt; }
  h2 { margin: 1.5mm 0 .5mm; font-size: 9pt; padding: 0; }
  p { margin: 1mm 0; }
  dl.facts { margin: 1.5mm 0; padding: 1mm 2mm; gap: 0 4mm; }
  table { margin: 0; }
  td, th { padding: .15mm 3mm .15mm 0; }
  td .verdict { font-size: 6.5pt; padding: 0 1mm; border-width: 1px; line-height: 1.1; }
  td:last-child { white-space: nowrap; }
  .figures { gap: 4mm; flex-wrap: nowrap; }
  figure { flex: 1 1 0; max-width: 62mm; break-inside: avoid; }
  footer { margin-top: 1.5mm; font-size: 7pt; }
}
`;
