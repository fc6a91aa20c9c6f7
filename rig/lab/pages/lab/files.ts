import type { ResultBlob } from '../../api/result.ts';

/** Largest report that is read here; a larger one is saved. */
export const MOST_REPORT_BYTES = 16 * 1024 * 1024;

/** Whether the page can show a file from its data: a trace, or a report as JSON. HTML that was uploaded is never shown. */
export function isShownHere({ role, mediaType }: ResultBlob): boolean {
  return role === 'trace' || (role === 'report' && mediaType === 'application/json');
}

const UNITS = [
  { unit: 'kilobyte', bytes: 1e3 },
  { unit: 'megabyte', bytes: 1e6 },
] as const;

/** `312 kB`, in the reader's language. */
export function sizeInWords(bytes: number, language: string): string {
  const { unit, bytes: of } = bytes < 1e6 ? UNITS[0] : UNITS[1];
  return new Intl.NumberFormat(language, { style: 'unit', unit, maximumFractionDigits: 1 }).format(bytes / of);
}
