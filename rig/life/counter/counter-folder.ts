import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { z } from 'zod';
import { HalError } from '../../../src/hal/errors.ts';
import { removeQuietly, replaceFile } from '../../../src/hal/nvm/replace-file.ts';
import { CannotRun } from '../../console/failure.ts';
import { readInputText } from '../../console/input-file.ts';
import { makeFolder, PRIVATE } from '../../console/make-folder.ts';
import { stateFolder } from '../../console/state-folder.ts';
import { SeenTokens } from './seen-tokens.ts';

/** What a counter keeps between commands, for its owner alone: mode 700, each file written whole. */
export class CounterFolder {
  readonly path: string;
  /** Offline codes that were shown here. */
  readonly seen: SeenTokens;

  constructor(path: string) {
    this.path = path;
    this.seen = new SeenTokens(join(path, 'seen'));
  }

  /**
   * @param given `--counter`; null: the station's own. One that is not there is made when something is kept.
   * @throws {CannotRun} it is no folder, or one of something else
   */
  static of(given: string | null, env: Readonly<Record<string, string | undefined>>): CounterFolder {
    if (given !== null) refuseOther(given);
    return new CounterFolder(given ?? join(stateFolder(env), 'counter'));
  }

  /** As {@link of}, for a verb that makes nothing. @throws {CannotRun} the folder that was given is not there */
  static existing(given: string | null, env: Readonly<Record<string, string | undefined>>): CounterFolder {
    if (given !== null && !existsSync(given)) throw new CannotRun(`${given}: there is no such folder`);
    return CounterFolder.of(given, env);
  }

  /** Documents of one kind, one file each. */
  documents<T>(kind: string, schema: z.ZodType<T>): Documents<T> {
    return new Documents(join(this.path, kind), schema);
  }
}

/** Folders that only a counter makes. */
const OWN_FOLDERS: readonly string[] = ['queue', 'readings', 'requests', 'seen'];
/** What may stand in a folder before any of them: kept lists and keys, locks, files of the system. */
const BESIDE = /^(\.|trust\.json$|status-|(queue|entries)\.lock)/;

/** @throws {CannotRun} */
function refuseOther(path: string): void {
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isDirectory()) throw new CannotRun(`${path} is a file, and a counter keeps a folder`);
  const names = readdirSync(path);
  if (names.some((name) => OWN_FOLDERS.includes(name)) || names.every((name) => BESIDE.test(name))) return;
  throw new CannotRun(`${path} holds something else, and nothing of a counter: name another folder, or a new one`);
}

/** Far more than a document of a counter has. */
const LARGEST = 65_536;
/** Names of documents: nothing that leads out of the folder. */
const NAME = /^[A-Za-z0-9_-]{1,100}$/;

/** A folder of JSON documents of one schema. */
export class Documents<T> {
  readonly #folder: string;
  readonly #schema: z.ZodType<T>;

  constructor(folder: string, schema: z.ZodType<T>) {
    this.#folder = folder;
    this.#schema = schema;
  }

  /** Null: there is none of that name. @throws {HalError} `damaged`, `storage` */
  read(name: string): T | null {
    const path = this.#path(name);
    if (path === null || !existsSync(path)) return null;
    const text = readInputText(path, 'a document of a counter', LARGEST);
    try {
      const read = this.#schema.safeParse(JSON.parse(text));
      if (read.success) return read.data;
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
    }
    throw new HalError('damaged', `${path}: this is not what the counter wrote there`);
  }

  /** All that can be read, by name, and the paths of those that cannot. @throws {HalError} `storage` */
  readAll(): {
    readonly whole: readonly { readonly name: string; readonly document: T }[];
    readonly damaged: string[];
  } {
    const whole: { name: string; document: T }[] = [];
    const damaged: string[] = [];
    for (const name of this.names()) {
      try {
        const document = this.read(name);
        if (document !== null) whole.push({ name, document });
      } catch (error) {
        if (!(error instanceof HalError && error.kind === 'damaged')) throw error;
        damaged.push(this.#path(name) as string);
      }
    }
    return { whole, damaged };
  }

  /** The whole document or the old one, whatever happens. @throws {HalError} `storage` */
  write(name: string, document: T): void {
    const path = this.#path(name);
    if (path === null) throw new RangeError('no name of a document');
    makeFolder(this.#folder, PRIVATE);
    replaceFile(path, [Buffer.from(`${JSON.stringify(document, null, 2)}\n`)]);
  }

  remove(name: string): void {
    const path = this.#path(name);
    if (path !== null) removeQuietly(path);
  }

  /** Names of all documents, sorted. */
  names(): string[] {
    if (!existsSync(this.#folder)) return [];
    return readdirSync(this.#folder)
      .flatMap((file) => (file.endsWith('.json') && !file.startsWith('.') ? [file.slice(0, -'.json'.length)] : []))
      .filter((name) => NAME.test(name))
      .sort();
  }

  #path(name: string): string | null {
    return NAME.test(name) ? join(this.#folder, `${name}.json`) : null;
  }
}

/** A name for what may not stand in a file's name: SHA-256 in hex. */
export function nameOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
