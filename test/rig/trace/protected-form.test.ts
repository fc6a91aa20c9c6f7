import { describe, expect, it } from 'vitest';
import { isProtectedCommand, isProtectedResponse } from '../../../rig/trace/protected-form.ts';
import { Redactor } from '../../../rig/trace/redaction.ts';
import { fromHex, toHex } from '../../../src/apdu/hex.ts';

/** 16 bytes that are a cryptogram to whoever has no key. */
const BLOCK = '5AC3F1E2B7D48896A1B2C3D4E5F60718';
const MAC = '8E081122334455667788';

describe('a command is protected as a whole', () => {
  it.each([
    ['data, Le and MAC', `0CB0850020 871101${BLOCK} 970100 ${MAC} 00`],
    ['MAC alone', `0CB085000A ${MAC} 00`],
    ['an odd instruction', `0CB100001C 8510${BLOCK} ${MAC} 00`],
    ['the header as an object, on a further channel', `60B0850010 890460B08500 ${MAC} 00`],
    ['more of a chain', `1C2C020320 871101${BLOCK} 970100 ${MAC} 00`],
  ])('%s', (_, apdu) => expect(isProtectedCommand(fromHex(apdu.replaceAll(' ', '')))).toBe(true));

  it.each([
    ['no class of secure messaging', `00B0850020 871101${BLOCK} 970100 ${MAC} 00`],
    ['data in clear in a DO 81', `0C2C020312 8106313233343536 ${MAC} 00`],
    ['no MAC', `0C2C020313 871101${BLOCK}`],
    ['a code without objects', '0C20008106313233343536'],
    ['a code as a cryptogram of no whole blocks', `0C20008113 870701313233343536 ${MAC}`],
    ['something behind the MAC', `0CB085000C ${MAC} 3132`],
    ['a cryptogram twice', `0CB0850030 871101${BLOCK} 871101${BLOCK} ${MAC} 00`],
  ])('but not: %s', (_, apdu) => expect(isProtectedCommand(fromHex(apdu.replaceAll(' ', '')))).toBe(false));

  it('and so is its answer', () => {
    const answer = fromHex(`871101${BLOCK}99029000${MAC}`);
    expect(isProtectedResponse(answer, answer.length)).toBe(true);
    expect(isProtectedResponse(fromHex(`8106313233343536${MAC}`), 18)).toBe(false);
  });
});

describe('what is masked of it', () => {
  const NIR = '275126322074974';

  it('a code in a class of secure messaging that is not protected', () => {
    const masks = new Redactor().command(fromHex('0C20008106313233343536'));
    expect(masks).toMatchObject([{ offset: 5, length: 6, what: 'code' }]);
  });

  it('a NIR that can be read in what should be a cryptogram', () => {
    const redactor = new Redactor();
    redactor.command(fromHex(`0CB085000D970100${MAC}00`));
    const clear = fromHex(`871101${toHex(Buffer.from(`${NIR}.`))}99029000${MAC}9000`);
    expect(redactor.response(clear)).toMatchObject([{ offset: 3, length: 15, what: 'nir' }]);
  });

  it('an answer in clear to a protected command', () => {
    const redactor = new Redactor();
    redactor.command(fromHex(`0CB085000D970100${MAC}00`));
    expect(redactor.response(fromHex(`${toHex(Buffer.from(NIR))}9000`))).toMatchObject([{ offset: 0, length: 15 }]);
  });
});
