import { TemplateError } from './hex-template.ts';
import type { DeviationLimit } from './rules.ts';

const UNITS: Readonly<Record<string, number>> = { us: 1_000, µs: 1_000, ms: 1_000_000, s: 1_000_000_000 };

/** `5ms`, `200us`, `1s` or `20%`, either way; with `+` before it, only slower. @throws {TemplateError} */
export function parseDeviation(written: string): DeviationLimit {
  const match = /^\s*(\+)?\s*(\d{1,9}(?:\.\d+)?)\s*(us|µs|ms|s|%)\s*$/.exec(written);
  if (match === null)
    throw new TemplateError('a deviation is a time or a part, as 5ms, 200us or 20%, with + for slower only');
  const [, plus, figure, unit] = match as unknown as [string, string | undefined, string, string];
  const slowerOnly = plus !== undefined;
  if (unit === '%') return { ns: null, part: Number(figure) / 100, slowerOnly };
  return { ns: Math.round(Number(figure) * (UNITS[unit] as number)), part: null, slowerOnly };
}

/** The limit in nanoseconds for an exchange that took so long when it was recorded. */
export function limitNs(limit: DeviationLimit, recordedNs: number): number {
  return limit.ns ?? Math.round((limit.part as number) * recordedNs);
}

export function exceeds(limit: DeviationLimit, recordedNs: number, deviationNs: number): boolean {
  const most = limitNs(limit, recordedNs);
  return deviationNs > most || (!limit.slowerOnly && deviationNs < -most);
}
