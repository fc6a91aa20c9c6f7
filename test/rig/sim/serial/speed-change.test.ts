import { describe, expect, it } from 'vitest';
import { atTheirSpeeds } from '../../../../rig/sim/serial/speed-change.ts';
import { fromHex, toHex } from '../host.ts';

const ACK = '0000ff00ff00';
const COMMAND = '0000ff02fed4022a00';
const [SLOW, FAST] = [115_200, 921_600];

describe('the speed at which bytes of a pseudo-terminal count', () => {
  it.each([
    ['the ACK before a change', ACK, SLOW, FAST, SLOW, ACK, ''],
    ['the shortest ACK', '00ff00ff', SLOW, FAST, SLOW, '00ff00ff', ''],
    ['an ACK and the next command, read together', ACK + COMMAND, SLOW, FAST, SLOW, ACK, COMMAND],
    ['the way back', ACK, FAST, SLOW, FAST, ACK, ''],
    ['an ACK without a change', ACK, SLOW, SLOW, SLOW, '', ACK],
    ['a command of a host that chose another speed', COMMAND, SLOW, FAST, SLOW, '', COMMAND],
    ['an ACK at a speed that the chip does not have', ACK, 9600, FAST, SLOW, '', ACK],
    ['a NACK', '0000ffff0000', SLOW, FAST, SLOW, '', '0000ffff0000'],
  ])('%s', (_, read, before, now, chip, ack, rest) => {
    const parts = atTheirSpeeds(fromHex(read), before, now, chip);
    expect([toHex(parts.ack), toHex(parts.rest)]).toEqual([ack, rest]);
  });
});
