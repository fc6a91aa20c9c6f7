import { Channel } from './channel.ts';
import type { CardFile } from './files/card-file.ts';

/** Logical channels that the class byte can name, the basic channel 0 included. */
export const CHANNEL_COUNT = 20;

/** The logical channels of one interface. Channel 0 is always open; objects are made when a channel is first opened. */
export class Channels {
  readonly basic: Channel;
  readonly #all: (Channel | undefined)[] = new Array(CHANNEL_COUNT).fill(undefined);
  readonly #open: boolean[] = new Array(CHANNEL_COUNT).fill(false);

  constructor(masterFile: CardFile) {
    this.basic = new Channel(0, masterFile);
    this.#all[0] = this.basic;
    this.#open[0] = true;
  }

  /** The open channel of that number, or null. */
  get(number: number): Channel | null {
    return this.#open[number] === true ? (this.#all[number] as Channel) : null;
  }

  /** Lowest number that is not open, or -1. */
  firstClosed(): number {
    return this.#open.indexOf(false);
  }

  /** Opens a closed channel with a DF current and nothing proven. */
  open(number: number, directory: CardFile): Channel {
    const channel = this.#all[number] ?? new Channel(number, directory);
    this.#all[number] = channel;
    this.#open[number] = true;
    channel.reset(directory);
    return channel;
  }

  /** Closes a channel, not the basic one; what it had proven is gone. */
  close(number: number): void {
    this.#all[number]?.security.clear();
    this.#open[number] = false;
  }

  /** Every channel that is open. */
  opened(): Channel[] {
    return this.#all.filter((channel, number) => this.#open[number] === true && channel !== undefined) as Channel[];
  }

  /** Back to the basic channel with the master file current. */
  reset(masterFile: CardFile): void {
    for (let number = 1; number < CHANNEL_COUNT; number++) {
      if (this.#open[number] === true) this.close(number);
    }
    this.basic.reset(masterFile);
  }
}
