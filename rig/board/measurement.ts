/** What was measured: a number, words, or a yes or no. */
export type MeasuredValue = number | string | boolean;

/** What a value must be. Without limits a value is for information, and has no verdict of its own. */
export type Limits = { readonly min?: number; readonly max?: number } | { readonly equals: MeasuredValue } | null;

/** A measurement as its phase announces it, before anything is measured. */
export interface MeasurementPlan {
  /** Unique in the whole test: `echo-errors`. */
  readonly id: string;
  /** For people: `Echoes that came back wrong`. */
  readonly what: string;
  /** `ms`, `%`, `mA`; empty for a count or words. */
  readonly unit: string;
  readonly limits: Limits;
  /** Whether this machine spoils the value when it is late: a time, or something that a time limit can lose. */
  readonly timed?: true;
  /** How numbers are written; decimal without it. */
  readonly format?: 'hex';
  /** It is words, or may be: nothing has a smallest or largest one. */
  readonly words?: true;
  /** Whose limits they are; absent: those of the program. */
  readonly limitsFrom?: 'station';
}

/** `unset`: the phase ended before it came to this, or forgot it. */
export type MeasurementVerdict = 'pass' | 'fail' | 'info' | 'unset';

export interface Measurement extends MeasurementPlan {
  readonly value: MeasuredValue | null;
  readonly verdict: MeasurementVerdict;
}

/** Judges a value by its limits; null for a value that was never taken. */
export function judgeMeasurement(plan: MeasurementPlan, value: MeasuredValue | null): Measurement {
  return { ...plan, value, verdict: verdictOf(plan.limits, value) };
}

function verdictOf(limits: Limits, value: MeasuredValue | null): MeasurementVerdict {
  if (value === null) return 'unset';
  if (limits === null) return 'info';
  if ('equals' in limits) return value === limits.equals ? 'pass' : 'fail';
  // A value that is no number cannot be within limits: NaN least of all.
  if (typeof value !== 'number' || Number.isNaN(value)) return 'fail';
  const low = limits.min !== undefined && value < limits.min;
  const high = limits.max !== undefined && value > limits.max;
  return low || high ? 'fail' : 'pass';
}

/** `3.2 ms`, `0x32`, `yes`, `not measured`. */
export function valueInWords({ value, unit, format }: Pick<Measurement, 'value' | 'unit' | 'format'>): string {
  if (value === null) return 'not measured';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'string') return value;
  if (format === 'hex') return `0x${value.toString(16).toUpperCase().padStart(2, '0')}`;
  const digits = `${Number(value.toFixed(Math.abs(value) < 10 ? 2 : 1))}`;
  return unit === '' ? digits : `${digits} ${unit}`;
}

/** `at most 12 ms`, `exactly 0x32`, `for information`, `at most 8 ms on this station`. */
export function limitsInWords(plan: MeasurementPlan): string {
  return `${ownLimitsInWords(plan)}${plan.limitsFrom === 'station' ? ' on this station' : ''}`;
}

function ownLimitsInWords(plan: MeasurementPlan): string {
  const { limits } = plan;
  if (limits === null) return 'for information';
  const word = (value: MeasuredValue): string => valueInWords({ ...plan, value });
  if ('equals' in limits)
    return typeof limits.equals === 'boolean' ? word(limits.equals) : `exactly ${word(limits.equals)}`;
  const { min, max } = limits;
  if (min !== undefined && max !== undefined) return `${word(min)} to ${word(max)}`;
  if (min !== undefined) return `at least ${word(min)}`;
  return max === undefined ? 'any number' : `at most ${word(max)}`;
}
