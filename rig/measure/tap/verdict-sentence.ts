import { counted } from '../../report/words.ts';
import type { TapBenchResult } from './result.ts';

/** What became of the run, in a sentence. */
export function verdictSentence({ taps, failures, setup, diagnosis, verdict }: TapBenchResult): string {
  const failed = failures.reduce((sum, each) => sum + each.count, 0);
  if (taps.length === 0) return 'No tap was made.';
  const short = taps.length < setup.taps ? ` of ${setup.taps} asked for` : '';
  if (verdict === 'fail') {
    const ways = failures.map(({ kind, message, count }) => `${count} × ${kind}: ${message}`).join('; ');
    const of = failed === 0 ? 'None' : `${failed}`;
    return `${of} of ${counted(taps.length, 'tap')}${short} failed${ways === '' ? ': the run ended early.' : ` (${ways})`}`;
  }
  const done = `${counted(taps.length, 'tap')}${short}, none failed.`;
  if (verdict === 'pass') return done;
  const reasons = diagnosis.findings.filter((each) => each.verdict === 'distrust').map(({ detail }) => detail);
  return `${done} The figures cannot be trusted: ${reasons.join('; ')}`;
}
