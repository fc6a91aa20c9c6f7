import { expect, it } from 'vitest';
import { commandName, INS, instructionName } from '../../src/apdu/instruction.ts';

// Instruction bytes from the table of ISO/IEC 7816-4.
it.each([
  [0x04, 'DEACTIVATE FILE'],
  [0x0c, 'ERASE RECORD'],
  [0x0e, 'ERASE BINARY'],
  [0x20, 'VERIFY'],
  [0x21, 'VERIFY (odd INS)'],
  [0x22, 'MANAGE SECURITY ENVIRONMENT'],
  [0x24, 'CHANGE REFERENCE DATA'],
  [0x26, 'DISABLE VERIFICATION REQUIREMENT'],
  [0x28, 'ENABLE VERIFICATION REQUIREMENT'],
  [0x2a, 'PERFORM SECURITY OPERATION'],
  [0x2c, 'RESET RETRY COUNTER'],
  [0x44, 'ACTIVATE FILE'],
  [0x46, 'GENERATE ASYMMETRIC KEY PAIR'],
  [0x70, 'MANAGE CHANNEL'],
  [0x82, 'EXTERNAL AUTHENTICATE'],
  [0x84, 'GET CHALLENGE'],
  [0x86, 'GENERAL AUTHENTICATE'],
  [0x88, 'INTERNAL AUTHENTICATE'],
  [0xa0, 'SEARCH BINARY'],
  [0xa2, 'SEARCH RECORD'],
  [0xa4, 'SELECT'],
  [0xb0, 'READ BINARY'],
  [0xb1, 'READ BINARY (odd INS)'],
  [0xb2, 'READ RECORD'],
  [0xb3, 'READ RECORD (odd INS)'],
  [0xc0, 'GET RESPONSE'],
  [0xc2, 'ENVELOPE'],
  [0xca, 'GET DATA'],
  [0xcb, 'GET DATA (odd INS)'],
  [0xd0, 'WRITE BINARY'],
  [0xd2, 'WRITE RECORD'],
  [0xd6, 'UPDATE BINARY'],
  [0xd7, 'UPDATE BINARY (odd INS)'],
  [0xda, 'PUT DATA'],
  [0xdb, 'PUT DATA (odd INS)'],
  [0xdc, 'UPDATE RECORD'],
  [0xdd, 'UPDATE RECORD (odd INS)'],
  [0xe0, 'CREATE FILE'],
  [0xe2, 'APPEND RECORD'],
  [0xe4, 'DELETE FILE'],
  [0xe6, 'TERMINATE DF'],
  [0xe8, 'TERMINATE EF'],
  [0xfe, 'TERMINATE CARD USAGE'],
  [0x5a, 'INS 5A'],
  [0x00, 'INS 00'],
  [0x0b, 'INS 0B'],
])('%i is %s', (ins, name) => expect(instructionName(ins)).toBe(name));

it.each([
  [0x00, 0xb2, 'READ RECORD'],
  [0x4f, 0xb2, 'READ RECORD'],
  [0x80, 0xb2, 'INS B2 of class 80'],
  [0x91, 0x5a, 'INS 5A of class 91'],
  [0xa0, 0xa4, 'SELECT'], // a SIM's
])('class %i, instruction %i: %s', (cla, ins, name) => expect(commandName(cla, ins)).toBe(name));

it('no two names stand for one instruction', () => {
  const values = Object.values(INS);
  expect(new Set(values).size).toBe(values.length);
});
