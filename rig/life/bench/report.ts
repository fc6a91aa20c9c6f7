import { counted } from '../../report/words.ts';
import type { IssuerFigures } from './bench-issuer.ts';
import type { Timings } from './timings.ts';

const NAMES = { pglite: 'PGlite', postgresql: 'PostgreSQL' } as const;

/** The figures as a person reads them. */
export function issuerReport(
  { machine, node }: { readonly machine: string; readonly node: string },
  { registries, growth, lists, qr, targets }: IssuerFigures,
): string {
  const lines = [`${machine}, Node ${node}`, ''];
  for (const figures of registries) {
    lines.push(`${NAMES[figures.store]} ${figures.version}, one request after the other`);
    lines.push('                       n  a second    median       p99     first');
    lines.push(row('activations', figures.activations));
    lines.push(row('presences minted', figures.presencesMinted));
    lines.push(row('presences resolved', figures.presencesResolved));
    lines.push(row('bare transactions', figures.bareTransactions));
    lines.push(row('status checks', figures.statusChecks));
    const { n, refused } = figures.replays;
    lines.push(`  replayed presences: ${refused} of ${n} refused`, '');
  }
  for (const { store, sizes } of growth) {
    lines.push(`${NAMES[store as keyof typeof NAMES]}, lookups by size of the registry: median, p99`);
    for (const { insured, byIdentity, byDeviceKey, filledInS } of sizes) {
      const times = [byIdentity, byDeviceKey].map(({ p50ms, p99ms }) => `${ms(p50ms)} ${ms(p99ms)}`);
      lines.push(
        `  ${`${insured}`.padStart(9)} insured   by identity ${times[0]}   by device key ${times[1]}   filled in ${filledInS.toFixed(1)} s`,
      );
    }
    lines.push('');
  }
  for (const { activations, bytes, compressedBytes, packMs, compressMs } of lists) {
    const sizes = `${kilobytes(bytes)}, compressed ${kilobytes(compressedBytes)}`;
    const times = `packed in ${packMs.toFixed(0)} ms, compressed in ${compressMs.toFixed(0)} ms`;
    lines.push(`status list of ${activations} activations, one in a hundred invalid: ${sizes}; ${times}`);
  }
  if (lists.length > 0) lines.push('');
  const [make, draw, verify] = [qr.make, qr.draw, qr.verify].map(({ p50us }) => `${(p50us / 1000).toFixed(2)} ms`);
  lines.push(
    `offline QR code of ${counted(qr.people, 'person', 'people')}, ${qr.characters} characters: made in ${make}, drawn in ${draw}, verified in ${verify} (medians)`,
    '',
  );
  for (const { id, store, value, limit, verdict } of targets)
    lines.push(`${words(id, store, value, limit)}: ${verdict}`);
  return `${lines.join('\n')}\n`;
}

function row(name: string, { n, perSecond, p50ms, p99ms, firstMs }: Timings): string {
  return `  ${name.padEnd(18)}${`${n}`.padStart(5)}${perSecond.toFixed(0).padStart(10)}${[p50ms, p99ms, firstMs].map((each) => ms(each)).join('')}`;
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`.padStart(10);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`;
}

function words(id: string, store: string, value: number, limit: number): string {
  const on = NAMES[store as keyof typeof NAMES];
  if (id === 'resolve-ratio')
    return `${on}: resolving runs at ${value.toFixed(2)} of bare transactions, at least ${limit}`;
  if (id === 'replays') return `${on}: ${value} of ${limit} replays refused`;
  return `${on}: lookups in the largest registry take ${value.toFixed(2)} times as long as in the smallest, at most ${limit}`;
}
