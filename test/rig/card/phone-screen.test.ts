import { describe, expect, it } from 'vitest';
import { openCard } from '../../../rig/card/open.ts';
import { PhoneScreen, unlockInWords } from '../../../rig/card/phone-screen.ts';

const digits = (text: string): Uint8Array => new TextEncoder().encode(text);
const open = async (profile: string): Promise<PhoneScreen> =>
  new PhoneScreen((await openCard({ kind: 'profile', name: profile })).card);

describe('the phone’s screen', () => {
  it('unlocks with the code, and locks', async () => {
    const screen = await open('apcv');
    expect(screen.status()).toBe('locked');
    expect(screen.unlock(digits('274916')).outcome).toBe('unlocked');
    expect(screen.status()).toMatch(/^unlocked for 60 s and 1 presentation/);
    screen.lock();
    expect(screen.status()).toBe('locked');
  });

  it('counts wrong codes, then is blocked', async () => {
    const screen = await open('apcv');
    const words = [1, 2, 3, 4].map(() => unlockInWords(screen.unlock(digits('000000'))));
    expect(words).toEqual([
      'the code is wrong: 2 tries left',
      'the code is wrong: 1 try left',
      'the code is wrong: no try left',
      'the code is blocked: no try left',
    ]);
    expect(screen.unlock(digits('274916')).outcome).toBe('blocked');
  });

  it('refuses what is no code without spending a try', async () => {
    const screen = await open('apcv');
    expect(screen.unlock(digits('1234'))).toEqual({ outcome: 'refused', sw: 0x6700 });
    expect(unlockInWords(screen.unlock(digits('000000')))).toContain('2 tries');
  });

  it('is not there on a card of plastic', async () => {
    const screen = await open('vitale2');
    expect(screen.unlock(digits('274916')).outcome).toBe('not-a-phone');
    expect(screen.status()).toContain('no screen');
  });
});
