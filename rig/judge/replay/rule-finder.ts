import type { ReplayRule } from './rules.ts';

/** Finds the rule of an exchange: the first one that fits. Remembers which were ever found. */
export class RuleFinder {
  readonly #rules: readonly ReplayRule[];
  readonly #used = new Set<ReplayRule>();

  constructor(rules: readonly ReplayRule[]) {
    this.#rules = rules;
  }

  /** @param command as the trace has it, masked bytes as `XX` */
  find(index: number, command: string): ReplayRule | null {
    const rule = this.#rules.find((each) => inSpans(each, index) && (each.command?.fits(command) ?? true)) ?? null;
    if (rule !== null) this.#used.add(rule);
    return rule;
  }

  /** Names of those that fitted nothing yet. */
  get unused(): readonly string[] {
    return this.#rules.filter((rule) => !this.#used.has(rule)).map(({ name }) => name);
  }
}

function inSpans({ exchanges }: ReplayRule, index: number): boolean {
  return exchanges === null || exchanges.some(({ from, to }) => index >= from && index <= to);
}
