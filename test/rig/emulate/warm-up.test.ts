import { describe, expect, it } from 'vitest';
import { openCard } from '../../../rig/card/open.ts';
import { commandsOf, warmUp } from '../../../rig/emulate/warm-up.ts';
import { toHex } from '../../../src/apdu/hex.ts';
import { SW } from '../../../src/apdu/status-word.ts';
import { systemClock } from '../../../src/hal/system/clock.ts';
import { rehearse } from '../../../src/hal/vpcd/rehearsal.ts';

const PROFILES = ['vitale2', 'apcv', 'reference', 'ndef', 'lab', 'eac'] as const;

describe('the warm-up of a card', () => {
  it.each(PROFILES)('%s: the card keeps every byte and every try', async (name) => {
    const opened = await openCard({ kind: 'profile', name });
    const before = new Uint8Array(opened.nvm.size);
    opened.nvm.read(0, before, 0, before.length);
    await warmUp(opened, opened.card.defaultInterface, (card, commands) => rehearse(card, commands, systemClock));
    const after = new Uint8Array(opened.nvm.size);
    opened.nvm.read(0, after, 0, after.length);
    expect(toHex(after)).toBe(toHex(before));
  });

  it.each(['vitale2', 'reference'])('%s: what it sends selects, compares a code and reads', async (name) => {
    const { card } = await openCard({ kind: 'profile', name });
    const port = card.port('contact');
    port.powerOn();
    const answered = new Set<string>();
    for (const command of commandsOf(card.image)) {
      const length = port.process(command, 0, command.length);
      const status = (port.response[length - 2]! << 8) | port.response[length - 1]!;
      answered.add(
        `${toHex(command.subarray(1, 2))} ${status === SW.OK ? 'done' : status >> 4 === 0x63c ? 'compared' : ''}`,
      );
    }
    expect([...answered]).toEqual(expect.arrayContaining(['A4 done', '20 compared']));
    if (name === 'vitale2') expect(answered).toContain('B0 done');
  });

  it('a card without an application has nothing to warm', async () => {
    const opened = await openCard({ kind: 'profile', name: 'vitale2' });
    let rehearsed = false;
    const bare = {
      ...opened,
      card: Object.create(opened.card, { image: { value: { ...opened.card.image, files: [] } } }),
    };
    await warmUp(bare, 'contact', async () => {
      rehearsed = true;
    });
    expect(rehearsed).toBe(false);
  });
});
