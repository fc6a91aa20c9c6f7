import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../rig/console/package-root.ts';

/** Of a page, with the secret of its start. */
const ADDRESS = /https?:\/\/127\.0\.0\.1:\d+\/#[\w-]{43}/;

export interface ServedVerb {
  readonly child: ChildProcess;
  /** Of its page. */
  readonly address: string;
  /** All that it has printed. */
  printed(): string;
  /** By Ctrl-C. @returns the exit code */
  interrupt(): Promise<number | null>;
}

/** Starts a verb that serves a page, and waits until it has printed the address. */
export async function startServing(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<ServedVerb> {
  const child = spawn(process.execPath, [join(PACKAGE_ROOT, 'bin', 'vitap.js'), ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  const address = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: unknown): void => {
      printed += String(chunk);
      const found = ADDRESS.exec(printed);
      if (found !== null) resolve(found[0]);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => reject(new Error(`it ended with ${code} and printed: ${printed}`)));
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    child,
    address,
    printed: () => printed,
    interrupt: () => {
      child.kill('SIGINT');
      return ended;
    },
  };
}
