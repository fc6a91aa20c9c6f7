/* The time that programs write before each line of a log: a time of day, with or without a date. */

const CLOCK =
  /(?:^|[\s:|])(?:(\d{4})-(\d{2})-(\d{2})[T ])?([01]\d|2[0-3]):([0-5]\d):([0-5]\d)(?:[.,](\d{1,9}))?(?=\D|$)/;
/** Where in a line it is looked for. */
const FARTHEST = 200;
const DAY_NS = 86_400_000_000_000;
const MS_PER_DAY = 86_400_000;

export class WallClock {
  #day = 0;
  /** Midnight before the first time, in milliseconds since 1970 as if it were UTC; null where there is no date. */
  #firstDayMs: number | null = null;
  #last: number | null = null;

  /** @returns nanoseconds since midnight before the first time; null when the line has none */
  read(line: string): number | null {
    const time = CLOCK.exec(line.slice(0, FARTHEST));
    if (time === null) return null;
    const [hours, minutes, seconds] = [Number(time[4]), Number(time[5]), Number(time[6])];
    const ofDayNs = ((hours * 60 + minutes) * 60 + seconds) * 1e9 + Number((time[7] ?? '').padEnd(9, '0'));
    if (time[1] !== undefined) this.#date(Date.UTC(Number(time[1]), Number(time[2]) - 1, Number(time[3])));
    // Without a date half a day back is the next day.
    else if (this.#last !== null && ofDayNs + this.#day * DAY_NS < this.#last - DAY_NS / 2) this.#day++;
    this.#last = ofDayNs + this.#day * DAY_NS;
    return this.#last;
  }

  /** Wall time of a time that `read` gave, in milliseconds since 1970; the log does not tell its time zone. */
  wallMs(ns: number): number | null {
    return this.#firstDayMs === null ? null : this.#firstDayMs + Math.floor(ns / 1e6);
  }

  #date(midnightMs: number): void {
    this.#firstDayMs ??= midnightMs;
    this.#day = Math.round((midnightMs - this.#firstDayMs) / MS_PER_DAY);
  }
}
