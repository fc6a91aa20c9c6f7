import { T4T } from '../../clauses.ts';
import { defineCase as define, field, given, ok, refused, send } from '../../define.ts';
import { hex, hex16 } from '../../hex-pattern.ts';
import type { ConformanceCase, Suite } from '../../model.ts';
import { SUITE_ABOUT } from '../about.ts';
import {
  CONTAINER,
  IS_TAG,
  NDEF_APPLICATION,
  NDEF_FILE,
  READ_CONTAINER,
  SELECT_APPLICATION,
  SELECT_CONTAINER,
  STANDARD,
  TO_NDEF_FILE,
} from './procedures.ts';
import { WRITING_CASES } from './writing.ts';

/** Two bytes from `least` (at most 00FF) to FFFF, as alternatives of a pattern. */
function atLeast(least: number): string {
  const low: string[] = [];
  for (let value = least; value < 0x100; value++) low.push(`00${hex(value)}`);
  for (let value = 1; value < 0x100; value++) low.push(`${hex(value)}XX`);
  return low.join('|');
}

const READING: readonly ConformanceCase[] = [
  define({
    id: 'T4T-001',
    clause: T4T.selectApplication,
    title: 'the NDEF tag application is selected by its name',
    commands: ['SELECT'],
    needs: { tag: IS_TAG },
    steps: () => [send('SELECT', `00A40400${field(NDEF_APPLICATION)}00`, { status: '9000' })],
  }),
  define({
    id: 'T4T-002',
    clause: T4T.selectApplication,
    title: 'the NDEF tag application is selected by a reader that sends no Le',
    commands: ['SELECT'],
    needs: { tag: IS_TAG },
    steps: () => [send('SELECT', `00A40400${field(NDEF_APPLICATION)}`, { status: '9000|61XX' })],
  }),
  define({
    id: 'T4T-003',
    clause: T4T.selectContainer,
    title: 'the capability container is selected by E103',
    commands: ['SELECT'],
    needs: { tag: IS_TAG },
    steps: () => [SELECT_APPLICATION, send('SELECT', '00A4000C02E103', ok(''))],
  }),
  define({
    id: 'T4T-004',
    clause: T4T.readContainer,
    title: 'the capability container states a length of 15 bytes or more',
    commands: ['READ BINARY'],
    needs: { tag: IS_TAG },
    steps: () => [
      SELECT_APPLICATION,
      SELECT_CONTAINER,
      send('READ BINARY of CCLEN', '00B0000002', { status: '9000', data: atLeast(15) }),
    ],
  }),
  define({
    id: 'T4T-005',
    standard: STANDARD,
    title: 'the mapping version is 1.x, 2.x or 3.x',
    commands: ['READ BINARY'],
    needs: { tag: IS_TAG },
    steps: () => [
      SELECT_APPLICATION,
      SELECT_CONTAINER,
      send('READ BINARY of the version', '00B0000201', { status: '9000', data: '1X|2X|3X' }),
    ],
  }),
  define({
    id: 'T4T-006',
    clause: T4T.readContainer,
    title: 'MLe is 000F or more',
    commands: ['READ BINARY'],
    needs: { tag: IS_TAG },
    steps: () => [
      SELECT_APPLICATION,
      SELECT_CONTAINER,
      send('READ BINARY of MLe', '00B0000302', { status: '9000', data: atLeast(0x0f) }),
    ],
  }),
  define({
    id: 'T4T-007',
    clause: T4T.readContainer,
    title: 'MLc is 0001 or more',
    commands: ['READ BINARY'],
    needs: { tag: IS_TAG },
    steps: () => [
      SELECT_APPLICATION,
      SELECT_CONTAINER,
      send('READ BINARY of MLc', '00B0000502', { status: '9000', data: atLeast(1) }),
    ],
  }),
  define({
    id: 'T4T-008',
    clause: T4T.readContainer,
    title: 'the first control TLV is that of an NDEF file: 04 06',
    commands: ['READ BINARY'],
    needs: { tag: IS_TAG },
    steps: () => [
      SELECT_APPLICATION,
      SELECT_CONTAINER,
      send('READ BINARY of T and L', '00B0000702', { status: '9000', data: '0406' }),
    ],
  }),
  define({
    id: 'T4T-009',
    clause: T4T.readContainer,
    title: 'the NDEF file can be read without security, and written without security or not at all',
    commands: ['READ BINARY'],
    needs: { tag: IS_TAG },
    steps: () => [
      SELECT_APPLICATION,
      SELECT_CONTAINER,
      send('READ BINARY of the access conditions', '00B0000D02', {
        status: '9000',
        data: '0000|00FF|008X|009X|00AX|00BX|00CX|00DX|00EX|00FX',
      }),
    ],
  }),
  define({
    id: 'T4T-010',
    clause: T4T.readContainer,
    title: 'the NDEF file has room for 5 bytes or more',
    commands: ['READ BINARY'],
    needs: { tag: IS_TAG },
    steps: () => [
      SELECT_APPLICATION,
      SELECT_CONTAINER,
      send('READ BINARY of the size', '00B0000B02', { status: '9000', data: atLeast(5) }),
    ],
  }),
  define({
    id: 'T4T-011',
    clause: T4T.selectFile,
    title: 'the NDEF file that the container names can be selected',
    commands: ['SELECT'],
    needs: { tag: IS_TAG },
    steps: () => [SELECT_APPLICATION, SELECT_CONTAINER, READ_CONTAINER, send('SELECT', '00A4000C02{fid}', ok(''))],
  }),
  define({
    id: 'T4T-012',
    clause: T4T.read,
    title: 'the length of the message, NLEN, can be read',
    commands: ['READ BINARY'],
    needs: { tag: IS_TAG },
    steps: () => [TO_NDEF_FILE, send('READ BINARY of NLEN', '00B0000002', { status: '9000', length: 2 })],
  }),
  define({
    id: 'T4T-013',
    clause: T4T.read,
    title: 'the message begins with a record that says it is the first',
    commands: ['READ BINARY'],
    needs: { tag: IS_TAG },
    steps: () => [
      TO_NDEF_FILE,
      // MB is b8. An empty message (NLEN 0000) is a matter of its own.
      {
        ...given('READ BINARY of NLEN: there is a message', '00B0000002'),
        expect: { status: '9000', data: atLeast(1) },
      },
      send('READ BINARY of its first byte', '00B0000201', { status: '9000', data: '8X|9X|AX|BX|CX|DX|EX|FX' }),
    ],
  }),
  define({
    id: 'T4T-014',
    clause: T4T.detection,
    title: 'the whole procedure works again after the field went off',
    commands: ['SELECT', 'READ BINARY'],
    needs: { tag: IS_TAG },
    steps: () => [
      TO_NDEF_FILE,
      { kind: 'power', mode: 'cold' },
      TO_NDEF_FILE,
      send('READ BINARY of NLEN', '00B0000002', { status: '9000', length: 2 }),
    ],
  }),
  define({
    id: 'T4T-015',
    clause: T4T.detection,
    title: 'the whole procedure works twice without a reset in between',
    commands: ['SELECT', 'READ BINARY'],
    needs: { tag: IS_TAG },
    steps: () => [
      TO_NDEF_FILE,
      send('SELECT the NDEF tag application again', `00A40400${field(NDEF_APPLICATION)}00`, { status: '9000' }),
      send('SELECT the capability container', '00A4000C02E103', ok('')),
      send('READ BINARY', '00B000000F', { status: '9000', length: 15 }),
    ],
  }),
  define({
    id: 'T4T-016',
    standard: STANDARD,
    title: 'a file that is not there is not found',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { tag: IS_TAG },
    steps: () => [SELECT_APPLICATION, send('SELECT', '00A4000C024A4B', refused('6A82'))],
  }),
  define({
    id: 'T4T-017',
    clause: T4T.selectApplication,
    title: 'a name of no application is not found',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { tag: IS_TAG },
    steps: () => [send('SELECT', '00A4040007D27600008501EE00', refused('6A82'))],
  }),
  define({
    id: 'T4T-018',
    clause: T4T.readContainer,
    title: 'CCLEN is the length of the container that is declared, and the container is as declared',
    commands: ['READ BINARY'],
    needs: { cc: CONTAINER },
    steps: ({ cc }) => [
      SELECT_APPLICATION,
      SELECT_CONTAINER,
      send('READ BINARY of CCLEN', '00B0000002', ok(hex16(cc.length))),
      send('READ BINARY of the whole', `00B00000${hex(cc.length)}`, ok(cc.content)),
    ],
  }),
  define({
    id: 'T4T-019',
    clause: T4T.read,
    title: 'the message read in pieces of MLe bytes is the message',
    commands: ['READ BINARY'],
    needs: { cc: CONTAINER, f: NDEF_FILE },
    steps: ({ cc, f }) => {
      const length = Number.parseInt(f.part(0, 2), 16);
      const piece = Math.min(Number.parseInt(cc.part(3, 2), 16), 255);
      if (length + 2 > f.length) return 'NLEN is larger than the declared file';
      const steps = [];
      for (let at = 2; at < length + 2; at += piece) {
        const count = Math.min(piece, length + 2 - at);
        steps.push(send(`READ BINARY from ${at}`, `00B0${hex16(at)}${hex(count)}`, ok(f.part(at, count))));
      }
      return [TO_NDEF_FILE, send('READ BINARY of NLEN', '00B0000002', ok(hex16(length))), steps];
    },
  }),
  define({
    id: 'T4T-020',
    clause: T4T.read,
    title: 'NLEN is no more than the file has room for',
    commands: ['READ BINARY'],
    needs: { f: NDEF_FILE },
    steps: ({ f }) => {
      if (f.length < 3) return 'the file is too small to say';
      return [
        TO_NDEF_FILE,
        send('READ BINARY of NLEN', '00B0000002', {
          status: '9000',
          data: upTo(f.length - 2),
        }),
      ];
    },
  }),
  define({
    id: 'T4T-021',
    clause: T4T.read,
    title: 'READ BINARY of MLe bytes is answered, with as many or as there are',
    commands: ['READ BINARY'],
    needs: { cc: CONTAINER, f: NDEF_FILE },
    steps: ({ cc, f }) => {
      const count = Math.min(Number.parseInt(cc.part(3, 2), 16), 255, f.length);
      return [TO_NDEF_FILE, send('READ BINARY', `00B00000${hex(count)}`, ok(f.part(0, count)))];
    },
  }),
];

/** Two bytes from 0000 to `most`, as alternatives of a pattern. */
function upTo(most: number): string {
  const patterns: string[] = [];
  const high = most >> 8;
  for (let value = 0; value < high; value++) patterns.push(`${hex(value)}XX`);
  for (let value = 0; value <= (most & 0xff); value++) patterns.push(hex(high, value));
  return patterns.join('|');
}

export const T4T_SUITE: Suite = {
  ...SUITE_ABOUT.t4t,
  cases: [...READING, ...WRITING_CASES],
};
