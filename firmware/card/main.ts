import { Card } from '../../src/applet/card.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { board } from './board.ts';
import { HostLink } from './host-link.ts';
import { clock, random } from './world.ts';

const nvm = new MemoryNvm(new Uint8Array(board.flash));
const card = new Card({ nvm, clock, random, crypto: nobleHashes() });
const host = new HostLink(card.port());

/** Called by the port's main loop for ever. @returns whether there was anything to do: otherwise the core may sleep */
(globalThis as unknown as { poll: () => boolean }).poll = (): boolean => host.poll();
