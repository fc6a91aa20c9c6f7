import { describe, expect, it } from 'vitest';
import { formsFound, type WrittenForm } from './written-forms.ts';

const NAME = 'DRUVORLANTIN';
const NIR = '2751263220749';
const KEY = Buffer.from('8f1d3a0cfe5577b1209e6e4405bb90a1c2d3e4f50617283940516273849506af', 'hex');

/** Written by hand for one place, and by Node for the three places of Base64. */
const PLANTED: readonly (readonly [WrittenForm, string | Uint8Array, Buffer])[] = [
  ['text', NAME, Buffer.from('{"usualName":"DRUVORLANTIN"}')],
  ['hex', NAME, Buffer.from('00b2445244445255564f524c414e54494e9000')],
  ['hex', NAME, Buffer.from('C20C445255564F524C414E54494E9000')],
  ...[0, 1, 2].flatMap((before) => [
    ['base64', NAME, Buffer.from(Buffer.from(`${'-'.repeat(before)}${NAME} is here`).toString('base64'))] as const,
    [
      'base64url',
      NAME,
      Buffer.from(Buffer.from(`${'-'.repeat(before)}${NAME} is here`).toString('base64url')),
    ] as const,
  ]),
  ['UTF-16', NAME, Buffer.from(`-${NAME}-`, 'utf16le')],
  ['UTF-16', NAME, Buffer.from(`-${NAME}-`, 'utf16le').swap16()],
  ['BCD', NIR, Buffer.from('C2072751263220749F', 'hex')],
  ['BCD', NIR, Buffer.from('C20702751263220749', 'hex')],
  ['base64url', KEY, Buffer.from(`{"d":"${KEY.toString('base64url')}"}`)],
  ['numbers', NAME, Buffer.from('[68,82,85,86,79,82,76,65,78,84,73,78]')],
  ['reversed', NAME, Buffer.from('-NITNALROVURD-')],
  ['hex', KEY, Buffer.from(KEY.toString('hex').toUpperCase())],
];

describe('a secret that is planted', () => {
  it.each(PLANTED)('as %s is found', (form, secret, planted) => {
    const around = Buffer.concat([Buffer.alloc(1000, 0xa5), planted, Buffer.alloc(1000, 0x5a)]);
    expect(formsFound(around, secret)).toContain(form);
    // With one byte of it changed it is another one.
    const at = 1000 + planted.length - Math.ceil(planted.length / 2);
    around[at] = (around[at] as number) ^ 0x21;
    expect(formsFound(around, secret)).not.toContain(form);
  });

  it('is not found where it is not', () => {
    expect(formsFound(Buffer.alloc(100_000, 0x33), NIR)).toEqual([]);
    expect(formsFound(new Uint8Array(0), NAME)).toEqual([]);
  });
});
