import { expect, it } from 'vitest';
import type { ProtocolFigures } from '../../../../rig/measure/crypto/protocol-figures.ts';
import { targetsOf } from '../../../../rig/measure/crypto/targets.ts';

const row = (side: 'card' | 'reader', protocol: ProtocolFigures['protocol'], ratio: number, tapRatio: number) =>
  ({ side, protocol, curve: 'P-256', ratio, tapRatio }) as ProtocolFigures;
const message = (ratio: number) => ({ id: 'read-record-100-aes', n: 1, card: US, aes: US, ratio }) as const;
const US = { p50us: 1, p99us: 1 };

it('the worst figure of each side is judged by its limit', () => {
  const rows = [row('card', 'TA', 1.02, 1.1), row('card', 'CA', 1.11, 1), row('reader', 'CA', 1.5, 1.2)];
  const more = row('reader', 'TA', 1.2, 1.05);
  expect(
    targetsOf([...rows, more], message(1.6)).map((each) => [each.id, each.verdict, each.ratio, each.worst]),
  ).toEqual([
    ['card-protocol', 'fail', 1.11, 'CA P-256'],
    ['card-tap', 'pass', 1.1, 'TA P-256'],
    ['reader-protocol', 'fail', 1.5, 'CA P-256'],
    ['reader-tap', 'fail', 1.2, 'CA P-256'],
    ['card-read-record', 'pass', 1.6, 'AES-128'],
  ]);
  const judged = targetsOf([...rows, more], message(1.61));
  expect(judged.map(({ over, of }) => [over, of])).toEqual([
    [1, 2],
    [0, 2],
    [2, 2],
    [1, 2],
    [1, 1],
  ]);
});
