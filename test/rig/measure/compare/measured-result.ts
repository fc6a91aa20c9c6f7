import { benchTap } from '../../../../rig/measure/tap/bench-tap.ts';
import type { TapBenchResult, TapSample } from '../../../../rig/measure/tap/result.ts';
import { fakeIo } from '../../console/fake-io.ts';

/** What a few taps of the Type 4 Tag in process gave: a whole result, of which tests change what they are about. */
export async function measuredResult(taps = 20): Promise<TapBenchResult> {
  const { result } = await benchTap(
    {
      reader: { driver: 'loopback' },
      readerText: 'loopback',
      card: { kind: 'profile', name: 'ndef' },
      interface: null,
      sequence: 'ndef',
      plan: 'classic',
      commands: null,
      taps,
      warmUp: 1,
      arrivals: { kind: 'closed' },
      air: 106,
      whatIf: [],
      pin: { file: null, ask: false },
      timeoutMs: 1000,
      traces: null,
      keepSecrets: false,
    },
    fakeIo(),
  );
  return result;
}

/** The result whose first tap took so long, nanoseconds; or failed. */
export function withFirst(result: TapBenchResult, ns: number | 'failed'): TapBenchResult {
  const [sample] = result.taps as [TapSample];
  const failure = { kind: 'timeout', message: 'no answer', afterExchanges: 0 };
  const first: TapSample =
    ns === 'failed'
      ? { ...sample, index: -1, startNs: -1e9, endNs: -1e9, failure }
      : { ...sample, index: -1, startNs: -1e9, endNs: ns - 1e9 };
  return { ...result, first: { sample: first, exchanges: [], trace: null } };
}

/** The result with taps of these lengths, nanoseconds, and a verdict on itself. */
export function withTimes(result: TapBenchResult, times: readonly number[], trusted = true): TapBenchResult {
  const [first] = result.taps;
  const taps = times.map(
    (ns, index): TapSample => ({ ...(first as TapSample), index, startNs: index * 1e9, endNs: index * 1e9 + ns }),
  );
  return { ...result, taps, diagnosis: { ...result.diagnosis, trusted } };
}
