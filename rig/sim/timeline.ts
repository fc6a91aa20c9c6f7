import type { Clock } from '../../src/hal/clock.ts';
import { systemClock } from '../../src/hal/system/clock.ts';

/** The one clock of a simulation, and what is to happen on it. */
export interface Timeline extends Clock {
  /**
   * Lets something happen `ns` from now, whole nanoseconds. What falls on the same moment happens in the order of the
   * calls. @returns takes it back; harmless afterwards
   */
  after(ns: number, action: () => void): () => void;
  /** Somebody outside of the simulation was told something and may react before time goes on. */
  yieldToHost(): void;
  /** Nothing happens any more. */
  stop(): void;
}

interface Entry {
  readonly atNs: number;
  readonly action: () => void;
}

/** What is to happen, soonest first. A simulation has a handful of entries. */
class Agenda {
  readonly #entries: Entry[] = [];

  get first(): Entry | undefined {
    return this.#entries[0];
  }

  add(entry: Entry): void {
    let at = this.#entries.length;
    while (at > 0 && this.#entries[at - 1]!.atNs > entry.atNs) at--;
    this.#entries.splice(at, 0, entry);
  }

  remove(entry: Entry): void {
    const at = this.#entries.indexOf(entry);
    if (at >= 0) this.#entries.splice(at, 1);
  }

  takeFirst(): Entry | undefined {
    return this.#entries.shift();
  }

  clear(): void {
    this.#entries.length = 0;
  }
}

/** How many turns of the event loop a host gets to react before virtual time goes on. */
const HOST_TURNS = 4;
/** A longer leap than this waits for one real millisecond, so that an endless wait does not keep a processor busy. */
const LEAP_NS = 5_000_000;

/**
 * Time that passes as fast as the events on it, without sleeping. After a host was told something, it first gets a few
 * turns of the event loop; so a host that reacts at once reacts at the same virtual moment.
 */
export class VirtualTimeline implements Timeline {
  readonly #agenda = new Agenda();
  #nowNs = 0;
  #turns = 0;
  #pumping = false;
  #leapAllowed = false;

  nowNs(): number {
    return this.#nowNs;
  }

  /** Wall time begins at 1970. */
  wallSeconds(): number {
    return Math.floor(this.#nowNs / 1e9);
  }

  after(ns: number, action: () => void): () => void {
    const entry: Entry = { atNs: this.#nowNs + Math.max(0, Math.round(ns)), action };
    this.#agenda.add(entry);
    this.#leapAllowed = false;
    this.#pumpSoon();
    return () => this.#agenda.remove(entry);
  }

  yieldToHost(): void {
    this.#turns = HOST_TURNS;
  }

  stop(): void {
    this.#agenda.clear();
  }

  #pumpSoon(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(this.#pump);
  }

  #pump = (): void => {
    this.#pumping = false;
    for (let first = this.#agenda.first; first !== undefined; first = this.#agenda.first) {
      if (this.#turns > 0) {
        this.#turns--;
        this.#pumpSoon();
        return;
      }
      if (first.atNs - this.#nowNs > LEAP_NS && !this.#leapAllowed) {
        this.#leapAllowed = true;
        this.#pumping = true;
        setTimeout(this.#pump, 1);
        return;
      }
      this.#leapAllowed = false;
      this.#agenda.takeFirst();
      this.#nowNs = first.atNs;
      try {
        first.action();
      } catch (fault) {
        this.#pumpSoon();
        throw fault;
      }
    }
  };
}

/** A timer of the event loop comes up to this much late. */
const TIMER_SLACK_NS = 1_500_000;

/**
 * The machine's time. The last millisecond before an event is waited out in turns of the event loop.
 *
 * Each event happens at its own moment, also where the machine gives this process the processor only later: what follows
 * from it is counted from there. Chips have no machine, so none of them may be late for another one's time limit.
 */
export class RealTimeline implements Timeline {
  readonly #agenda = new Agenda();
  readonly #clock: Clock;
  /** The moment of the event that happens now; null between events. */
  #momentNs: number | null = null;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  nowNs(): number {
    return this.#momentNs ?? this.#clock.nowNs();
  }

  wallSeconds(): number {
    return this.#clock.wallSeconds();
  }

  after(ns: number, action: () => void): () => void {
    const entry: Entry = { atNs: this.nowNs() + Math.max(0, Math.round(ns)), action };
    this.#agenda.add(entry);
    this.#arm();
    return () => this.#agenda.remove(entry);
  }

  yieldToHost(): void {}

  stop(): void {
    this.#agenda.clear();
    this.#disarm();
  }

  #disarm(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
  }

  #arm(): void {
    this.#disarm();
    const first = this.#agenda.first;
    if (first === undefined) return;
    const leftNs = first.atNs - this.#clock.nowNs();
    if (leftNs > TIMER_SLACK_NS) this.#timer = setTimeout(this.#run, Math.floor((leftNs - TIMER_SLACK_NS) / 1e6));
    else this.#immediate = setImmediate(this.#run);
  }

  #run = (): void => {
    // What is due later waits for a turn, in which hosts are heard.
    const nowNs = this.#clock.nowNs();
    try {
      for (let first = this.#agenda.first; first !== undefined; first = this.#agenda.first) {
        if (first.atNs > nowNs) break;
        this.#agenda.takeFirst();
        this.#momentNs = first.atNs;
        first.action();
      }
    } finally {
      this.#momentNs = null;
      this.#arm();
    }
  };
}
