import { findTlv, TlvError } from '../../src/apdu/ber-tlv-reader.ts';
import { toHex } from '../../src/apdu/hex.ts';
import { SW } from '../../src/apdu/status-word.ts';
import type { PaceCode } from '../channel/choice.ts';
import type { ReaderChannel } from '../channel/reader-channel.ts';
import { bytesOf } from '../trace/masked-hex.ts';
import { type TlvNode, tlvTree } from '../trace/tlv-tree.ts';
import type { Answer } from './answer.ts';
import type { MacroTable } from './macros.ts';
import type { ShellCard } from './shell-card.ts';
import { type Selection, selectCommand } from './target.ts';

/** What control parameters tell of a file. */
export interface FileFacts {
  readonly structure: 'directory' | 'transparent' | 'records' | 'unknown';
  readonly fid: number | null;
  /** Short identifier; null when not told. */
  readonly sfi: number | null;
  /** Bytes of its content; null when not told. */
  readonly bytes: number | null;
}

/** What commands work on: the card, and what is known of it by now. */
export interface Desk {
  readonly card: ShellCard;
  readonly macros: MacroTable;
  readonly seen: SeenOnCard;
  /** The file that `select` selected last; null after anything that may have selected another. */
  file: FileFacts | null;
  /** Set by `quit`. */
  over: boolean;
  /** Prints prose. */
  say(text: string): void;
  /** Prints no answers while `work` goes on. */
  quietly<T>(work: () => Promise<T>): Promise<T>;
  /** ASCII digits, from wherever the code comes here. @throws {CannotRun} {HalError} `aborted` */
  code(): Promise<Uint8Array>;
  /**
   * Code and keys for a secure channel, from wherever they come here; wiped by whoever asks for them.
   * @param code which one; null: the one that the options name, or the CAN. @throws {CannotRun}
   */
  channel(code: PaceCode | null): Promise<ReaderChannel>;
}

/** Identifiers, names and tags that the card has told, for completion. */
export class SeenOnCard {
  readonly files: Set<string> = new Set();
  readonly names: Set<string> = new Set();
  readonly tags: Set<string> = new Set();

  note(answer: Answer): void {
    const bytes = bytesOf(answer.response.slice(0, -4));
    const walk = (nodes: readonly TlvNode[]): void => {
      for (const { tag, valueOffset, length, children } of nodes) {
        const value = toHex(bytes.subarray(valueOffset, valueOffset + length));
        if (tag === '83' && length === 2 && value !== '3F00') this.files.add(value);
        else if ((tag === '84' || tag === '4F') && length >= 5 && length <= 16) this.names.add(value);
        walk(children);
      }
    };
    const tree = tlvTree(bytes);
    if (!tree.sound || MOST_SEEN < this.files.size + this.names.size + this.tags.size) return;
    if (answer.dataObjects.length > 0) for (const { tag } of tree.nodes) this.tags.add(tag);
    walk(tree.nodes);
  }
}

/** A card that makes up identifiers must not fill the memory. */
const MOST_SEEN = 1000;

/**
 * Selects step by step, with the file's control parameters where the card gives them.
 * @returns the last status word, and what the last answer told; null when it was refused
 */
export async function selectTarget(
  desk: Desk,
  target: readonly Selection[],
): Promise<{ readonly sw: number; readonly facts: FileFacts | null }> {
  desk.file = null;
  let sw: number = SW.OK;
  for (const selection of target) {
    const terminal = desk.card.terminal();
    let answer = await terminal.send(selectCommand(selection, true));
    if (answer.sw === SW.WRONG_P1_P2 || answer.sw === SW.FUNCTION_NOT_SUPPORTED) {
      answer = await terminal.send(selectCommand(selection, false));
    }
    sw = answer.sw;
    if (sw !== SW.OK && sw >> 8 !== 0x62) return { sw, facts: null };
    desk.file = factsOf(answer.data);
  }
  return { sw, facts: desk.file };
}

const DIRECTORY = 0x38;
const TRANSPARENT = 0x01;

/** @param answer to SELECT, without status word */
export function factsOf(answer: Uint8Array): FileFacts {
  const nothing: FileFacts = { structure: 'unknown', fid: null, sfi: null, bytes: null };
  try {
    const template = findTlv(answer, 0x62) ?? findTlv(answer, 0x6f);
    if (template === null) return nothing;
    const descriptor = findTlv(template, 0x82)?.[0];
    const fid = findTlv(template, 0x83);
    const sfi = findTlv(template, 0x88);
    const size = findTlv(template, 0x80) ?? findTlv(template, 0x81);
    return {
      structure: descriptor === undefined ? 'unknown' : structureOf(descriptor),
      fid: fid?.length === 2 ? number(fid) : null,
      sfi: sfi?.length === 1 ? (sfi[0] as number) >> 3 : null,
      bytes: size !== null && size.length > 0 && size.length <= 4 ? number(size) : null,
    };
  } catch (error) {
    if (error instanceof TlvError) return nothing;
    throw error;
  }
}

/** File descriptor byte of ISO/IEC 7816-4. */
function structureOf(descriptor: number): FileFacts['structure'] {
  if ((descriptor & 0x80) !== 0) return 'unknown';
  if ((descriptor & 0x3f) === DIRECTORY) return 'directory';
  if ((descriptor & 0x38) === DIRECTORY) return 'unknown';
  const structure = descriptor & 0x07;
  if (structure === 0) return 'unknown';
  return structure === TRANSPARENT ? 'transparent' : 'records';
}

function number(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
