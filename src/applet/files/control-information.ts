import { TlvWriter } from '../../apdu/ber-tlv-writer.ts';
import type { CardInterface } from '../../hal/card-link.ts';
import type { Nvm } from '../../hal/nvm.ts';
import { ATTRIBUTE_TEMPLATE, COMPACT_TAGS } from '../access/security-attribute.ts';
import { BODY, FILE_KIND } from '../image/layout.ts';
import { type CardFile, EF_ACCESS } from './card-file.ts';
import { recordCount } from './record-file.ts';

/** What SELECT answers, in b4b3 of P2. */
export const CONTROL_INFORMATION = { FCI: 0x00, FCP: 0x04, FMD: 0x08, NONE: 0x0c } as const;

const FCI_TEMPLATE = 0x6f;
const FCP_TEMPLATE = 0x62;
const FMD_TEMPLATE = 0x64;

/**
 * Data coding byte: WRITE makes a logical OR, and the unit of size and offset is one byte (two quartets).
 */
const DATA_CODING = 0x41;

/**
 * Writes the template of a file that SELECT asks for (ISO/IEC 7816-4).
 *
 * FCP: 80 size, 82 descriptor, 83 identifier, 84 DF name, 88 short identifier (empty for none: without it the low
 * bits of the FID would count), 8A life cycle, A1 { 8C rule on contact, 9C rule on contactless }, as IAS ECC has it, and
 * CC rule on wired where it is another than on contact. Rules that are not compact: see security-attribute.ts.
 * FMD: 84 DF name, 50 label. FCI: both; or the DF name alone where the profile wants it so.
 * @returns bytes written from `offset` of `target`
 */
export class ControlInformationWriter {
  readonly #tlv: TlvWriter;
  readonly #nvm: Nvm;

  constructor(target: Uint8Array, nvm: Nvm) {
    this.#tlv = new TlvWriter(target);
    this.#nvm = nvm;
  }

  write(file: CardFile, kind: number, cardInterface: CardInterface): number {
    const tlv = this.#tlv;
    tlv.restart();
    if (kind === CONTROL_INFORMATION.NONE) return 0;
    if (kind === CONTROL_INFORMATION.FMD) {
      tlv.open(FMD_TEMPLATE);
      if (file.name !== null) tlv.primitive(0x84, file.name);
      if (file.label !== null) tlv.primitive(0x50, file.label);
    } else if (kind === CONTROL_INFORMATION.FCI && file.nameOnly && file.name !== null) {
      tlv.open(FCI_TEMPLATE);
      tlv.primitive(0x84, file.name);
    } else {
      tlv.open(kind === CONTROL_INFORMATION.FCP ? FCP_TEMPLATE : FCI_TEMPLATE);
      this.#parameters(file, cardInterface);
      if (kind === CONTROL_INFORMATION.FCI && file.label !== null) tlv.primitive(0x50, file.label);
    }
    tlv.close();
    return tlv.length;
  }

  #parameters(file: CardFile, cardInterface: CardInterface): void {
    const tlv = this.#tlv;
    if (!file.isDirectory) tlv.number(0x80, file.hasRecords ? file.recordSize * file.capacity : file.dataSize, 2);
    this.#descriptor(file, cardInterface);
    tlv.number(0x83, file.fid, 2);
    if (file.name !== null) tlv.primitive(0x84, file.name);
    if (!file.isDirectory) {
      if (file.sfi === 0) tlv.header(0x88, 0);
      else tlv.number(0x88, file.sfi << 3, 1);
    }
    tlv.number(0x8a, this.#nvm.readByte(file.body + BODY.LIFE_CYCLE), 1);
    this.#rules(file);
  }

  /** Wired has a rule of its own only where it is not that of contact. */
  #rules(file: CardFile): void {
    const tlv = this.#tlv;
    const { attributeBytes: others, attributes } = file;
    if (others.length > 0 && others[0] !== ATTRIBUTE_TEMPLATE) {
      tlv.raw(others);
      return;
    }
    tlv.open(ATTRIBUTE_TEMPLATE);
    for (let cardInterface = 0; cardInterface < 3; cardInterface++) {
      if (attributes[cardInterface] === null && (cardInterface < 2 || !isWiredLikeContact(file))) {
        this.#compactRule(COMPACT_TAGS[cardInterface] as number, file, 7 * cardInterface);
      }
    }
    for (let i = headerLength(others); i < others.length; i++) tlv.byte(others[i] as number);
    tlv.close();
  }

  #descriptor(file: CardFile, cardInterface: CardInterface): void {
    const tlv = this.#tlv;
    if (file.isDirectory) {
      tlv.number(0x82, 0x38, 1);
      return;
    }
    if (file.isTransparent) {
      tlv.header(0x82, 2);
      tlv.byte(0x01);
      tlv.byte(DATA_CODING);
      return;
    }
    if (file.hasDataObjects) {
      // File descriptor byte 39: an EF in BER-TLV structure.
      tlv.header(0x82, 2);
      tlv.byte(0x39);
      tlv.byte(DATA_CODING);
      return;
    }
    // How many records there are can be personal itself: it is said of files that are free to read.
    const counted = file.attributeFor(cardInterface) === null && file.condition(EF_ACCESS.READ, cardInterface) === 0x00;
    tlv.header(0x82, counted ? 5 : 4);
    tlv.byte(file.kind === FILE_KIND.LINEAR_FIXED ? 0x02 : file.kind === FILE_KIND.LINEAR_VARIABLE ? 0x04 : 0x06);
    tlv.byte(DATA_CODING);
    tlv.byte(file.recordSize >> 8);
    tlv.byte(file.recordSize & 0xff);
    if (counted) tlv.byte(recordCount(this.#nvm, file));
  }

  /** Access mode byte with a bit for each condition that is not "never", then the conditions from b7 down. */
  #compactRule(tag: number, file: CardFile, first: number): void {
    let mode = 0;
    let count = 0;
    for (let bit = 0; bit < 7; bit++) {
      if (file.rules[first + bit] !== 0xff) {
        mode |= 1 << bit;
        count++;
      }
    }
    this.#tlv.header(tag, 1 + count);
    this.#tlv.byte(mode);
    for (let bit = 6; bit >= 0; bit--) {
      if ((mode & (1 << bit)) !== 0) this.#tlv.byte(file.rules[first + bit] as number);
    }
  }
}

function isWiredLikeContact(file: CardFile): boolean {
  if (file.attributes[0] !== null) return false;
  for (let bit = 0; bit < 7; bit++) if (file.rules[bit] !== file.rules[14 + bit]) return false;
  return true;
}

/** Bytes of tag and length before the value of a template that may be empty. */
function headerLength(template: Uint8Array): number {
  if (template.length === 0) return 0;
  return (template[1] as number) < 0x80 ? 2 : 3;
}
