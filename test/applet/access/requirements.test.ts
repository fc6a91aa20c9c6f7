import { describe, expect, it } from 'vitest';
import { AID_A, AID_B, boot, CODE, selectName, sender } from '../bench-card.ts';

/** What a rule comes down to is found once and kept; what was proven is looked at every time. */
const READ = '00B2012400';
const VERIFY = `0020008104${CODE}`;

describe('a rule that was looked at before', () => {
  it('opens with the code, and closes with whatever forgets it', () => {
    const { port, send } = boot();
    const forget = [
      () => port.reset(),
      () => port.deselect(),
      () => {
        port.fieldOff();
        port.powerOn();
      },
      () => send(selectName(AID_B)),
      () => send('0020FF81'),
    ];
    for (const each of forget) {
      send(selectName(AID_A));
      expect(send(READ)).toBe('6982');
      send(VERIFY);
      expect(send(READ)).toBe('5EC19000');
      each();
      send(selectName(AID_A));
      expect(send(READ)).toBe('6982');
    }
  });

  it('holds on each interface and each channel for itself', () => {
    const { card, send } = boot();
    const contactless = card.port('contactless');
    contactless.powerOn();
    const other = sender(contactless);
    send(selectName(AID_A));
    send(VERIFY);
    expect(send(READ)).toBe('5EC19000');
    other(selectName(AID_A));
    expect(other(READ)).toBe('6982');
    // MANAGE CHANNEL opens channel 1, in which nothing is proven.
    expect(send('0070000001')).toBe('019000');
    send(`01${selectName(AID_A).slice(2)}`);
    expect(send(`01${READ.slice(2)}`)).toBe('6982');
    expect(send(READ)).toBe('5EC19000');
  });

  it('a window of the holder that closes by time is noticed', () => {
    const { card, send, clock } = boot({ cardInterface: 'wired' });
    const contactless = card.port('contactless');
    contactless.powerOn();
    const other = sender(contactless);
    send(selectName(AID_A));
    send(VERIFY);
    other(selectName(AID_A));
    expect(other(READ)).toBe('5EC19000');
    clock.advance(60_000_000_000);
    expect(other(READ)).toBe('6982');
  });
});

describe('a record that was read before', () => {
  it('is read as it is now, in a cyclic file too', () => {
    const { card, send } = boot();
    send(selectName(AID_A));
    expect(send('00B2010C00')).toBe('A1A1A1A19000');
    expect(send('00B2011C00')).toBe('C1C1C19000');
    const file = card.image.files.find(({ fid }) => fid === 0xe001);
    expect(file?.slots[0]).toBeInstanceOf(Uint8Array);
    // The view shows the memory, it is no copy: a record changed underneath is seen.
    (file?.slots[0] as Uint8Array)[0] = 0x77;
    expect(send('00B2010C00')).toBe('77A1A1A19000');
  });
});
