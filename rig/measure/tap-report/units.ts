/** A unit of time for a table or an axis. */
export interface TimeUnit {
  readonly name: string;
  readonly ns: number;
  text(ns: number): string;
}

const MICROSECONDS: TimeUnit = unit('µs', 1e3);
const MILLISECONDS: TimeUnit = unit('ms', 1e6);

/** The one in which a value of this size reads well. */
export function unitFor(ns: number): TimeUnit {
  return Math.abs(ns) >= 1e6 ? MILLISECONDS : MICROSECONDS;
}

function unit(name: string, ns: number): TimeUnit {
  return { name, ns, text: (value) => `${digits(value / ns)} ${name}` };
}

/** Three digits that count. */
export function digits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}
