import { setTimeout as sleep } from 'node:timers/promises';
import type { LabLine } from '../api/call.ts';
import { hearEvents } from '../api/event-link.ts';
import { LabRefused } from '../api/lab-refused.ts';

/** After a connection was lost. */
const AGAIN_MS = 1000;
/** Between two questions, however much changes. */
const PAUSE_MS = 250;
/** While the server tells what changes, and while it does not. */
const HEARING_MS = 10_000;
const DEAF_MS = 1000;

export interface EarOptions {
  readonly campaign: number;
  /** The server tells nothing, and does not answer that it is away. @param why in one sentence */
  readonly deaf: (why: string) => void;
}

/** Hears when it is worth asking for a campaign again. */
export class CampaignEar {
  readonly #line: LabLine;
  readonly #options: EarOptions;
  readonly #end = new AbortController();
  readonly #hearing: Promise<void>;
  #hears = false;
  #rung = false;
  #wake = (): void => {};

  constructor(line: LabLine, options: EarOptions) {
    this.#line = line;
    this.#options = options;
    this.#hearing = this.#hear();
  }

  /** Ends when something changed, and after a while in any case. @throws the reason of `signal` */
  async next(signal: AbortSignal): Promise<void> {
    await sleep(PAUSE_MS, undefined, { signal });
    const end = performance.now() + (this.#hears ? HEARING_MS : DEAF_MS);
    const waiting = new AbortController();
    this.#wake = () => waiting.abort();
    signal.addEventListener('abort', this.#wake);
    if (!this.#rung) await sleep(end - performance.now(), undefined, { signal: waiting.signal }).catch(() => {});
    signal.removeEventListener('abort', this.#wake);
    signal.throwIfAborted();
    this.#rung = false;
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#hearing;
  }

  #ring(): void {
    this.#rung = true;
    this.#wake();
  }

  async #hear(): Promise<void> {
    const { campaign, deaf } = this.#options;
    const { signal } = this.#end;
    let lastId: string | null = null;
    for (let said = false; !signal.aborted; await sleep(AGAIN_MS, undefined, { signal }).catch(() => {})) {
      try {
        const heard = await hearEvents({ ...this.#line, signal }, { campaign, lastId });
        this.#hears = true;
        for await (const _ of heard) {
          lastId = heard.lastId();
          this.#ring();
        }
      } catch (error) {
        // A server that is away is told by the questions, and so is a token that opens nothing.
        if (!signal.aborted && !said && error instanceof LabRefused) deaf(error.message);
        said ||= error instanceof LabRefused;
      }
      if (this.#hears) this.#ring();
      this.#hears = false;
    }
  }
}
