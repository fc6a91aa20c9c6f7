import { T4T } from '../../clauses.ts';
import { defineCase as define, field, ok, refused, send } from '../../define.ts';
import { hex, hex16 } from '../../hex-pattern.ts';
import type { LocatedFile } from '../../located.ts';
import type { ConformanceCase, Need } from '../../model.ts';
import { CONTAINER, NDEF_FILE, SELECT_APPLICATION, SELECT_CONTAINER, STANDARD, TO_NDEF_FILE } from './procedures.ts';

/** An NDEF file that its container lets anybody write. */
const WRITABLE: Need<LocatedFile> = {
  words: 'an NDEF file with known content that anybody may write',
  find(card) {
    const file = NDEF_FILE.find(card);
    return CONTAINER.find(card)?.part(14, 1) === '00' && file !== null && file.length >= 16 ? file : null;
  },
};

/** One record: well-known type T, English, `hi`. */
const MESSAGE = 'D1010554' + '02656E6869';

export const WRITING_CASES: readonly ConformanceCase[] = [
  define({
    id: 'T4T-101',
    clause: T4T.update,
    title: 'the NDEF update procedure: NLEN 0, the message, its length; and the message is there',
    commands: ['UPDATE BINARY', 'READ BINARY'],
    destructive: true,
    needs: { f: WRITABLE },
    steps: () => [
      TO_NDEF_FILE,
      send('UPDATE BINARY: NLEN 0', '00D60000020000', ok('')),
      send('UPDATE BINARY: the message', `00D60002${field(MESSAGE)}`, ok('')),
      send('UPDATE BINARY: its length', `00D6000002${hex16(MESSAGE.length / 2)}`, ok('')),
      { kind: 'power', mode: 'cold' },
      TO_NDEF_FILE,
      send('READ BINARY of NLEN', '00B0000002', ok(hex16(MESSAGE.length / 2))),
      send('READ BINARY of the message', `00B00002${hex(MESSAGE.length / 2)}`, ok(MESSAGE)),
    ],
  }),
  define({
    id: 'T4T-102',
    clause: T4T.update,
    title: 'cut short after NLEN 0, the tag has an empty message and no half of one',
    commands: ['UPDATE BINARY', 'READ BINARY'],
    destructive: true,
    needs: { f: WRITABLE },
    steps: () => [
      TO_NDEF_FILE,
      send('UPDATE BINARY: NLEN 0', '00D60000020000', ok('')),
      { kind: 'power', mode: 'cold' },
      TO_NDEF_FILE,
      send('READ BINARY of NLEN', '00B0000002', ok('0000')),
    ],
  }),
  define({
    id: 'T4T-103',
    clause: T4T.update,
    title: 'UPDATE BINARY takes MLc bytes at once',
    commands: ['UPDATE BINARY', 'READ BINARY'],
    destructive: true,
    needs: { f: WRITABLE, cc: CONTAINER },
    steps: ({ f, cc }) => {
      const count = Math.min(Number.parseInt(cc.part(5, 2), 16), 255, f.length - 2);
      return [
        TO_NDEF_FILE,
        send(`UPDATE BINARY of ${count} bytes`, `00D60002${field('C5'.repeat(count))}`, ok('')),
        send('READ BINARY of the last of them', `00B0${hex16(count + 1)}01`, ok('C5')),
      ];
    },
  }),
  define({
    id: 'T4T-104',
    clause: T4T.update,
    title: 'the last byte of the NDEF file can be written, and none behind it',
    commands: ['UPDATE BINARY', 'READ BINARY'],
    destructive: true,
    needs: { f: WRITABLE },
    steps: ({ f }) => [
      TO_NDEF_FILE,
      send('UPDATE BINARY of the last byte', `00D6${hex16(f.length - 1)}015A`, ok('')),
      send('READ BINARY of it', `00B0${hex16(f.length - 1)}01`, ok('5A')),
      send('UPDATE BINARY behind it', `00D6${hex16(f.length)}015A`, refused('6B00|6A84|6700|6A86')),
    ],
  }),
  define({
    id: 'T4T-105',
    standard: STANDARD,
    title: 'the capability container cannot be written',
    commands: ['UPDATE BINARY', 'READ BINARY'],
    destructive: true,
    needs: { cc: CONTAINER },
    steps: ({ cc }) => [
      SELECT_APPLICATION,
      SELECT_CONTAINER,
      send('UPDATE BINARY', '00D60000020000', refused('6982|6985|6A81|6D00|6986')),
      send('READ BINARY', `00B00000${hex(cc.length)}`, ok(cc.content)),
    ],
  }),
];
