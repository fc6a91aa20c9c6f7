import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { readInputText } from '../../console/input-file.ts';

export interface Baseline {
  readonly medianMs: number;
  /** ISO 8601. */
  readonly measuredAt: string;
}
type Known = Readonly<Record<string, Baseline>>;

const BASELINES: z.ZodType<Known> = z.record(
  z.string(),
  z.object({ medianMs: z.number().positive(), measuredAt: z.string() }),
);

/** Times as they were first measured at this bench, in a file of its folder. */
export class Baselines {
  readonly #path: string;

  constructor(folder: string, file: 'references.json' | 'echoes.json') {
    this.#path = join(folder, file);
  }

  /**
   * @returns what was measured first; null: this is the first time, and is kept
   * @throws {HalError} `storage`
   */
  first(key: string, medianMs: number): Baseline | null {
    const known = this.#read();
    const before = known[key];
    if (before === undefined) this.#write({ ...known, [key]: { medianMs, measuredAt: new Date().toISOString() } });
    return before ?? null;
  }

  /** What is measured next counts as the first. @param prefix of the keys @throws {HalError} `storage` */
  forget(prefix: string): void {
    const known = Object.entries(this.#read());
    const kept = known.filter(([key]) => !key.startsWith(prefix));
    if (kept.length < known.length) this.#write(Object.fromEntries(kept));
  }

  #read(): Known {
    if (!existsSync(this.#path)) return {};
    // A file that nobody can read any more is written anew: a drift is seen against the next time.
    try {
      const read = BASELINES.safeParse(JSON.parse(readInputText(this.#path, 'the first times of a bench')));
      return read.success ? read.data : {};
    } catch {
      return {};
    }
  }

  #write(known: Known): void {
    replaceFile(this.#path, [Buffer.from(`${JSON.stringify(known, null, 2)}\n`)]);
  }
}

/** `20.0 ms on 2026-11-29` */
export function onItsDay({ medianMs, measuredAt }: Baseline): string {
  return `${medianMs.toFixed(1)} ms on ${measuredAt.slice(0, 10)}`;
}
