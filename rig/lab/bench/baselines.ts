import { join } from 'node:path';
import * as z from 'zod';
import { OwnFile } from './own-file.ts';

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
  readonly #file: OwnFile<Known>;

  /** @param say hears of a file that is damaged: it is put aside, and the first times are measured anew */
  constructor(folder: string, file: 'references.json' | 'echoes.json', say: (text: string) => void) {
    const what = `the first times of ${file === 'echoes.json' ? 'echoes' : 'reference cards'}`;
    this.#file = new OwnFile({ path: join(folder, file), what, schema: BASELINES, empty: {}, say });
  }

  /**
   * @returns what was measured first; null: this is the first time, and is kept
   * @throws {HalError} `storage`
   */
  first(key: string, medianMs: number): Baseline | null {
    const known = this.#file.read();
    const before = known[key];
    if (before === undefined) this.#file.write({ ...known, [key]: { medianMs, measuredAt: new Date().toISOString() } });
    return before ?? null;
  }

  /** What is measured next counts as the first. @param prefix of the keys @throws {HalError} `storage` */
  forget(prefix: string): void {
    const known = Object.entries(this.#file.read());
    const kept = known.filter(([key]) => !key.startsWith(prefix));
    if (kept.length < known.length) this.#file.write(Object.fromEntries(kept));
  }
}

/** `20.0 ms on 2026-11-29` */
export function onItsDay({ medianMs, measuredAt }: Baseline): string {
  return `${medianMs.toFixed(1)} ms on ${measuredAt.slice(0, 10)}`;
}
