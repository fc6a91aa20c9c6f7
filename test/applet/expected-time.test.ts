import { describe, expect, it } from 'vitest';
import { fromHex } from '../../src/apdu/hex.ts';
import { EXPECTED_MICROSECONDS } from '../../src/applet/expected-time.ts';
import { AID_A, boot, CODE, selectName } from './bench-card.ts';

describe('what a command is expected to take', () => {
  it.each([
    ['SELECT', '00A40000', 'ram'],
    ['READ BINARY on an open channel', '00B0000000', 'ram'],
    ['UPDATE BINARY', '00D600000100', 'memory'],
    ['VERIFY', `0020008104${CODE}`, 'symmetric'],
    ['ENVELOPE, whatever is in it', '00C20000', 'asymmetric'],
    ['VERIFY, not the last of a chain', `1020008104${CODE}`, 'ram'],
    ['VERIFY on a channel that is not open', `0120008104${CODE}`, 'ram'],
    ['an unknown instruction', '005A0000', 'ram'],
    ['a proprietary class', '80D60000', 'ram'],
    ['no whole header', '0020', 'ram'],
    ['nothing', '', 'ram'],
  ] as const)('%s', (_, command, cost) => {
    const bytes = fromHex(`FF${command}`.replaceAll(' ', ''));
    const { port } = boot();
    expect(port.expectedMicroseconds(bytes, 1, bytes.length - 1)).toBe(EXPECTED_MICROSECONDS[cost]);
  });

  it('carries out nothing', () => {
    const { port, send } = boot();
    send(selectName(AID_A));
    const wrong = fromHex('002000810430303030');
    port.expectedMicroseconds(wrong, 0, wrong.length);
    // All three tries are left.
    expect(send('00200081')).toBe('63C3');
  });
});
