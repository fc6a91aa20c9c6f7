import { describeFailure } from '../../console/failure.ts';
import type { LocalDevice } from './devices.ts';
import { inShort } from './judge-card.ts';

export interface DriftOptions {
  /** What of a device is not as it was, in one sentence; null: nothing. */
  check(device: LocalDevice, signal: AbortSignal): Promise<string | null>;
  /** A person has looked at it: what is measured next counts as the first. @param device its name */
  accept(device: string): void;
  say(text: string): void;
}

const EVERY_MS = 600_000;

/** What has drifted at a bench, from the first sight of it until a person has let the bench back. */
export class Drift {
  readonly #options: DriftOptions;
  readonly #dueMs = new Map<string, number>();
  readonly #found = new Map<string, string>();
  #told = false;

  constructor(options: DriftOptions) {
    this.#options = options;
  }

  /** Whether the bench takes nothing because of it. */
  get isThere(): boolean {
    return this.#found.size > 0;
  }

  /** What the server is to be told; null: nothing, or it knows. */
  get untold(): string | null {
    const [found = null] = this.#found.values();
    return this.#told ? null : found;
  }

  /** Looks at a device that nothing else uses, when its time has come. @throws the reason of the signal */
  async look(device: LocalDevice, signal: AbortSignal): Promise<void> {
    const name = device.capability.device;
    if (performance.now() < (this.#dueMs.get(name) ?? 0)) return;
    this.#dueMs.set(name, performance.now() + EVERY_MS);
    const found = await this.#check(device, signal);
    if (found === null) return;
    this.#options.say(`this bench has drifted: ${found}`);
    this.#found.set(name, inShort(found));
  }

  async #check(device: LocalDevice, signal: AbortSignal): Promise<string | null> {
    try {
      return await this.#options.check(device, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#options.say(
        `${device.capability.device} could not be compared with its first time: ${describeFailure(error).sentences.join(' ')}`,
      );
      return null;
    }
  }

  /**
   * What the server answered. One that knows of the drift, and has no quarantine for it any more, was told by a person to let
   * the bench back.
   */
  heard(quarantined: string | null): void {
    if (!this.isThere) return;
    if (quarantined !== null) {
      this.#told ||= quarantined === this.untold;
      return;
    }
    if (!this.#told) return;
    for (const name of this.#found.keys()) {
      this.#options.accept(name);
      this.#dueMs.delete(name);
    }
    this.#found.clear();
    this.#told = false;
  }
}
