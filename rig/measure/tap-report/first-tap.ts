import type { TapDetail } from '../tap/result.ts';
import { digits, unitFor } from './units.ts';

/** What is said of the first tap beside the others. @param medianNs of the others */
export function firstTapWords({ sample }: TapDetail, medianNs: number): string {
  const { failure, startNs, endNs, index } = sample;
  const where = index < 0 ? 'not among them' : 'one of them, as there was no warm-up';
  if (failure !== null) return `the first tap (${where}) failed: ${failure.kind}: ${failure.message}`;
  const ns = endNs - startNs;
  return `the first tap (${where}): ${unitFor(ns).text(ns)}, ${digits(ns / medianNs)} times the median`;
}
