import { Card } from '../../src/applet/card.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { board } from './board.ts';
import { HostLink } from './host-link.ts';
import { clock, random } from './world.ts';

/** UART to the host. */
const HOST = 0;

const nvm = new MemoryNvm(new Uint8Array(board.flash));
const card = new Card({ nvm, clock, random, crypto: nobleHashes() });
const host = new HostLink(card.port(), (bytes, offset, length) => board.uartWrite(HOST, bytes, offset, length));
const chunk = new Uint8Array(256);
host.started();

/** Called by the port's main loop for ever. @returns whether there was anything to do: otherwise the core may sleep */
(globalThis as unknown as { poll: () => boolean }).poll = (): boolean => {
  const length = board.uartRead(HOST, chunk);
  if (length > 0) host.receive(chunk, length, board.microseconds());
  return length > 0;
};
