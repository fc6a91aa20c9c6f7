import type { ShownQr } from './view.ts';

/** Light modules around, as ISO/IEC 18004 asks. */
const QUIET = 4;
/** What fits beside the margins of a page of 390 pixels. */
const WIDEST = 352;

/** A QR code with whole pixels for each module, dark on white in the dark too: many scanners read nothing else. */
export function QrPicture({ qr, label }: { readonly qr: ShownQr; readonly label: string }) {
  const side = qr.size + 2 * QUIET;
  const pixels = side * Math.max(1, Math.floor(WIDEST / side));
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${side} ${side}`} width={pixels} height={pixels}>
      <rect width={side} height={side} fill="#ffffff" />
      <path d={darkModules(qr)} fill="#000000" shape-rendering="crispEdges" />
    </svg>
  );
}

/** Runs of dark modules, row by row. */
function darkModules({ rows }: ShownQr): string {
  return rows
    .flatMap((row, y) =>
      [...row.matchAll(/1+/g)].map((run) => `M${run.index + QUIET} ${y + QUIET}h${run[0].length}v1h-${run[0].length}z`),
    )
    .join('');
}
