import { describe, expect, it } from 'vitest';
import { CardTerminal } from '../../../rig/tap/terminal.ts';
import { fromHex, toHex } from '../../../src/apdu/hex.ts';
import type { CardSession } from '../../../src/hal/reader.ts';

/** A session that answers from a script: each command must be the next one. */
function scripted(script: readonly [command: string, answer: string][]): CardSession {
  let at = 0;
  return {
    reader: 'script',
    atr: new Uint8Array(0),
    protocol: 'T=1',
    async transmit(command) {
      const [expected, answer] = script[at++] ?? ['nothing more', ''];
      expect(toHex(command)).toBe(expected);
      return { response: fromHex(answer), startNs: at * 1000, endNs: at * 1000 + 400 };
    },
    reset: async () => {},
    control: async () => new Uint8Array(0),
    disconnect: async () => {},
  };
}

describe('a terminal', () => {
  it.each<[string, string, [string, string][], string, number]>([
    ['takes a plain answer', '00B0000002', [['00B0000002', 'AABB9000']], 'AABB', 0x9000],
    [
      'follows 61xx until the end',
      '00A40000023F0000',
      [
        ['00A40000023F0000', '6102'],
        ['00C0000002', 'AABB6101'],
        ['00C0000001', 'CC9000'],
      ],
      'AABBCC',
      0x9000,
    ],
    [
      'repeats with the right Le after 6Cxx',
      '00B0000000',
      [
        ['00B0000000', '6C02'],
        ['00B0000002', 'AABB9000'],
      ],
      'AABB',
      0x9000,
    ],
    [
      'adds an Le where there was none',
      '00A40000023F00',
      [
        ['00A40000023F00', '6C01'],
        ['00A40000023F0001', 'AA9000'],
      ],
      'AA',
      0x9000,
    ],
    [
      'gives up on a card that goes on with 6Cxx',
      '00B0000000',
      [
        ['00B0000000', '6C02'],
        ['00B0000002', '6C02'],
      ],
      '',
      0x6c02,
    ],
    ['keeps a refusal as it is', '00B0000000', [['00B0000000', '6982']], '', 0x6982],
  ])('%s', async (_, command, script, data, sw) => {
    const terminal = new CardTerminal(scripted(script));
    const answer = await terminal.send(fromHex(command));
    expect(toHex(answer.data)).toBe(data);
    expect(answer.sw).toBe(sw);
    expect(terminal.exchanges).toHaveLength(script.length);
  });

  it('keeps headers and lengths, never data', async () => {
    const terminal = new CardTerminal(scripted([['0020008106323734393136', '9000']]));
    terminal.phase = 'verify';
    await terminal.send(fromHex('0020008106323734393136'));
    expect(terminal.exchanges).toEqual([
      {
        phase: 'verify',
        command: 'VERIFY',
        header: '00200081',
        status: '9000',
        sentBytes: 11,
        receivedBytes: 2,
        startNs: 1000,
        endNs: 1400,
      },
    ]);
  });
});
