import { spawn } from 'node:child_process';
import { openCard } from '../../rig/card/open.ts';
import { PhoneScreen } from '../../rig/card/phone-screen.ts';
import type { CardInterface } from '../../src/hal/card-link.ts';
import { serveOnVpcd, type VpcdCard } from './vpcd-card.ts';

/** The code of the test cards. */
export const CODE = '274916';

/** A card of a shipped profile, put into the virtual reader. */
export async function serveProfile(
  name: string,
  cardInterface: CardInterface,
): Promise<VpcdCard & { readonly unlock: () => string }> {
  const { card } = await openCard({ kind: 'profile', name });
  const screen = new PhoneScreen(card);
  const inserted = await serveOnVpcd(card.port(cardInterface), { interface: cardInterface });
  return { ...inserted, unlock: () => screen.unlock(new TextEncoder().encode(CODE)).outcome };
}

interface Ran {
  readonly exit: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end; the event loop goes on meanwhile, for the card lives in this process. */
export function run(program: string, args: readonly string[], input = ''): Promise<Ran> {
  return runWith(process.env, program, args, input);
}

/** Does so in another environment. */
export function runWith(env: NodeJS.ProcessEnv, program: string, args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString();
    });
    child.on('error', reject);
    child.on('close', (exit) => resolve({ exit, out, err }));
    // A program may end without reading what it is given.
    child.stdin.on('error', () => {});
    child.stdin.end(input);
  });
}
