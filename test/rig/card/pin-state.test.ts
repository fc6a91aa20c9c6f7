import { describe, expect, it } from 'vitest';
import type { PIN_STATES } from '../../../rig/card/card-source.ts';
import { openCard } from '../../../rig/card/open.ts';
import { fromHex, toHex } from '../../../src/apdu/index.ts';

/** MSE:Set AT for the PIN, as clients for identity cards send it. */
const SET_AT = fromHex('0022C1A412800A0400 7F00070202040202 83010384010D'.replace(/ /g, ''));

async function told(name: string, state?: (typeof PIN_STATES)[number]): Promise<string> {
  const { card } = await openCard({ kind: 'profile', name, ...(state !== undefined && { state }) });
  const port = card.port();
  port.powerOn();
  return toHex(port.response.subarray(0, port.process(SET_AT, 0, SET_AT.length)));
}

describe('the state of a fresh card’s PIN', () => {
  it.each([
    [undefined, '9000'],
    ['suspended', '63C1'],
    ['blocked', '63C0'],
    ['deactivated', '6283'],
  ] as const)('%s is told as %s', async (state, status) => {
    expect(await told('eac', state)).toBe(status);
  });

  it('is for cards that have one', async () => {
    await expect(told('reference', 'blocked')).rejects.toThrow('reference has no PIN of PACE that could be blocked');
  });
});
