import { describe, expect, it } from 'vitest';
import { openChannel } from '../../../rig/channel/open-channel.ts';
import type { ProtectedSession } from '../../../rig/channel/protected-session.ts';
import { fromHex, toHex } from '../../../src/apdu/hex.ts';
import { requestWith, smallCard, wireOf } from './small-card.ts';

const READ = fromHex('00B09C0016');
/** The first 22 bytes of the small card's EF.CardAccess: a SET of 20 + 15 + 20 + 30 = 85 bytes, and its PACEInfo. */
const CONTENT = '3155 3012060A04007F0007020204020202010202010D'.replace(' ', '');

type Answer = (command: Uint8Array) => Uint8Array;

/** A channel over what `carry` makes of the wire below it. */
async function channelOver(carry: (answer: Answer) => Answer): Promise<{
  readonly channel: ProtectedSession;
  readonly sent: string[];
  readonly left: () => boolean;
}> {
  const card = smallCard();
  const sent: string[] = [];
  let carried: Answer = (command) => card.exchange(command);
  const { session } = wireOf((command) => {
    sent.push(toHex(command));
    return carried(command);
  });
  const { session: channel } = await openChannel(session, requestWith());
  carried = carry((command) => card.exchange(command));
  sent.length = 0;
  return { channel, sent, left: () => card.session === null };
}

/** Gives answers in pieces, as a transport does that carries few bytes: 61xx, and GET RESPONSE in clear. */
function inPieces(size: number): (answer: Answer) => Answer {
  return (answer) => {
    let rest: Uint8Array = new Uint8Array(0);
    return (command) => {
      if (command[1] !== 0xc0) rest = answer(command);
      const data = rest.subarray(0, -2);
      if (data.length <= size) return rest;
      const piece = data.subarray(0, size);
      rest = rest.subarray(size);
      const left = rest.length - 2;
      return Uint8Array.of(...piece, 0x61, left > 255 ? 0 : left);
    };
  };
}

describe('a session inside a channel', () => {
  it.each([1, 7, 16, 40, 60])('takes an answer in pieces of %i bytes as one', async (size) => {
    const { channel, sent } = await channelOver(inPieces(size));
    const { response, wire } = await channel.transmit(READ);
    expect(toHex(response)).toBe(`${CONTENT}9000`);
    expect(wire.exchanges).toBe(sent.length);
    for (const command of sent.slice(1)) expect(command).toMatch(/^00C00000..$/);
    expect(toHex((await channel.transmit(READ)).response)).toBe(`${CONTENT}9000`);
  });

  it('sends the same protected command with the Le that the transport wants, and counts that', async () => {
    const { channel, sent } = await channelOver((answer) => {
      let refused = false;
      return (command) => {
        if (refused) return answer(command);
        refused = true;
        return fromHex('6C35');
      };
    });
    const { response, wire } = await channel.transmit(READ);
    expect(toHex(response)).toBe(`${CONTENT}9000`);
    expect(wire).toMatchObject({ exchanges: 2, repairs: 1 });
    expect(sent[1]).toBe(`${sent[0]!.slice(0, -2)}35`);
  });

  it.each<[string, (answer: Answer) => Answer, string, string]>([
    ['a plain answer', () => () => fromHex('9000'), 'not-believed', 'in clear inside the channel (9000), which'],
    ['a plain refusal', () => () => fromHex('6982'), 'not-believed', 'in clear inside the channel (6982), which'],
    ['6988', () => () => fromHex('6988'), 'refused', 'does not take our protected command (6988)'],
    ['plain data', () => () => fromHex('AABB9000'), 'not-believed', 'is not from the card'],
    [
      'another status word outside',
      (answer) => (command) => Uint8Array.of(...answer(command).subarray(0, -2), 0x62, 0x82),
      'not-believed',
      'the status words inside and outside differ',
    ],
    [
      'an answer of before',
      (answer) => {
        let before: Uint8Array | null = null;
        return (command) => {
          before ??= answer(command);
          return before;
        };
      },
      'not-believed',
      'the MAC of the answer is wrong',
    ],
    ['61xx for ever', () => () => fromHex('87116110'), 'not-believed', 'more and more data to give'],
  ])('does not believe %s, and is closed for good', async (name, carry, kind, words) => {
    const { channel, sent } = await channelOver(carry);
    if (name === 'an answer of before') await channel.transmit(READ);
    await expect(channel.transmit(READ)).rejects.toMatchObject({
      kind,
      exitCode: 1,
      message: expect.stringContaining(words),
    });
    expect(channel.open).toBe(false);
    const count = sent.length;
    await expect(channel.transmit(READ)).rejects.toMatchObject({ kind });
    expect(sent).toHaveLength(count);
  });

  it.each([
    ['80B0000000', 'its class is not of ISO/IEC 7816-4'],
    ['FFCA000000', 'its class is not of ISO/IEC 7816-4'],
    ['0CB0000000', 'its class byte announces secure messaging already'],
    ['00B00000021122334455', 'its length fields are wrong'],
  ])('has no form for %s, says so, and stays open', async (command, why) => {
    const { channel, sent } = await channelOver((answer) => answer);
    await expect(channel.transmit(fromHex(command))).rejects.toMatchObject({
      kind: 'not-protectable',
      exitCode: 2,
      message: `the command ${command.slice(0, 8)} cannot be protected: ${why}`,
    });
    expect(sent).toHaveLength(0);
    expect(toHex((await channel.transmit(READ)).response)).toBe(`${CONTENT}9000`);
  });

  it('is over after a reset, and after it was left', async () => {
    for (const end of [
      (channel: ProtectedSession) => channel.reset('warm'),
      async (channel: ProtectedSession) => channel.leave(),
      (channel: ProtectedSession) => channel.disconnect(),
    ]) {
      const { channel, sent } = await channelOver((answer) => answer);
      await end(channel);
      await expect(channel.transmit(READ)).rejects.toMatchObject({
        kind: 'closed',
        exitCode: 2,
        message: 'the channel to the card was left',
      });
      expect(sent).toHaveLength(0);
    }
  });
});
