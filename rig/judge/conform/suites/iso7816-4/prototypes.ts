import type { Operation, Structure } from '../../declaration.ts';
import { field, tlv } from '../../define.ts';
import { hex } from '../../hex-pattern.ts';
import type { LocatedFile } from '../../located.ts';
import type { FileWish } from '../../needs.ts';

/** How a command names the EF that it works on. */
export type Addressing = 'current' | 'sfi';

/** One ordinary command of each kind that works on an EF: what families of cases about files and rules are made of. */
export interface Prototype {
  readonly code: string;
  readonly name: string;
  readonly structures: readonly Structure[];
  /** The access mode that guards it. */
  readonly operation: Operation;
  readonly writes: boolean;
  /** What the file must have besides, for the command to do its work once; a second time takes as much again. */
  readonly needs: Pick<FileWish, 'bytes' | 'records' | 'room'>;
  /** The command for a file of a right structure; for a wrong one too, where only the refusal matters. */
  build(file: LocatedFile, addressing: Addressing, sfi?: number): string;
  /** What it answers when nothing stands in its way. */
  readonly done: string;
}

const BINARY: readonly Structure[] = ['transparent'];
const RECORDS: readonly Structure[] = ['linear-fixed', 'linear-variable', 'cyclic'];
const LINEAR: readonly Structure[] = ['linear-fixed', 'linear-variable'];
const OBJECTS: readonly Structure[] = ['ber-tlv'];

/** P1-P2 of a binary command with even INS, offset 0. */
const evenP1P2 = (file: LocatedFile, how: Addressing, sfi = file.sfi): string =>
  how === 'sfi' ? hex(0x80 | sfi, 0) : '0000';
/** P1-P2 of a binary command with odd INS. */
const oddP1P2 = (file: LocatedFile, how: Addressing, sfi = file.sfi): string => (how === 'sfi' ? hex(0, sfi) : '0000');
/** P2 of a record command. */
const p2 = (file: LocatedFile, how: Addressing, mode: number, sfi = file.sfi): string =>
  hex(((how === 'sfi' ? sfi : 0) << 3) | mode);

const OFFSET_0 = tlv('54', '00');
const ONE_BYTE = `${OFFSET_0}${tlv('53', 'AA')}`;
const OBJECT = tlv('C7', 'CAFE');

/** A record that fits the file. */
export function newRecord(file: LocatedFile, byte = 'EE'): string {
  const size = file.recordSize > 0 ? file.recordSize : 4;
  return byte.repeat(file.structure === 'linear-variable' ? Math.min(size, 3) : size);
}

function binary(
  code: string,
  name: string,
  ins: string,
  operation: Operation,
  data: string,
  le: string,
  done = '9000',
): Prototype {
  const odd = (Number.parseInt(ins, 16) & 1) === 1;
  return {
    code,
    name,
    structures: BINARY,
    operation,
    writes: operation !== 'read',
    needs: {},
    done,
    build: (file, how, sfi) => `00${ins}${odd ? oddP1P2(file, how, sfi) : evenP1P2(file, how, sfi)}${field(data)}${le}`,
  };
}

function record(
  code: string,
  name: string,
  ins: string,
  operation: Operation,
  p1: string,
  mode: number,
  data: (file: LocatedFile) => string,
  le: string,
  more: Partial<Prototype> = {},
): Prototype {
  return {
    code,
    name,
    structures: RECORDS,
    operation,
    writes: operation !== 'read',
    needs: { records: 1 },
    done: '9000',
    build: (file, how, sfi) => `00${ins}${p1}${p2(file, how, mode, sfi)}${field(data(file))}${le}`,
    ...more,
  };
}

const nothing = (): string => '';
const search = (): string => 'AA';

export const PROTOTYPES: readonly Prototype[] = [
  binary('B0', 'READ BINARY', 'B0', 'read', '', '01'),
  binary('B1', 'READ BINARY (odd INS)', 'B1', 'read', OFFSET_0, '03', '9000|6282'),
  binary('D6', 'UPDATE BINARY', 'D6', 'update', 'AA', ''),
  binary('D7', 'UPDATE BINARY (odd INS)', 'D7', 'update', ONE_BYTE, ''),
  binary('D0', 'WRITE BINARY', 'D0', 'append', 'AA', ''),
  binary('D1', 'WRITE BINARY (odd INS)', 'D1', 'append', ONE_BYTE, ''),
  binary('0E', 'ERASE BINARY', '0E', 'update', '', ''),
  binary('0F', 'ERASE BINARY (odd INS)', '0F', 'update', OFFSET_0, ''),
  binary('A0', 'SEARCH BINARY', 'A0', 'read', 'AA', '00', '9000|6282'),
  binary('A1', 'SEARCH BINARY (odd INS)', 'A1', 'read', ONE_BYTE, '00', '9000|6282'),
  record('B2', 'READ RECORD', 'B2', 'read', '01', 4, nothing, '00'),
  record('B3', 'READ RECORD (odd INS)', 'B3', 'read', '01', 4, () => OFFSET_0, '00'),
  record('DC', 'UPDATE RECORD', 'DC', 'update', '01', 4, newRecord, '', { structures: LINEAR }),
  record('DD', 'UPDATE RECORD (odd INS)', 'DD', 'update', '01', 4, () => ONE_BYTE, '', { structures: LINEAR }),
  record(
    'D2',
    'WRITE RECORD',
    'D2',
    'append',
    '01',
    4,
    (file) => (file.structure === 'linear-variable' && file.record(1) !== '' ? file.record(1) : newRecord(file)),
    '',
    {
      structures: LINEAR,
    },
  ),
  record('E2', 'APPEND RECORD', 'E2', 'append', '00', 0, newRecord, '', { needs: { room: 1 } }),
  record('0C', 'ERASE RECORD', '0C', 'update', '01', 4, nothing, '', { structures: LINEAR }),
  record('A2', 'SEARCH RECORD', 'A2', 'read', '01', 4, search, '00', { done: '9000|6282' }),
  {
    code: 'CB',
    name: 'GET DATA (odd INS)',
    structures: OBJECTS,
    operation: 'read',
    writes: false,
    needs: { bytes: 1 },
    done: '9000',
    build: (file, how, sfi) => `00CB${oddP1P2(file, how, sfi)}${field(tlv('5C', firstTag(file)))}00`,
  },
  {
    code: 'DB',
    name: 'PUT DATA (odd INS)',
    structures: OBJECTS,
    operation: 'update',
    writes: true,
    needs: { room: 4 },
    done: '9000',
    build: (file, how, sfi) => `00DB${oddP1P2(file, how, sfi)}${field(OBJECT)}`,
  },
];

/** Tag of the first data object of a BER-TLV EF, in hex. */
export function firstTag(file: LocatedFile): string {
  const content = file.content;
  if (content === '') return 'C1';
  const first = Number.parseInt(content.slice(0, 2), 16);
  return (first & 0x1f) === 0x1f ? content.slice(0, 4) : content.slice(0, 2);
}
