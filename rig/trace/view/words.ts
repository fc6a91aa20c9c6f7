import { formatStatusWord, statusWordMeaning } from '../../../src/apdu/status-word.ts';
import { counted } from '../../report/words.ts';
import { commandLayout } from '../command-layout.ts';
import { fieldInWords, nameFields } from '../field-names.ts';
import { bytesOf } from '../masked-hex.ts';
import type { MaskedHex } from '../model.ts';
import { type TlvNode, tlvTree } from '../tlv-tree.ts';
import { commandName } from './command-name.ts';

/* Commands, answers and data objects of a trace in words. */

/** `SELECT by DF name, 11 bytes of data`. */
export function commandInWords(apdu: MaskedHex): string {
  const bytes = bytesOf(apdu);
  if (bytes.length < 4) return `no command: ${counted(bytes.length, 'byte')}`;
  const { dataLength, ne } = commandLayout(bytes);
  const [cla, ins, p1, p2] = bytes as unknown as [number, number, number, number];
  const parts = [commandName(apdu)];
  const parameters = cla < 0x80 ? parametersInWords(ins, p1, p2) : null;
  parts[0] += parameters === null ? `, P1-P2 ${hex(p1)}${hex(p2)}` : ` ${parameters}`;
  if (cla < 0x40 && (cla & 0x03) !== 0) parts.push(`channel ${cla & 0x03}`);
  if (cla >= 0x40 && cla < 0x80) parts.push(`channel ${4 + (cla & 0x0f)}`);
  if (dataLength > 0) parts.push(`${counted(dataLength, 'byte')} of data`);
  if (ne === null) parts.push('its length does not fit');
  return parts.join(', ');
}

function parametersInWords(ins: number, p1: number, p2: number): string | null {
  switch (ins) {
    case 0xa4:
      return SELECTIONS.get(p1) ?? null;
    case 0xb0:
    case 0xd6:
      return (p1 & 0x80) === 0 ? `from byte ${(p1 << 8) | p2}` : `of SFI ${p1 & 0x1f} from byte ${p2}`;
    case 0xb2:
    case 0xdc: {
      const file = p2 >> 3 === 0 ? 'of the current EF' : `of SFI ${p2 >> 3}`;
      return (p2 & 0x07) === 4 ? `${p1} ${file}` : null;
    }
    case 0x20:
    case 0x24:
    case 0x2c:
      return `of reference ${hex(p2)}`;
    case 0x70:
      return p1 === 0x80 ? 'close' : p1 === 0 ? 'open' : null;
    case 0x84:
    case 0xc0:
      return '';
    default:
      return null;
  }
}

const SELECTIONS: ReadonlyMap<number, string> = new Map([
  [0x00, 'by file identifier'],
  [0x01, 'of a child DF'],
  [0x02, 'of an EF of the current DF'],
  [0x03, 'of the parent DF'],
  [0x04, 'by DF name'],
  [0x08, 'by path from the MF'],
  [0x09, 'by path from the current DF'],
]);

/** `9000 no error`. */
export function statusInWords(apdu: MaskedHex): string {
  const status = apdu.slice(-4);
  if (status.length < 4) return 'no status word';
  if (status.includes('X')) return `${status} masked`;
  const sw = Number.parseInt(status, 16);
  return `${formatStatusWord(sw)} ${statusWordMeaning(sw)}`;
}

/** Rows of data objects that are shown of one answer. */
const MOST_ROWS = 200;

/** The data objects of an answer, one a line, indented; none where its data are no BER-TLV that anything is known of. */
export function dataObjects(response: MaskedHex, longest: number): string[] {
  const data = response.slice(0, -4);
  const tree = tlvTree(bytesOf(data));
  const known = tree.nodes.some(({ tag, children }) => children.length > 0 || nameFields([tag])[0]?.name !== null);
  if (!tree.sound || !known) return [];
  const rows: string[] = [];
  const add = (nodes: readonly TlvNode[], path: readonly string[]): void => {
    for (const { tag, valueOffset, length, cut, children } of nodes) {
      if (rows.length >= MOST_ROWS) return;
      const way = [...path, tag];
      const name = fieldInWords(nameFields(way).slice(-1));
      const value = data.slice(2 * valueOffset, 2 * (valueOffset + length));
      const shown = children.length > 0 ? '' : `  ${shortened(value, longest)}`;
      rows.push(`${'  '.repeat(path.length)}${name}${shown}${cut ? ' (goes on)' : ''}`);
      add(children, way);
    }
  };
  add(tree.nodes, []);
  if (rows.length >= MOST_ROWS) rows.push('…');
  return rows;
}

/** @param longest in bytes; 0: all */
export function shortened(value: MaskedHex, longest: number): string {
  if (longest === 0 || value.length <= 2 * longest) return value;
  return `${value.slice(0, 2 * longest)}… (${counted(value.length / 2, 'byte')})`;
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
