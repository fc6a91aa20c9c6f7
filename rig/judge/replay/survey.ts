import { RuleFinder } from './rule-finder.ts';
import type { RuleSet } from './rules.ts';
import { keysNeeded } from './scope.ts';
import { type Secrets, unmask } from './secrets.ts';
import { type ReplaySource, stepsOf } from './steps.ts';

/** What a look through a trace says before a card is touched. */
export interface Survey {
  readonly exchanges: number;
  /** Sentences that each name a secret: what would keep commands from being sent. At most {@link MOST_NAMED}. */
  readonly missing: readonly string[];
  readonly missingCount: number;
}

export const MOST_NAMED = 8;

/** Looks through a trace; where it is damaged, at what comes before. */
export async function surveyTrace(source: ReplaySource, rules: RuleSet, secrets: Secrets): Promise<Survey> {
  const finder = new RuleFinder(rules.rules);
  const missing = new Set<string>();
  const pinFor = new Set<string>();
  let missingCount = 0;
  let exchanges = 0;
  const miss = (what: string): void => {
    if (missing.has(what)) return;
    missingCount++;
    if (missing.size < MOST_NAMED) missing.add(what);
  };
  try {
    for await (const step of stepsOf(source.events())) {
      if (step.type !== 'exchange') continue;
      exchanges++;
      const rule = finder.find(step.index, step.command.apdu);
      if (rule?.skip === true) continue;
      for (const key of keysNeeded(rule?.compute ?? [])) {
        if (!secrets.keys.has(key)) miss(`key ${key}`);
      }
      // What a rule sends in place of a command may bring the masked bytes itself.
      if (rule?.send != null) continue;
      const unmasked = unmask(step.command, step.index, secrets);
      if ('missing' in unmasked) miss(unmasked.missing);
      else if (unmasked.pinFor !== undefined) pinFor.add(unmasked.pinFor);
    }
  } catch (error) {
    // The replay comes to the same place, keeps what it did before, and says so.
    if (!(error instanceof Error) || error.name !== 'TraceError') throw error;
  }
  // Sent for the other code too it would cost a try of that one.
  if (pinFor.size > 1) miss(`codes ${[...pinFor].sort().join(' and ')}, of which VITAP_PIN can be one only`);
  return { exchanges, missing: [...missing], missingCount };
}
