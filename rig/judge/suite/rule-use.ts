/**
 * Which rules were of no use. Traces share files of rules: one that matches nothing in one trace may be meant for
 * another, and only one that matches nothing in any is worth a word.
 */
export class RuleUse {
  /** By file; null once a trace with it was not replayed to its end. */
  readonly #unused = new Map<string, ReadonlySet<string> | null>();

  /** @param unused names of the rules that matched nothing; null for a trace that ended early */
  note(file: string, unused: readonly string[] | null): void {
    const before = this.#unused.get(file);
    if (before === null || unused === null) this.#unused.set(file, null);
    else this.#unused.set(file, new Set(before === undefined ? unused : unused.filter((name) => before.has(name))));
  }

  warnings(): string[] {
    return [...this.#unused].flatMap(([file, names]) =>
      [...(names ?? [])].map((name) => `the rule "${name}" of ${file} matched no exchange of any trace`),
    );
  }
}
