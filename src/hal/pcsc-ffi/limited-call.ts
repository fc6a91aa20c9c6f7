import { HalError } from '../errors.ts';

let unanswered = 0;

/**
 * How many calls were given up and are still unanswered. Each holds a thread that cannot be stopped, and while it does
 * `process.exit` hangs.
 */
export function stuckFfiCalls(): number {
  return unanswered;
}

/**
 * The outcome of a native call, or `timeout` after so long. A call that was given up goes on in its thread.
 * @param words for the error: who gave no answer
 * @param onLate told when the answer comes after all
 * @throws {HalError} `timeout`
 */
export function limitedCall<T>(
  call: Promise<T>,
  timeoutMs: number,
  words: string,
  onLate: (outcome: T) => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    let givenUp = false;
    const timer = setTimeout(() => {
      givenUp = true;
      unanswered++;
      reject(new HalError('timeout', `${words} gave no answer for ${timeoutMs / 1000} s.`));
    }, timeoutMs);
    call.then(
      (outcome) => {
        clearTimeout(timer);
        if (givenUp) {
          unanswered--;
          onLate(outcome);
        } else resolve(outcome);
      },
      (error: unknown) => {
        clearTimeout(timer);
        if (givenUp) unanswered--;
        else reject(error);
      },
    );
  });
}
