import { realPath } from './filed-board.ts';

/** What ports are, for {@link Things}: by their names and by where those lead, as long as they lead somewhere. */
export function portThings(...paths: readonly (string | null | undefined)[]): string[] {
  const named = paths.filter((path) => path !== undefined && path !== null);
  return [...new Set(named.flatMap((path) => [path, realPath(path)]))].map((path) => `port:${path}`);
}

interface Waiting {
  readonly things: readonly string[];
  readonly wake: () => void;
}

/** Ports and readers in use: two devices that share one never work at the same time, and take turns. */
export class Things {
  readonly #used = new Set<string>();
  #waiting: Waiting[] = [];

  /**
   * Waits for its turn, and takes all of them.
   * @returns gives them back; harmless the second time
   * @throws the reason of the signal
   */
  async take(things: readonly string[], signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (!this.#mayHave(things, this.#waiting.length)) await this.#turn(things, signal);
    for (const each of things) this.#used.add(each);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      for (const each of things) this.#used.delete(each);
      this.#wakeNext();
    };
  }

  /** Whether they are free, and nobody before that place in the queue waits for one of them. */
  #mayHave(things: readonly string[], place: number): boolean {
    const before = this.#waiting.slice(0, place).flatMap((each) => each.things);
    return !things.some((each) => this.#used.has(each) || before.includes(each));
  }

  #turn(things: readonly string[], signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#waiting = this.#waiting.filter((each) => each !== own);
        reject(signal.reason);
        this.#wakeNext();
      };
      const own: Waiting = {
        things,
        wake: () => {
          signal.removeEventListener('abort', end);
          // Taken before anybody else is asked.
          for (const each of things) this.#used.add(each);
          resolve();
        },
      };
      this.#waiting.push(own);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  #wakeNext(): void {
    for (const next of [...this.#waiting]) {
      if (!this.#mayHave(next.things, this.#waiting.indexOf(next))) continue;
      this.#waiting = this.#waiting.filter((each) => each !== next);
      next.wake();
    }
  }
}
