import { describe, expect, it } from 'vitest';
import { protocolOf } from '../../../../rig/trace/formats/protocol.ts';

describe('the protocol that a card of this ATR is spoken to in', () => {
  it.each([
    ['no interface bytes', '3B00', 'T=0'],
    ['TA1 and TB1, no TD1', '3B6900005A43420000000000', 'T=0'],
    ['TD1 80, TD2 01: a contactless card', '3B80800101', 'T=1'],
    ['the same with historical bytes', '3B8A80018031F873F741FF8290006A', 'T=1'],
    ['TA1 to TC1, TD1 81', '3BF91300008131FE454A434F503234325232A3', 'T=1'],
    ['TD1 announced and cut off', '3B80', 'T=0'],
    ['nothing', '', 'T=0'],
  ])('%s', (_what, atr, protocol) => {
    expect(protocolOf(atr)).toBe(protocol);
  });
});
