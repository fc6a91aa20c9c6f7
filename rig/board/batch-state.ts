import { existsSync, rmSync } from 'node:fs';
import { z } from 'zod';
import { replaceFile } from '../../src/hal/nvm/replace-file.ts';
import { CannotRun } from '../console/failure.ts';
import { readInputText } from '../console/input-file.ts';

/** What became of one row. */
export interface RowState {
  readonly serialNumber: string;
  /** `done`: its card is on its board. `failed`: the board is at fault. `error`: the rig is. */
  readonly outcome: 'done' | 'failed' | 'error';
  readonly board: string | null;
  readonly profile: string | null;
  readonly cardSerial: string | null;
  readonly verified: string | null;
  readonly reason: string | null;
  readonly at: string;
  /** How long it took; absent in a file of an earlier version. */
  readonly durationMs?: number | undefined;
  /** Unique number of the chip, hex; absent where none was asked for or told. */
  readonly chip?: string | undefined;
  /** UID of its card where the batch gave it one: hex, or `random`. */
  readonly uid?: string | undefined;
}

/** A row that Ctrl-C ended: it is still to be done. */
export interface Interrupted {
  readonly outcome: 'interrupted';
  /** What its board is now; null: nothing was done to it. */
  readonly reason: string | null;
}

/** What a batch was begun with. */
export interface BatchPlan {
  /** SHA-256 of the list, hex. */
  readonly list: string;
  /** What --image, --profile and --boards said. */
  readonly image: string | null;
  readonly profile: string | null;
  readonly boards: string;
  /** Name of the firmware under the lab's key, and how it goes onto the boards; absent: none. */
  readonly firmware?: string | undefined;
  /** What --card-serials and --card-uids said; absent: nothing. */
  readonly cardSerials?: string | undefined;
  readonly cardUids?: string | undefined;
  /** Name of the keys of the cards under the lab's key; absent: those of the profiles. */
  readonly cardKeys?: string | undefined;
}

const VERSION = 2;

interface State {
  readonly schema: 'vitap-batch';
  readonly schemaVersion: typeof VERSION;
  /** A batch is resumed as it was begun. */
  readonly plan: BatchPlan;
  readonly rows: readonly RowState[];
}

const STATE: z.ZodType<State> = z.object({
  schema: z.literal('vitap-batch'),
  schemaVersion: z.literal(VERSION),
  plan: z.object({
    list: z.string(),
    image: z.string().nullable(),
    profile: z.string().nullable(),
    boards: z.string(),
    firmware: z.string().optional(),
    cardSerials: z.string().optional(),
    cardUids: z.string().optional(),
    cardKeys: z.string().optional(),
  }),
  rows: z.array(
    z.object({
      serialNumber: z.string(),
      outcome: z.enum(['done', 'failed', 'error']),
      board: z.string().nullable(),
      profile: z.string().nullable(),
      cardSerial: z.string().nullable(),
      verified: z.string().nullable(),
      reason: z.string().nullable(),
      at: z.string(),
      durationMs: z.number().optional(),
      chip: z.string().optional(),
      uid: z.string().optional(),
    }),
  ),
});

/**
 * How far a batch is, in a file beside its list that is replaced whole after every board. A row that was begun and not
 * ended is not in it: it is done again from its start, which is harmless.
 */
export class BatchState {
  readonly path: string;
  #plan: BatchPlan;
  /** What an earlier run began with; null: there was none. */
  readonly #begun: BatchPlan | null;
  readonly #rows: Map<string, RowState>;

  private constructor(path: string, plan: BatchPlan, begun: BatchPlan | null, rows: readonly RowState[]) {
    this.path = path;
    this.#plan = plan;
    this.#begun = begun;
    this.#rows = new Map(rows.map((row) => [row.serialNumber, row]));
  }

  /**
   * @param resume go on with an interrupted batch; else there must be none
   * @throws {CannotRun} nothing to resume, an interrupted batch in the way, another list, a damaged file
   */
  static open(path: string, plan: BatchPlan, resume: boolean): BatchState {
    if (!existsSync(path)) {
      if (resume) throw new CannotRun(`there is no interrupted batch to resume: ${path} is not there`);
      return new BatchState(path, plan, null, []);
    }
    if (!resume) {
      throw new CannotRun(`this batch was not finished: --resume goes on with it; to begin anew, remove ${path}`);
    }
    const state = readState(path);
    const changed = differences(state.plan, plan);
    if (changed.length > 0) throw changedPlan(changed, path);
    return new BatchState(path, plan, state.plan, state.rows);
  }

  /** Whether an earlier run has begun this batch. */
  get resumed(): boolean {
    return this.#begun !== null;
  }

  /**
   * The keys of the cards belong to the plan too; they are known once each board has its card.
   * @param name under the lab's key; null: those of the profiles
   * @throws {CannotRun} they were others when the batch was begun
   */
  useKeys(name: string | null): void {
    if (this.#begun !== null && (this.#begun.cardKeys ?? null) !== name) {
      throw changedPlan(['the keys of the cards have changed'], this.path);
    }
    if (name !== null) this.#plan = { ...this.#plan, cardKeys: name };
  }

  get(serialNumber: string): RowState | null {
    return this.#rows.get(serialNumber) ?? null;
  }

  /** Makes the file, so that a batch that is ended before its first board can be resumed. @throws {HalError} `storage` */
  begin(): void {
    this.#write();
  }

  /** @throws {HalError} `storage` */
  set(row: RowState): void {
    this.#rows.set(row.serialNumber, row);
    this.#write();
  }

  /** Nothing is left to do. */
  finish(): void {
    rmSync(this.path, { force: true });
  }

  #write(): void {
    const state: State = {
      schema: 'vitap-batch',
      schemaVersion: VERSION,
      plan: this.#plan,
      rows: [...this.#rows.values()],
    };
    replaceFile(this.path, [Buffer.from(`${JSON.stringify(state, null, 2)}\n`)]);
  }
}

function changedPlan(changed: readonly string[], path: string): CannotRun {
  return new CannotRun(`a batch is resumed as it was begun, and ${changed.join('; ')}: to begin anew, remove ${path}`);
}

/** What is not as it was, in words. */
function differences(begun: BatchPlan, now: BatchPlan): string[] {
  const options = (['image', 'profile', 'boards'] as const)
    .filter((key) => begun[key] !== now[key])
    .map((key) => `--${key} was ${begun[key] ?? 'not given'} and is ${now[key] ?? 'not given'}`);
  if (begun.firmware !== now.firmware) options.push('the firmware, or how it goes onto the boards, has changed');
  if (begun.cardSerials !== now.cardSerials) options.push('--card-serials has changed');
  if (begun.cardUids !== now.cardUids) options.push('--card-uids has changed');
  return begun.list === now.list ? options : ['the list has changed', ...options];
}

function readState(path: string): State {
  let document: unknown;
  try {
    document = JSON.parse(readInputText(path, 'the state of a batch'));
  } catch (cause) {
    throw new CannotRun(`${path} is damaged; to begin the batch anew, remove it`, { cause });
  }
  const read = STATE.safeParse(document);
  if (!read.success) throw new CannotRun(`${path} is not the state of a batch; to begin the batch anew, remove it`);
  return read.data;
}
