import { describe, expect, it } from 'vitest';
import { CommandChain } from '../../src/apdu/chaining.ts';
import { CommandApdu } from '../../src/apdu/command.ts';
import { fromHex, toHex } from '../../src/apdu/hex.ts';

function command(hex: string): CommandApdu {
  const bytes = fromHex(hex);
  const parsed = new CommandApdu();
  parsed.parse(bytes, 0, bytes.length);
  return parsed;
}

function data(apdu: CommandApdu): string {
  return toHex(apdu.bytes.subarray(apdu.dataOffset, apdu.dataOffset + apdu.nc));
}

describe('command chain', () => {
  it('makes the last command the whole one', () => {
    const chain = new CommandChain(100);
    expect(chain.open).toBe(false);
    expect(chain.append(command('10DA0102 02 A1A2'))).toBe(true);
    expect(chain.open).toBe(true);
    expect(chain.append(command('10DA0102 01 A3'))).toBe(true);
    const last = command('00DA0102 03 A4A5A6 00');
    expect(chain.append(last)).toBe(true);
    chain.conclude(last);
    expect(data(last)).toBe('A1A2A3A4A5A6');
    expect([last.nc, last.dataOffset, last.ne]).toEqual([6, 0, 256]);
    expect(chain.open).toBe(false);
  });

  it('a second chain has nothing of the first', () => {
    const chain = new CommandChain(100);
    chain.append(command('10DA0102 04 A1A2A3A4'));
    chain.conclude(command('00DA0102 01 A5'));
    const only = command('10200081 01 B1');
    chain.append(only);
    const last = command('00200081 01 B2');
    expect(chain.continuedBy(last)).toBe(true);
    chain.append(last);
    chain.conclude(last);
    expect(data(last)).toBe('B1B2');
  });

  it('a chain of no command is empty', () => {
    const last = command('00DA0102 01 A5');
    new CommandChain(100).conclude(last);
    expect(data(last)).toBe('');
  });

  it.each([
    ['the last of it', '00DA0102 01 A5', true],
    ['one more of it', '10DA0102 01 A5', true],
    ['another instruction', '00DB0102 01 A5', false],
    ['another P1', '00DA0002 01 A5', false],
    ['another P2', '00DA0100 01 A5', false],
    ['another channel', '01DA0102 01 A5', false],
    ['secure messaging', '0CDA0102 01 A5', false],
  ])('goes on with %s: %s', (_, next, goesOn) => {
    const chain = new CommandChain(100);
    chain.append(command('10DA0102 01 A1'));
    expect(chain.continuedBy(command(next))).toBe(goesOn);
  });

  it('compares the class of further channels without their chaining bit', () => {
    const chain = new CommandChain(100);
    chain.append(command('5FDA0102 01 A1'));
    expect(chain.continuedBy(command('4FDA0102 01 A2'))).toBe(true);
    expect(chain.continuedBy(command('4EDA0102 01 A2'))).toBe(false);
  });

  it.each([
    ['as much as there is room for', '03 A1A2A3', true],
    ['a byte more', '04 A1A2A3A4', false],
  ])('takes %s', (_, body, taken) => {
    const chain = new CommandChain(5);
    expect(chain.capacity).toBe(5);
    expect(chain.append(command('10DA0102 02 0102'))).toBe(true);
    expect(chain.append(command(`00DA0102 ${body}`))).toBe(taken);
  });

  it('forgets what it carried when it is dropped, and can be dropped empty', () => {
    const chain = new CommandChain(10);
    chain.drop();
    expect(chain.open).toBe(false);
    chain.append(command('10200081 04 31323334'));
    chain.drop();
    expect(chain.open).toBe(false);
    const last = command('00200081 02 3536');
    chain.conclude(last);
    expect(last.nc).toBe(0);
    // The buffer is the chain's own: nothing of the code stays there.
    expect(toHex(last.bytes)).toBe('00'.repeat(10));
  });
});
