import { encodeResponse } from '../../src/apdu/response.ts';
import type { Send } from './security-file.ts';

/** A terminal's side of a protocol: it gives commands and takes answers. */
export interface ProtocolMachine {
  start(): Uint8Array;
  /** @returns null at the end of the protocol. @throws {ChannelError} */
  next(answer: Uint8Array): Uint8Array | null;
}

/**
 * Runs a protocol to its end.
 * @param failed makes of what went wrong what is thrown, from the place of the answer that it was found in
 */
export async function runMachine(
  machine: ProtocolMachine,
  send: Send,
  failed: (error: unknown, at: number) => unknown = (error) => error,
): Promise<void> {
  let at = 0;
  try {
    for (let command: Uint8Array | null = machine.start(); command !== null; at++) {
      const { data, sw } = await send(command);
      command = machine.next(encodeResponse(data, sw));
    }
  } catch (error) {
    throw await failed(error, at);
  }
}
