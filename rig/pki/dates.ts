import { CertificateError, encodeDate } from '../../src/secure-channel/index.ts';
import type { Validity } from './holder.ts';

/** Dates of certificates, YYMMDD as a number, are of the years 2000 to 2099; people write 2026-01-31. */

/** @returns null for what is no date of these years */
export function readDate(text: string): number | null {
  const [, year, month, day] = /^20(\d\d)-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (year === undefined) return null;
  const date = Number(`${year}${month}${day}`);
  try {
    encodeDate(date);
    return date;
  } catch (error) {
    if (error instanceof CertificateError) return null;
    throw error;
  }
}

export function dateText(date: number): string {
  return `20${String(date)
    .padStart(6, '0')
    .replace(/(..)(..)(..)/, '$1-$2-$3')}`;
}

/** Today, in UTC. */
export function today(): number {
  return Number(new Date().toISOString().slice(2, 10).replaceAll('-', ''));
}

/** From a day on for that many years, the last day included, but not past 2099. */
export function validityOf(from: number, years: number): Validity {
  const to = from + years * 10_000;
  if (to > 991231) return { from, to: 991231 };
  // 29 February of a year that has none.
  return { from, to: to % 10_000 === 229 && Math.floor(to / 10_000) % 4 !== 0 ? to - 1 : to };
}
