import * as z from 'zod';
import { describeFailure } from '../../console/failure.ts';
import type { LocalDevice } from './devices.ts';
import { inShort } from './judge-card.ts';
import type { OwnFile } from './own-file.ts';

/** What a bench that starts again knows of its drift. */
export interface KeptDrift {
  /** What has drifted, by device. */
  readonly found: Readonly<Record<string, string>>;
  /** Whether the server knows. */
  readonly told: boolean;
}
export const KEPT_DRIFT: z.ZodType<KeptDrift> = z.object({
  found: z.record(z.string(), z.string().min(1).transform(inShort)),
  told: z.boolean(),
});
export const NO_DRIFT: KeptDrift = { found: {}, told: false };

export interface DriftOptions {
  /** What of a device is not as it was, in one sentence; null: nothing. */
  check(device: LocalDevice, signal: AbortSignal): Promise<string | null>;
  /** A person has looked at it: what is measured next counts as the first. @param device its name */
  accept(device: string): void;
  /** Outlives the bench: whoever lets it back while it is off has done so when it starts again. */
  readonly kept: Pick<OwnFile<KeptDrift>, 'read' | 'write'>;
  say(text: string): void;
}

const EVERY_MS = 600_000;

/** What has drifted at a bench, from the first sight of it until a person has let the bench back. */
export class Drift {
  readonly #options: DriftOptions;
  readonly #dueMs = new Map<string, number>();
  readonly #found: Map<string, string>;
  #told: boolean;
  #acceptFailed = false;

  constructor(options: DriftOptions) {
    this.#options = options;
    const { found, told } = this.#known();
    this.#found = new Map(Object.entries(found));
    this.#told = told;
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
    this.#keep();
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
      if (this.#told || quarantined !== this.untold) return;
      this.#told = true;
      this.#keep();
      return;
    }
    if (!this.#told) return;
    if (!this.#accepted()) return;
    for (const name of this.#found.keys()) this.#dueMs.delete(name);
    this.#found.clear();
    this.#told = false;
    this.#keep();
  }

  /** With the old first times it would drift again: it takes nothing until they are gone. */
  #accepted(): boolean {
    try {
      for (const name of this.#found.keys()) this.#options.accept(name);
      this.#acceptFailed = false;
    } catch (error) {
      if (!this.#acceptFailed) this.#sayOf('this bench takes nothing until its first times can be written', error);
      this.#acceptFailed = true;
    }
    return !this.#acceptFailed;
  }

  #known(): KeptDrift {
    try {
      return this.#options.kept.read();
    } catch (error) {
      this.#sayOf('what has drifted before is not known', error);
      return NO_DRIFT;
    }
  }

  #keep(): void {
    try {
      this.#options.kept.write({ found: Object.fromEntries(this.#found), told: this.#told });
    } catch (error) {
      this.#sayOf('what has drifted is not known after a restart', error);
    }
  }

  #sayOf(what: string, error: unknown): void {
    this.#options.say(`${what}: ${describeFailure(error).sentences.join(' ')}`);
  }
}
