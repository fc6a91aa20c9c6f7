import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flashBoard, NOT_VERIFIED } from '../../../rig/board/flash-board.ts';
import { newFlashImage } from '../../../rig/board/flash-image.ts';
import { readBack } from '../../../rig/board/read-back.ts';
import { readStored } from '../../../rig/board/store.ts';
import { ImageNames } from '../../../rig/card/image-name.ts';
import { buildImage } from '../../../rig/card/open.ts';
import type { CardLink, LinkedCard } from '../../../src/hal/card-link.ts';
import { createLoopback } from '../../../src/hal/loopback/index.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { fault, simulatedBench } from './simulated-bench.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'vitap-flash-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const signal = new AbortController().signal;

/** The card of another, for one byte of one answer. */
class OneByteOff implements LinkedCard {
  readonly #card: LinkedCard;
  readonly #wrongAnswer: number;
  #answers = 0;

  constructor(card: LinkedCard, wrongAnswer: number) {
    this.#card = card;
    this.#wrongAnswer = wrongAnswer;
  }

  get response(): Uint8Array {
    return this.#card.response;
  }
  atr(): Uint8Array {
    return this.#card.atr();
  }
  powerOn(): void {
    this.#card.powerOn();
  }
  reset(): void {
    this.#card.reset();
  }
  fieldOff(): void {
    this.#card.fieldOff();
  }
  deselect(): void {
    this.#card.deselect();
  }
  process(command: Uint8Array, offset: number, length: number): number {
    const size = this.#card.process(command, offset, length);
    // Counts only answers with data.
    if (size > 2 && this.#answers++ === this.#wrongAnswer) (this.response[size - 3] as number) ^= 1;
    return size;
  }
}

/** A wire on which the card at its end is another than the one that was put there. */
function swapped(link: CardLink, card: (real: LinkedCard) => LinkedCard): CardLink {
  return {
    name: link.name,
    interface: link.interface,
    limits: link.limits,
    serve: (real, onEvent) => link.serve(card(real), onEvent),
    stop: () => link.stop(),
  };
}

describe('reading back', () => {
  it.each(['vitale2', 'apcv', 'ndef'])('finds every answer of %s as it should be', async (profile) => {
    const { link, reader } = createLoopback({ interface: 'contactless', clock: systemClock });
    const result = await readBack(await buildImage(profile, 'x'), link, reader, null, signal);
    expect(result.bytes).toBeGreaterThan(0);
  });

  it('finds one wrong byte', async () => {
    const { link, reader } = createLoopback({ interface: 'contactless', clock: systemClock });
    const wrong = swapped(link, (real) => new OneByteOff(real, 0));
    await expect(readBack(await buildImage('vitale2', 'x'), wrong, reader, null, signal)).rejects.toThrow(
      /^what was read over the field differs from the image, from command \d+ on \(00(A4|B)[0-9A-F]{4,5}\)$/,
    );
  });
});

describe('flashing a simulated board', () => {
  const job = async (bench: ReturnType<typeof simulatedBench>, verified: boolean) => ({
    board: bench.a,
    image: await newFlashImage('vitale2', { serialOf: (serial) => serial, uid: null, keys: [] }),
    names: new ImageNames(Buffer.alloc(32, 7)),
    force: false,
    serialNumber: 'B1',
    station: 'bench',
    folder,
    verifier: verified
      ? { name: bench.b.name, open: async () => ({ reader: await bench.b.reader(), readerName: null }) }
      : null,
    signal,
    say: () => {},
  });

  it('reads the card back over the field', async () => {
    const bench = simulatedBench();
    const { verified } = await flashBoard(await job(bench, true));
    expect(verified).toMatch(/^read back by pn532:sim-b: \d+ commands, \d+ bytes, all as in the image$/);
    expect(readStored(folder, bench.a.identity)).toMatchObject({ serialNumber: 'B1', profile: 'vitale2', verified });
  });

  it('says when nothing read it back', async () => {
    const bench = simulatedBench();
    expect(await flashBoard(await job(bench, false))).toMatchObject({ verified: NOT_VERIFIED });
  });

  it('leaves the store alone when the board is another chip', async () => {
    const bench = simulatedBench({ a: [fault('other-chip', 0x33)] });
    await expect(flashBoard(await job(bench, false))).rejects.toThrow(
      'the chip is not a PN532 but says that it is 0x33',
    );
    expect(readStored(folder, bench.a.identity)).toBeNull();
  });

  it('blames what reads when that does not work', async () => {
    const bench = simulatedBench({ b: [fault('mute')] });
    await expect(flashBoard(await job(bench, true))).rejects.toMatchObject({
      name: 'RigFault',
      message: expect.stringMatching(/the card is on the board, but pn532:sim-b could not read it back/),
    });
    expect(readStored(folder, bench.a.identity)).toMatchObject({ verified: NOT_VERIFIED });
  });
});
