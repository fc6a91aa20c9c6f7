/**
 * AbortController of the DOM, as far as the drivers use it: the engine has none. Imported for its effect, before them.
 */
class Signal {
  aborted = false;
  #listeners: (() => void)[] = [];

  addEventListener(_type: string, listener: () => void): void {
    this.#listeners.push(listener);
  }

  removeEventListener(_type: string, listener: () => void): void {
    this.#listeners = this.#listeners.filter((each) => each !== listener);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of this.#listeners) listener();
  }
}

class Controller {
  readonly signal: Signal = new Signal();

  abort(): void {
    this.signal.abort();
  }
}

(globalThis as unknown as { AbortController: unknown }).AbortController ??= Controller;

export {};
