import { defineCase, extendedField, ok, refused, send, sweep } from '../../define.ts';
import type { ConformanceCase } from '../../model.ts';
import { EXTENDED_LENGTH, file, T1_RULES as T1 } from '../../needs.ts';

const FREE = file({ structure: 'transparent', access: { read: 'free', update: 'free' }, bytes: 16 });

/** Headers of commands with nothing behind them, for lengths that disagree. */
const HEADERS: readonly (readonly [name: string, header: string])[] = [
  ['SELECT', '00A4000C'],
  ['READ BINARY', '00B00000'],
  ['READ BINARY (odd INS)', '00B10000'],
  ['UPDATE BINARY', '00D60000'],
  ['UPDATE BINARY (odd INS)', '00D70000'],
  ['WRITE BINARY', '00D00000'],
  ['WRITE BINARY (odd INS)', '00D10000'],
  ['ERASE BINARY', '000E0000'],
  ['ERASE BINARY (odd INS)', '000F0000'],
  ['SEARCH BINARY', '00A00000'],
  ['SEARCH BINARY (odd INS)', '00A10000'],
  ['READ RECORD', '00B20104'],
  ['READ RECORD (odd INS)', '00B30104'],
  ['UPDATE RECORD', '00DC0104'],
  ['UPDATE RECORD (odd INS)', '00DD0104'],
  ['WRITE RECORD', '00D20104'],
  ['APPEND RECORD', '00E20000'],
  ['ERASE RECORD', '000C0104'],
  ['SEARCH RECORD', '00A20104'],
  ['GET DATA', '00CA00C1'],
  ['GET DATA (odd INS)', '00CB0000'],
  ['PUT DATA', '00DA00C1'],
  ['PUT DATA (odd INS)', '00DB0000'],
  ['VERIFY', '00200081'],
  ['VERIFY (odd INS)', '00210081'],
  ['CHANGE REFERENCE DATA', '00240081'],
  ['RESET RETRY COUNTER', '002C0081'],
  ['ENABLE VERIFICATION REQUIREMENT', '00280081'],
  ['DISABLE VERIFICATION REQUIREMENT', '00260081'],
  ['MANAGE CHANNEL', '00700000'],
  ['ENVELOPE', '00C20000'],
  ['GET RESPONSE', '00C00000'],
  ['CREATE FILE', '00E00000'],
  ['DELETE FILE', '00E40000'],
  ['ACTIVATE FILE', '00440000'],
  ['DEACTIVATE FILE', '00040000'],
  ['TERMINATE DF', '00E60000'],
  ['TERMINATE EF', '00E80000'],
  ['TERMINATE CARD USAGE', '00FE0000'],
];

/** Bodies whose Lc, Le and length disagree. */
const DISAGREEMENTS = [
  '02AA', // Lc 2, one byte
  '05AABBCC', // Lc 5, three bytes
  'FFAA', // Lc 255, one byte
  '01AABBCC', // Lc 1, three bytes behind it
  '02AABBCCDD', // Lc 2, two bytes and two more
  '0000', // neither Le nor an extended field
  '000000AA', // extended Lc 0 with a byte behind it
  '000000AABB',
  '000002AA', // extended Lc 2, one byte
  '000001AABB', // extended Lc 1, one byte and half an Le
  '000001AABBCCDD', // extended Lc 1, one byte and more than an Le
  '00FFFFAA', // extended Lc 65,535, one byte
];

const LENGTHS: readonly ConformanceCase[] = HEADERS.map(([name, header], i) =>
  defineCase({
    id: `LEN-${`${i + 1}`.padStart(3, '0')}`,
    title: `${name}: Lc, Le and length of the command that disagree`,
    commands: [name],
    statusWords: ['6700'],
    needs: { t1: T1 },
    // Were one of them taken for a whole command, something could be lost.
    destructive: true,
    steps: () => [sweep(name, `${header}{value}`, DISAGREEMENTS, refused('6700|6A80|6A87|6F00', '6700'))],
  }),
);

const EXTENDED: readonly ConformanceCase[] = [
  defineCase({
    id: 'EXT-001',
    title: 'an extended Lc of 0 with an extended Le is no encoding',
    commands: ['SELECT'],
    statusWords: ['6700'],
    needs: { extended: EXTENDED_LENGTH },
    steps: () => [send('SELECT, Lc 0000, Le 0000', '00A40000' + '0000000000', refused('6700|6A80|6A87|9000', '6700'))],
  }),
  defineCase({
    id: 'EXT-002',
    title: 'a command of 65,535 bytes of data gets a status word, and the card goes on',
    commands: ['SELECT', 'UPDATE BINARY'],
    destructive: true,
    needs: { extended: EXTENDED_LENGTH, f: FREE },
    steps: ({ f }) => [
      f.select,
      send(
        'UPDATE BINARY of 65,535 bytes',
        `00D60000${extendedField('5A'.repeat(65_535))}`,
        refused('6700|6A84|6B00|6A80|6F00|6A87'),
      ),
      send('SELECT EF', f.selection, ok('')),
    ],
  }),
  defineCase({
    id: 'EXT-003',
    title: 'a command as long as a virtual reader carries gets a status word, and the card goes on',
    commands: ['SELECT', 'UPDATE BINARY'],
    destructive: true,
    needs: { extended: EXTENDED_LENGTH, f: FREE },
    steps: ({ f }) => [
      f.select,
      send(
        'UPDATE BINARY of 65,528 bytes',
        `00D60000${extendedField('5A'.repeat(65_528))}`,
        refused('6700|6A84|6B00|6A80|6F00|6A87'),
      ),
      send('SELECT EF', f.selection, ok('')),
    ],
  }),
  defineCase({
    id: 'EXT-004',
    title: 'SELECT by a name of 300 bytes is refused',
    commands: ['SELECT'],
    statusWords: ['6A82'],
    needs: { extended: EXTENDED_LENGTH },
    steps: () => [send('SELECT', `00A4040C${extendedField('E7'.repeat(300))}`, refused('6A82|6A80|6A87|6700'))],
  }),
];

export const LENGTH_CASES: readonly ConformanceCase[] = [...LENGTHS, ...EXTENDED];
