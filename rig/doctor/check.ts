import type { Machine } from './machine.ts';

/** `info`: worth knowing, nothing to judge. Only `fail` makes the doctor's exit code 1. */
export type Verdict = 'pass' | 'warn' | 'fail' | 'info';

/** What a check found. */
export interface Finding {
  readonly verdict: Verdict;
  /** One or more sentences for a person. */
  readonly detail: string;
  /** What to type or do about it. */
  readonly cure?: string;
  /** The same for a program: figures, names. */
  readonly data?: Readonly<Record<string, unknown>>;
}

export interface CheckResult extends Finding {
  readonly id: string;
  readonly title: string;
}

/** One thing to look at. */
export interface Check {
  /** Stable, for programs: `pcscd`, `vpcd-delay`. */
  readonly id: string;
  readonly title: string;
  /** After this long the check fails, whatever it waits for. */
  readonly timeoutMs: number;
  /** @param earlier what the checks before this one found, by id */
  look(machine: Machine, earlier: ReadonlyMap<string, Finding>): Promise<Finding>;
}

/**
 * Runs checks one after the other; each ends in its time, and none stops the others.
 * @param onResult told of each as it ends
 */
export async function runChecks(
  checks: readonly Check[],
  machine: Machine,
  signal: AbortSignal,
  onResult: (result: CheckResult) => void = () => {},
): Promise<readonly CheckResult[]> {
  const earlier = new Map<string, Finding>();
  const results: CheckResult[] = [];
  for (const check of checks) {
    if (signal.aborted) break;
    const finding = await lookInTime(check, machine, earlier, signal);
    const result = { id: check.id, title: check.title, ...finding };
    earlier.set(check.id, finding);
    results.push(result);
    onResult(result);
  }
  return results;
}

function lookInTime(
  check: Check,
  machine: Machine,
  earlier: ReadonlyMap<string, Finding>,
  signal: AbortSignal,
): Promise<Finding> {
  return new Promise((resolve) => {
    const seconds = check.timeoutMs / 1000;
    const giveUp = (detail: string): void => settle({ verdict: 'fail', detail });
    const timer = setTimeout(() => giveUp(`no result within ${seconds} s`), check.timeoutMs);
    const onAbort = (): void => giveUp('stopped');
    const settle = (finding: Finding): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      resolve(finding);
    };
    signal.addEventListener('abort', onAbort);
    Promise.resolve()
      .then(() => check.look(machine, earlier))
      .then(settle, (error: unknown) => {
        giveUp(`the check itself failed: ${error instanceof Error ? error.message : String(error)}`);
      });
  });
}
