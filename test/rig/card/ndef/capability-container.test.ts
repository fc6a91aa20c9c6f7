import { describe, expect, it } from 'vitest';
import { decodeCapabilityContainer, NdefError } from '../../../../rig/card/ndef/index.ts';
import { fromHex } from '../../../../src/apdu/hex.ts';

// Layout: CCLEN, mapping version, MLe, MLc, then 04 06 file identifier, file size, read and write access.
describe('capability container', () => {
  it.each([
    ['000F 20 003B 0034 04 06 E104 0032 00 00', '2.0', 59, 52, 0xe104, 50, true, true],
    ['000F 30 00FF 00FF 04 06 E105 7FFF 00 FF', '3.0', 255, 255, 0xe105, 32_767, true, false],
    ['0017 20 000F 0001 04 06 0001 0005 80 00 05 06 E106 0020 00 00', '2.0', 15, 1, 1, 5, false, true],
  ])('%s', (hex, mappingVersion, largestRead, largestUpdate, fid, fileSize, readable, writable) => {
    expect(decodeCapabilityContainer(fromHex(hex))).toEqual({
      mappingVersion,
      largestRead,
      largestUpdate,
      fid,
      fileSize,
      readable,
      writable,
    });
  });

  it.each([
    ['nothing', '', '0 bytes'],
    ['14 bytes', '000F 20 003B 0034 04 06 E104 0032 00', '15 at least'],
    ['a length that says 14', '000E 20 003B 0034 04 06 E104 0032 00 00', '14 bytes, 15 at least'],
    ['mapping version 1', '000F 10 003B 0034 04 06 E104 0032 00 00', 'mapping version 1.0'],
    ['mapping version 4', '000F 40 003B 0034 04 06 E104 0032 00 00', 'mapping version 4.0'],
    ['a proprietary file first', '000F 20 003B 0034 05 06 E104 0032 00 00', 'does not begin with'],
    ['another length of the TLV', '000F 20 003B 0034 04 08 E104 0032 00 00', 'does not begin with'],
    ['MLe 14', '000F 20 000E 0034 04 06 E104 0032 00 00', 'MLe is 14'],
    ['MLc 0', '000F 20 003B 0000 04 06 E104 0032 00 00', 'MLc is 0'],
    ['its own identifier', '000F 20 003B 0034 04 06 E103 0032 00 00', 'identifier that is reserved'],
    ['the MF', '000F 20 003B 0034 04 06 3F00 0032 00 00', 'identifier that is reserved'],
    ['a file of 4 bytes', '000F 20 003B 0034 04 06 E104 0004 00 00', '4 bytes, 5 to 65534'],
    ['a file of 65,535 bytes', '000F 20 003B 0034 04 06 E104 FFFF 00 00', '65535 bytes'],
  ])('refuses %s', (_, hex, message) => {
    expect(() => decodeCapabilityContainer(fromHex(hex))).toThrow(NdefError);
    expect(() => decodeCapabilityContainer(fromHex(hex))).toThrow(message);
  });
});
