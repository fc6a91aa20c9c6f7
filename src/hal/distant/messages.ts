/**
 * What goes over the wire between a `DistantReader` and the far end that has the reader: JSON texts, each with a number
 * that its answer repeats. Bytes are hexadecimal, times nanoseconds of the far clock.
 */

import type { ConnectMode, Disposition } from '../reader.ts';

/**
 * What is asked, and answered: `list` with `readers`; `connect` with `session`, `reader`, `at`, `atr`, `protocol`,
 * `backend`; `transmit` with `response`, `tookNs`; `reset` with `atr`; `control` with `data`; the others with nothing. Or
 * with `error`, a kind of `HalError`, and `message`.
 */
export type Request =
  | { readonly op: 'list' }
  | { readonly op: 'connect'; readonly reader: string | null; readonly timeoutMs: number; readonly mode: ConnectMode }
  /** Ends the wait for a card of request `of`. */
  | { readonly op: 'abort'; readonly of: number }
  | { readonly op: 'transmit'; readonly session: number; readonly command: string }
  | { readonly op: 'reset'; readonly session: number; readonly mode: 'warm' | 'cold' }
  | { readonly op: 'control'; readonly session: number; readonly code: number; readonly data: string }
  | { readonly op: 'disconnect'; readonly session: number; readonly disposition: Disposition };

/** The way between both ends: whole texts, in order, none lost before it closes. */
export interface Channel {
  send(text: string): void;
  close(): void;
  onText(take: (text: string) => void): void;
  /** @param take told once, with a sentence, or at once when it is closed already */
  onClose(take: (reason: string) => void): void;
}

/** Longest message: the longest command in hexadecimal, and what stands around it. */
export const MOST_MESSAGE_CHARACTERS: number = 140_000;

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex').toUpperCase();
}

/** @returns null for what is no hexadecimal */
export function fromHex(text: unknown): Uint8Array | null {
  if (typeof text !== 'string' || !/^(?:[0-9A-F]{2})*$/.test(text)) return null;
  return new Uint8Array(Buffer.from(text, 'hex'));
}

/** @returns null for what is no message with a number */
export function parseMessage(text: string): (Readonly<Record<string, unknown>> & { readonly id: number }) | null {
  if (text.length > MOST_MESSAGE_CHARACTERS) return null;
  try {
    const message = JSON.parse(text) as Record<string, unknown> | null;
    const whole = typeof message === 'object' && message !== null && Number.isSafeInteger(message.id);
    return whole ? (message as Readonly<Record<string, unknown>> & { readonly id: number }) : null;
  } catch {
    return null;
  }
}
