import type { CommandIo } from '../../../rig/console/io.ts';

/** A world for a command that keeps what was said. */
export interface FakeIo extends CommandIo {
  readonly out: string[];
  readonly err: string[];
}

export function fakeIo(change: Partial<CommandIo> = {}): FakeIo {
  const out: string[] = [];
  const err: string[] = [];
  return {
    out,
    err,
    stdout: (text) => void out.push(text),
    delivered: () => Promise.resolve(true),
    stderr: (text) => void err.push(text),
    json: false,
    stdinIsTty: false,
    stdoutIsTty: false,
    stderrIsTty: false,
    env: {},
    signal: new AbortController().signal,
    askHidden: () => Promise.reject(new Error('nobody may be asked here')),
    ...change,
  };
}
