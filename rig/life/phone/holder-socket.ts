import { existsSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { CannotRun } from '../../console/failure.ts';
import type { Phone, PhoneView } from './phone.ts';
import { PHONE_REFUSALS, PhoneRefusal, type PhoneRefusalCode } from './refusals.ts';

/*
 * The holder's side of a running `present` or `serve`: a socket in the phone's folder, which is its owner's alone. Another
 * process of the same owner unlocks and locks the card through it. One line of JSON each way.
 */

/** What the holder does at a running phone. */
export type HolderWish = { readonly do: 'unlock'; readonly code: string } | { readonly do: 'lock' | 'view' };

const ASKED: z.ZodType<HolderWish> = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('unlock'), code: z.string().regex(/^[0-9]{1,12}$/) }),
  z.strictObject({ do: z.enum(['lock', 'view']) }),
]);

interface Refused {
  readonly refused: PhoneRefusalCode;
  readonly triesLeft: number | null;
}
export type HolderAnswer = { readonly view: PhoneView } | Refused;

const LONGEST_LINE = 4096;
const PATIENCE_MS = 5000;
/** sockaddr_un has room for 107 bytes on Linux, 103 on macOS. */
const LONGEST_PATH = 103;

export function holderSocketPath(folder: string): string {
  return join(folder, 'holder.sock');
}

/** Listens for the holder until the returned function is called. @throws {CannotRun} the path is too long */
export async function listenForHolder(
  phone: Phone,
  onChange: (wish: HolderWish['do']) => void,
): Promise<() => Promise<void>> {
  const path = holderSocketPath(phone.folder);
  if (Buffer.byteLength(path) > LONGEST_PATH) {
    throw new CannotRun(`${path} is too long for a socket (${LONGEST_PATH} bytes): give the phone a shorter folder`);
  }
  // Whoever has the phone has its lock: what lies here is of a process that is gone.
  if (existsSync(path)) unlinkSync(path);
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: false }, (socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    serve(socket, phone, onChange);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path, readableAll: false, writableAll: false }, resolve);
  });
  return () => closed(server, open);
}

/** Whoever is connected and says nothing holds nobody up. */
function closed(server: Server, open: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of open) socket.destroySoon();
  });
}

function serve(socket: Socket, phone: Phone, onChange: (wish: HolderWish['do']) => void): void {
  let text = '';
  socket.setTimeout(PATIENCE_MS, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (part: Buffer) => {
    text += part.toString('utf8');
    if (text.length > LONGEST_LINE) socket.destroy();
    const end = text.indexOf('\n');
    if (end < 0 || socket.destroyed) return;
    const line = text.slice(0, end);
    text = '';
    socket.end(`${JSON.stringify(answerTo(line, phone, onChange))}\n`);
  });
}

function answerTo(line: string, phone: Phone, onChange: (wish: HolderWish['do']) => void): HolderAnswer {
  try {
    const wish = ASKED.parse(JSON.parse(line));
    if (wish.do === 'unlock') phone.unlock(new TextEncoder().encode(wish.code));
    if (wish.do === 'lock') phone.lock();
    if (wish.do !== 'view') onChange(wish.do);
    return { view: phone.view() };
  } catch (error) {
    if (error instanceof PhoneRefusal) return { refused: error.code, triesLeft: error.triesLeft };
    return { refused: 'damaged', triesLeft: null };
  }
}

/**
 * Tells a running phone what the holder does.
 * @returns null: nobody runs
 * @throws {PhoneRefusal} what the phone refused
 */
export async function tellPhone(folder: string, wish: HolderWish): Promise<PhoneView | null> {
  const path = holderSocketPath(folder);
  if (!existsSync(path) || Buffer.byteLength(path) > LONGEST_PATH) return null;
  const line = await asked(path, `${JSON.stringify(wish)}\n`);
  if (line === null) return null;
  const answer = JSON.parse(line) as HolderAnswer;
  if ('view' in answer) return answer.view;
  const code = Object.hasOwn(PHONE_REFUSALS, answer.refused) ? answer.refused : 'damaged';
  throw new PhoneRefusal(code, answer.triesLeft === null ? {} : { triesLeft: answer.triesLeft });
}

const CUT = 'the running phone ended before it had answered: look what it did, then try again';

function asked(path: string, line: string): Promise<string | null> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path, () => socket.write(line));
    socket.setTimeout(PATIENCE_MS, () => socket.destroy(new CannotRun('the running phone does not answer')));
    socket.on('data', (part: Buffer) => {
      text += part.toString('utf8');
      if (text.length > LONGEST_LINE) socket.destroy(new CannotRun('the running phone answers too much'));
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A socket that a killed process left.
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(null);
      else reject(error instanceof CannotRun ? error : new CannotRun(CUT, { cause: error }));
    });
    socket.on('close', () => {
      // A line without its end is of a phone that was killed while it answered.
      if (text !== '' && !text.endsWith('\n')) reject(new CannotRun(CUT));
      else resolve(text === '' ? null : text.trim());
    });
  });
}
