import { defineCase, extendedField, refused, SELECTED, send, sweep } from '../../define.ts';
import type { ConformanceCase } from '../../model.ts';
import { EXTENDED_LENGTH, file, T1_RULES as T1 } from '../../needs.ts';

const FREE = file({ structure: 'transparent', access: { read: 'free', update: 'free' }, bytes: 16 });

/** Headers of commands with nothing behind them, for lengths that disagree. */
const HEADERS: readonly (readonly [number: string, name: string, header: string])[] = [
  ['001', 'SELECT', '00A4000C'],
  ['002', 'READ BINARY', '00B00000'],
  ['003', 'READ BINARY (odd INS)', '00B10000'],
  ['004', 'UPDATE BINARY', '00D60000'],
  ['005', 'UPDATE BINARY (odd INS)', '00D70000'],
  ['006', 'WRITE BINARY', '00D00000'],
  ['007', 'WRITE BINARY (odd INS)', '00D10000'],
  ['008', 'ERASE BINARY', '000E0000'],
  ['009', 'ERASE BINARY (odd INS)', '000F0000'],
  ['010', 'SEARCH BINARY', '00A00000'],
  ['011', 'SEARCH BINARY (odd INS)', '00A10000'],
  ['012', 'READ RECORD', '00B20104'],
  ['013', 'READ RECORD (odd INS)', '00B30104'],
  ['014', 'UPDATE RECORD', '00DC0104'],
  ['015', 'UPDATE RECORD (odd INS)', '00DD0104'],
  ['016', 'WRITE RECORD', '00D20104'],
  ['017', 'APPEND RECORD', '00E20000'],
  ['018', 'ERASE RECORD', '000C0104'],
  ['019', 'SEARCH RECORD', '00A20104'],
  ['020', 'GET DATA', '00CA00C1'],
  ['021', 'GET DATA (odd INS)', '00CB0000'],
  ['022', 'PUT DATA', '00DA00C1'],
  ['023', 'PUT DATA (odd INS)', '00DB0000'],
  ['024', 'VERIFY', '00200081'],
  ['025', 'VERIFY (odd INS)', '00210081'],
  ['026', 'CHANGE REFERENCE DATA', '00240081'],
  ['027', 'RESET RETRY COUNTER', '002C0081'],
  ['028', 'ENABLE VERIFICATION REQUIREMENT', '00280081'],
  ['029', 'DISABLE VERIFICATION REQUIREMENT', '00260081'],
  ['030', 'MANAGE CHANNEL', '00700000'],
  ['031', 'ENVELOPE', '00C20000'],
  ['032', 'GET RESPONSE', '00C00000'],
  ['033', 'CREATE FILE', '00E00000'],
  ['034', 'DELETE FILE', '00E40000'],
  ['035', 'ACTIVATE FILE', '00440000'],
  ['036', 'DEACTIVATE FILE', '00040000'],
  ['037', 'TERMINATE DF', '00E60000'],
  ['038', 'TERMINATE EF', '00E80000'],
  ['039', 'TERMINATE CARD USAGE', '00FE0000'],
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

const LENGTHS: readonly ConformanceCase[] = HEADERS.map(([number, name, header]) =>
  defineCase({
    id: `LEN-${number}`,
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
      send('SELECT EF', f.selection, SELECTED),
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
      send('SELECT EF', f.selection, SELECTED),
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
