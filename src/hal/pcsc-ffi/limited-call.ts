import { HalError } from '../errors.ts';
import { watchService } from '../pcsc/service-watch.ts';

/** How long a call under way may still take when a signal is aborted: a healthy one comes to its end. */
export const LAST_ANSWER_MS = 500;

let unanswered = 0;

/**
 * How many calls were given up and are still unanswered. Each holds a thread that cannot be stopped, and while it does
 * `process.exit` hangs: see system/exit-now.ts.
 */
export function stuckFfiCalls(): number {
  return unanswered;
}

/**
 * The outcome of a native call; `timeout` after so long, and earlier when the service says nothing any more or a signal
 * is aborted. A call that was given up goes on in its thread.
 * @param words for the error: who gave no answer
 * @param onLate told when the answer comes after all
 * @throws {HalError} `timeout`, `no-service`, `aborted`
 */
export function limitedCall<T>(
  call: Promise<T>,
  timeoutMs: number,
  words: string,
  onLate: (outcome: T) => void = () => {},
  signals: readonly AbortSignal[] = [],
): Promise<T> {
  return new Promise((resolve, reject) => {
    let givenUp = false;
    let impatience: NodeJS.Timeout | undefined;
    const settle = (): void => {
      unwatch();
      clearTimeout(timer);
      clearTimeout(impatience);
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    };
    const giveUp = (error: HalError): void => {
      settle();
      givenUp = true;
      unanswered++;
      reject(error);
    };
    const onAbort = (): void => {
      impatience ??= setTimeout(() => giveUp(new HalError('aborted', 'the call was cancelled')), LAST_ANSWER_MS);
    };
    const unwatch = watchService(giveUp);
    const timer = setTimeout(
      () => giveUp(new HalError('timeout', `${words} gave no answer for ${timeoutMs / 1000} s`)),
      timeoutMs,
    );
    for (const signal of signals) signal.addEventListener('abort', onAbort);
    if (signals.some((signal) => signal.aborted)) onAbort();
    call.then(
      (outcome) => {
        settle();
        if (givenUp) {
          unanswered--;
          onLate(outcome);
        } else resolve(outcome);
      },
      (error: unknown) => {
        settle();
        if (givenUp) unanswered--;
        else reject(error);
      },
    );
  });
}
