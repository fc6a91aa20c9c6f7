import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { Card } from '../../src/applet/card.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { benchSpecification } from '../applet/bench-card.ts';

/** Entry point of the bundle that embedded-engine.test.ts runs: a card and one global function to talk to it. */
const crypto = nobleHashes();
const clock = { nowNs: () => 0, wallSeconds: () => 0 };
const port = new Card({ nvm: new MemoryNvm(personalise(benchSpecification(), crypto)), clock, crypto }).port();
port.powerOn();

Object.assign(globalThis, {
  exchange: (command: string): string => {
    const bytes = fromHex(command);
    return toHex(port.response.slice(0, port.process(bytes, 0, bytes.length)));
  },
});
