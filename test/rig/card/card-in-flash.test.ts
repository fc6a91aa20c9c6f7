import { describe, expect, it } from 'vitest';
import { bootCard, buildImage } from '../../../rig/card/open.ts';
import { fromHex, toHex } from '../../../src/apdu/hex.ts';
import { UNLIMITED } from '../../../src/hal/apdu-size.ts';
import { FlashNvm } from '../../../src/hal/flash/flash-nvm.ts';
import { PowerLoss } from '../../../src/hal/nvm/power-loss.ts';
import type { Nvm } from '../../../src/hal/nvm.ts';
import { SimulatedFlash, type SimulatedFlashOptions } from '../../hal/flash/simulated-flash.ts';

const LAYOUT: SimulatedFlashOptions = { pageSize: 4096, pages: 12, writeGranule: 16 };
const SELECT = '00A4040C0AF0617043562D454D5501';
const WRONG = '0020008106313131313131';
const TRIES = '00200081';

function answers(nvm: Nvm, ...commands: readonly string[]): string[] {
  const port = bootCard(nvm, 'card in flash', 'seed').port('contact', UNLIMITED);
  port.reset();
  return commands.map((command) => {
    const bytes = fromHex(command);
    const length = port.process(bytes, 0, bytes.length);
    return toHex(port.response.subarray(0, length)).slice(-4);
  });
}

describe('a card whose memory is a log in flash', { timeout: 240_000 }, () => {
  it('behaves as in memory, and keeps its counters through power', async () => {
    const flash = new SimulatedFlash(LAYOUT);
    const image = await buildImage('vitale2', 'flash');
    const nvm = FlashNvm.create(flash, image);
    const first = answers(nvm, SELECT, TRIES, WRONG, TRIES);
    expect(first[0]).toBe('9000');
    expect(first[1]).toMatch(/^63C[1-9A-F]$/);
    const left = Number.parseInt(first[1]!.slice(3), 16);
    expect(first.slice(2)).toEqual([`63C${left - 1}`, `63C${left - 1}`]);
    expect(answers(FlashNvm.open(flash.poweredAgain())!, SELECT, TRIES)).toEqual(['9000', `63C${left - 1}`]);
  });

  it('power cut at every step of a wrong code: the card boots, and no try is won', async () => {
    const image = await buildImage('vitale2', 'flash');
    const fresh = new SimulatedFlash(LAYOUT);
    FlashNvm.create(fresh, image);
    const [, before] = answers(FlashNvm.open(fresh.poweredAgain())!, SELECT, TRIES);
    const tries = Number.parseInt(before!.slice(3), 16);
    let cuts = 0;
    for (let at = 0; ; at++) {
      const flash = fresh.poweredAgain(at);
      let answered: string | null = null;
      try {
        answered = answers(FlashNvm.open(flash)!, SELECT, WRONG)[1]!;
      } catch (error) {
        if (!(error instanceof PowerLoss)) throw error;
      }
      const [selected, left] = answers(FlashNvm.open(flash.poweredAgain())!, SELECT, TRIES);
      expect(selected, `cut ${at}`).toBe('9000');
      // What was answered has happened; else it may have.
      const possible = answered?.startsWith('63C') === true ? [tries - 1] : [tries, tries - 1];
      expect(possible, `cut ${at}`).toContain(Number.parseInt(left!.slice(3), 16));
      if (flash.steps <= at) break;
      cuts++;
    }
    expect(cuts).toBeGreaterThan(5);
  });
});
