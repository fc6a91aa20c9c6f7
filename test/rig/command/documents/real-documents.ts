import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommandLine } from '../../../../rig/command/program.ts';
import { VERBS } from '../../../../rig/command/verbs/index.ts';
import { fakeIo } from '../../console/fake-io.ts';

/** A verb that goes on until it is told to end. */
export interface StartedVerb {
  /** What it has printed so far: lines, or one document. */
  text(): string;
  stop(): Promise<void>;
}

/** Documents that commands have really written, by the name of their schema; and the folder in which the commands work. */
export class RealDocuments {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'vitap-schemas-'));
  readonly #kept = new Map<string, unknown[]>();

  get names(): readonly string[] {
    return [...this.#kept.keys()];
  }

  of(name: string): readonly Record<string, unknown>[] {
    return (this.#kept.get(name) ?? []) as Record<string, unknown>[];
  }

  readonly at = (name: string): string => join(this.folder, name);

  readonly keep = (name: string, document: unknown): void => {
    this.#kept.set(name, [...(this.#kept.get(name) ?? []), document]);
  };

  readonly vitap = async (...args: string[]): Promise<unknown> => {
    const io = fakeIo({ env: { XDG_STATE_HOME: this.at('state') }, json: true });
    await runCommandLine(args, '0.0.0', VERBS, io);
    return JSON.parse(io.out.join(''));
  };

  /** Runs it with --json and keeps what it prints. */
  readonly printed = async (name: string, ...args: string[]): Promise<void> => {
    this.keep(name, await this.vitap(...args, '--json'));
  };

  /** A server prints when it listens, and ends when it is told to. */
  readonly served = async (name: string, ...args: string[]): Promise<void> => {
    const end = new AbortController();
    const io = fakeIo({ json: true, signal: end.signal });
    const stdout = (text: string): void => {
      io.stdout(text);
      end.abort();
    };
    await runCommandLine([...args, '--port', '0', '--json'], '0.0.0', VERBS, { ...io, stdout });
    this.keep(name, JSON.parse(io.out.join('')));
  };

  readonly started = (...args: string[]): StartedVerb => {
    const end = new AbortController();
    const io = fakeIo({ env: { XDG_STATE_HOME: this.at('state') }, json: true, signal: end.signal });
    const ended = runCommandLine([...args, '--json'], '0.0.0', VERBS, io);
    return {
      text: () => io.out.join(''),
      stop: async () => {
        end.abort();
        await ended;
      },
    };
  };

  /** Where a bundle goes, and the lab's key, which signs it. */
  readonly evidenceIn = (name: string): { folder: string; key: string; imageKey: null } => ({
    ...{ folder: this.at(name), key: this.at('lab.key.json'), imageKey: null },
  });

  readonly keepEnvironment = (bundle: string): void => {
    this.keep('evidence-environment', read(join(this.at(bundle), 'environment.json')));
  };

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

export function read(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Documents that were printed a line each. */
export function lines(text: string): readonly unknown[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}
