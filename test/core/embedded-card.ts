import { fromHex, toHex } from '../../src/apdu/hex.ts';
import { Card } from '../../src/applet/card.ts';
import { personalise } from '../../src/applet/image/personalise.ts';
import { nobleHashes } from '../../src/hal/noble/hashes.ts';
import { MemoryNvm } from '../../src/hal/nvm/memory.ts';
import { BackToBack } from '../../src/iso-dep/back-to-back.ts';
import { IsoDepCard } from '../../src/iso-dep/card.ts';
import { IsoDepReader } from '../../src/iso-dep/reader.ts';
import { benchSpecification } from '../applet/bench-card.ts';

/** Entry point of the bundle that embedded-engine.test.ts runs: a card, and global functions to talk to it. */
const crypto = nobleHashes();
const random = { fill: (target: Uint8Array, at: number, length: number) => void target.fill(0x5a, at, at + length) };
const clock = { nowNs: () => 0, wallSeconds: () => 0 };
const card = new Card({ nvm: new MemoryNvm(personalise(benchSpecification(), crypto)), clock, crypto, random });
const port = card.port();
port.powerOn();

/** The same card behind blocks of 16 bytes. */
const blocks = new IsoDepCard(card.port('contactless'), {
  ats: {
    fsci: 0,
    fwi: 4,
    sfgi: 0,
    toCard: [],
    toReader: [],
    sameRateOnly: false,
    cidSupported: false,
    nadSupported: false,
    historicalBytes: new Uint8Array(0),
  },
});
const reader = new IsoDepReader({ fsd: 16 });
const joined = new BackToBack(reader, blocks);
blocks.start();
joined.run(reader.activate());

Object.assign(globalThis, {
  exchange: (command: string): string => {
    const bytes = fromHex(command);
    return toHex(port.response.subarray(0, port.process(bytes, 0, bytes.length)));
  },
  exchangeInBlocks: (command: string): string => {
    const bytes = fromHex(command);
    const end = joined.run(reader.transmit(bytes, 0, bytes.length));
    return end === 'done' ? toHex(reader.response.subarray(0, reader.responseLength)) : end;
  },
});
