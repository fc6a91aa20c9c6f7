import type { ReplayEntry } from '../../../../rig/judge/replay/model.ts';
import type { PlugWorld } from '../../../../rig/judge/replay/plugs.ts';
import { NO_RULES } from '../../../../rig/judge/replay/rules.ts';
import { parseRules } from '../../../../rig/judge/replay/rules-file.ts';
import { NO_SECRETS, parseSecrets } from '../../../../rig/judge/replay/secrets.ts';
import { replayToCard, type ToCardEnd, type ToCardOptions } from '../../../../rig/judge/replay/to-card.ts';
import type { TraceSource } from '../../../../rig/trace/stream.ts';
import type { LinkedCard } from '../../../../src/hal/card-link.ts';
import { createLoopback } from '../../../../src/hal/loopback/index.ts';
import { nobleCrypto } from '../../../../src/hal/noble/index.ts';
import { systemClock } from '../../../../src/hal/system/clock.ts';
import { SeededRandom } from '../../../../src/hal/virtual/random.ts';
import { putOnLink } from '../../../contract/served-link.ts';

export const world = (): PlugWorld => ({
  crypto: nobleCrypto(),
  random: new SeededRandom('replay'),
  memory: new Map(),
});

export interface Replayed extends ToCardEnd {
  readonly entries: readonly ReplayEntry[];
  /** `PASS PASS FAIL`. */
  readonly verdicts: string;
}

/** Replays a trace to a card in process. @param more rules and secrets as YAML */
export async function replayed(
  source: TraceSource,
  card: LinkedCard,
  more: Partial<Omit<ToCardOptions, 'rules' | 'secrets'>> & {
    rules?: string;
    secrets?: string;
    during?: (entry: ReplayEntry, unplug: () => void) => void;
  } = {},
): Promise<Replayed> {
  const { rules, secrets, during, ...options } = more;
  const { link, reader, unplug } = createLoopback({ interface: 'contact', clock: systemClock });
  const served = putOnLink(link, card);
  const session = await reader.connect({ timeoutMs: 100, mode: 'cold' });
  const entries: ReplayEntry[] = [];
  try {
    const end = await replayToCard(source, session, {
      rules: rules === undefined ? NO_RULES : parseRules(rules, 'rules.yaml'),
      secrets: secrets === undefined ? NO_SECRETS : parseSecrets(secrets, 'secrets.yaml'),
      pace: 'fast',
      maxDeviation: null,
      keepGoing: true,
      keepSecrets: false,
      world: world(),
      clock: systemClock,
      signal: new AbortController().signal,
      listener: null,
      onEntry: (entry) => {
        entries.push(entry);
        during?.(entry, unplug);
      },
      ...options,
    });
    return { ...end, entries, verdicts: entries.map(({ verdict }) => verdict).join(' ') };
  } finally {
    await reader.close();
    await served.remove();
  }
}
