import { toHex } from '../../../src/apdu/hex.ts';
import { counted } from '../../report/words.ts';
import { type Ask, asker } from './card-questions.ts';
import type { CardUnderTest } from './card-under-test.ts';
import type { CardDeclaration, CodeDeclaration, Condition, Part } from './declaration.ts';
import { hex, hex16 } from './hex-pattern.ts';
import { directoriesOf, LocatedCode, type LocatedDirectory, type LocatedFile } from './located.ts';

/** What is not as it is declared and could not be made so, with the reason in words. */
export type Spoilt = ReadonlyMap<Part, string>;

/** Bytes of one READ or UPDATE BINARY. */
const CHUNK = 200;
/** 15 bits. */
const LARGEST_OFFSET = 0x7fff;
const DONE = 0x9000;

/**
 * Brings a card that is not renewed back to what it is declared as, as far as its rules let it: codes that can be
 * presented have their value and all their tries, files their content, and what a case made is deleted. Then asks it
 * again whether it is so.
 * @throws {HalError} the link died
 */
export async function restoreCard(declaration: CardDeclaration, card: CardUnderTest): Promise<Spoilt> {
  const restorer = new Restorer(declaration);
  await restorer.restore(asker(await card.begin(), declaration.protocol));
  await restorer.checkCodes(asker(await card.begin(), declaration.protocol));
  return restorer.spoilt;
}

class Restorer {
  readonly spoilt: Map<Part, string> = new Map();
  readonly #card: CardDeclaration;
  /** Codes that were presented in this session. */
  readonly #presented: Set<CodeDeclaration> = new Set();

  constructor(card: CardDeclaration) {
    this.#card = card;
  }

  async restore(ask: Ask): Promise<void> {
    for (const directory of directoriesOf(this.#card)) {
      if (!(await select(ask, directory))) {
        this.#spoil(directory, 'it cannot be selected any more');
        continue;
      }
      for (const code of codesIn(directory)) await this.#restoreCode(ask, code);
      await this.#presentAbove(ask, directory);
      await this.#removeMade(ask, directory);
      for (const file of directory.files) {
        await select(ask, directory);
        const fault = await this.#restoreFile(ask, file);
        if (fault !== null) this.spoilt.set(file.declaration, `EF ${file.fid}: ${fault}`);
      }
    }
  }

  /** After a reset, when nothing is presented: the tries that are left. */
  async checkCodes(ask: Ask): Promise<void> {
    for (const directory of directoriesOf(this.#card)) {
      if (this.spoilt.has(directory.declaration)) continue;
      await select(ask, directory);
      for (const code of codesIn(directory)) {
        const { sw } = await ask(code.query);
        const left = sw >> 4 === 0x63c ? sw & 0x0f : sw === 0x6983 ? 0 : null;
        if (left !== null && left !== code.tries) {
          this.spoilt.set(
            code.declaration,
            `code ${code.reference}: ${left} of its ${counted(code.tries, 'try', 'tries')} ${left === 1 ? 'is' : 'are'} left`,
          );
        }
        if (sw === DONE) this.spoilt.set(code.declaration, `code ${code.reference}: it is not required any more`);
      }
    }
  }

  #spoil(directory: LocatedDirectory, why: string): void {
    const words = `${directory.words}: ${why}`;
    this.spoilt.set(directory.declaration, words);
    for (const code of directory.declaration.codes) this.spoilt.set(code, words);
    for (const file of directory.files) this.spoilt.set(file.declaration, words);
    for (const inner of directory.directories) if (inner.name === '') this.#spoil(inner, why);
  }

  async #restoreCode(ask: Ask, code: LocatedCode): Promise<void> {
    const { sw } = await ask(code.query);
    if (sw === 0x6983 || sw === 0x63c0) await this.#unblock(ask, code);
    // Disabled: a code that is not required is answered like one that was presented.
    if (sw === DONE) await ask(`002800${code.reference}${hex(code.length)}${code.right}`);
    if (await this.#present(ask, code)) return;
    const other = `${code.other}${code.right}`;
    await ask(`002400${code.reference}${hex(other.length / 2)}${other}`);
    if (await this.#present(ask, code)) return;
    this.spoilt.set(code.declaration, `code ${code.reference}: the right block is not taken any more`);
  }

  async #present(ask: Ask, code: LocatedCode): Promise<boolean> {
    const { sw } = await ask(code.verify(code.right));
    if (sw === DONE) this.#presented.add(code.declaration);
    return sw === DONE;
  }

  async #unblock(ask: Ask, code: LocatedCode): Promise<void> {
    const by = code.declaration.unblockedBy;
    const resetting = this.#reachable(code.directory).find((each) => each.declaration.reference === by);
    if (resetting === undefined) return;
    const blocks = `${resetting.right}${code.right}`;
    await ask(`002C00${code.reference}${hex(blocks.length / 2)}${blocks}`);
  }

  /** Codes of the DFs above, which rules may name, count here when they are presented here. */
  async #presentAbove(ask: Ask, directory: LocatedDirectory): Promise<void> {
    for (const code of this.#reachable(directory)) {
      if (!this.spoilt.has(code.declaration)) await this.#present(ask, code);
    }
  }

  #reachable(directory: LocatedDirectory): readonly LocatedCode[] {
    const found: LocatedCode[] = [];
    for (let at: LocatedDirectory | null = directory; at !== null; at = at.parent) {
      for (const each of at.declaration.codes) {
        if (each.presentable) found.push(new LocatedCode(each, directory));
      }
    }
    return found;
  }

  /** A file that a case has made has the identifier that the declaration has not. */
  async #removeMade(ask: Ask, directory: LocatedDirectory): Promise<void> {
    if (directory.declaration.partial === true || directory.declaration.fid === null) return;
    const made = directory.absentFid;
    if ((await ask(`00A4000C02${made}`)).sw >> 8 !== DONE >> 8) {
      await select(ask, directory);
      return;
    }
    await ask('00E40000');
    await select(ask, directory);
    if ((await ask(`00A4000C02${made}`)).sw >> 8 === DONE >> 8) {
      this.spoilt.set(directory.declaration, `${directory.words}: file ${made} of an earlier case is left in it`);
    }
    await select(ask, directory);
  }

  /** @returns why it is not as it is declared, or null */
  async #restoreFile(ask: Ask, file: LocatedFile): Promise<string | null> {
    const selected = (await ask(file.selection)).sw;
    if (selected === 0x6283) await ask('00440000');
    if (selected >> 8 !== 0x90 && (await ask(file.selection)).sw >> 8 !== 0x90) return 'it cannot be selected any more';
    const pieces = piecesOf(file);
    if (pieces === null || !this.#met(file.access.read)) return null;
    if (await holds(ask, file, pieces)) return null;
    for (const piece of file.structure === 'cyclic' ? [...pieces].reverse() : pieces) await ask(piece.write);
    return (await holds(ask, file, pieces)) ? null : 'what it holds cannot be restored';
  }

  #met(condition: Condition | undefined): boolean {
    if (condition === 'free') return true;
    if (condition === undefined || typeof condition === 'string') return false;
    if ('code' in condition) return [...this.#presented].some((each) => each.reference === condition.code);
    if ('all' in condition) return condition.all.every((each) => this.#met(each));
    return 'any' in condition && condition.any.some((each) => this.#met(each));
  }
}

/** One command's worth of a file's content. */
interface Piece {
  readonly read: string;
  readonly expected: string;
  readonly write: string;
}

/** null: what it holds is not known. */
function piecesOf(file: LocatedFile): readonly Piece[] | null {
  const { content, records, structure } = file.declaration;
  if (structure === 'transparent') return content === null ? null : binaryPieces(file, toHex(content));
  if (structure === 'ber-tlv') {
    if (content === null) return null;
    const whole = toHex(content);
    const short = whole.length <= 2 * 255;
    return short && whole !== '' ? [{ read: '00CA00FF00', expected: whole, write: command('00DB0000', whole) }] : null;
  }
  if (records === null) return null;
  return records.map((each, i) => {
    const data = toHex(each);
    return {
      read: `00B2${hex(i + 1)}0400`,
      expected: data.slice(0, 512),
      write: command(structure === 'cyclic' ? '00E20000' : `00DC${hex(i + 1)}04`, data),
    };
  });
}

function binaryPieces(file: LocatedFile, content: string): readonly Piece[] {
  const pieces: Piece[] = [];
  for (let at = 0; at < Math.min(file.length, LARGEST_OFFSET); at += CHUNK) {
    const part = content.slice(2 * at, 2 * (at + CHUNK));
    pieces.push({
      read: `00B0${hex16(at)}${hex(part.length / 2)}`,
      expected: part,
      write: command(`00D6${hex16(at)}`, part),
    });
  }
  return pieces;
}

/** With an extended Lc where a short one does not do. */
function command(header: string, data: string): string {
  const nc = data.length / 2;
  return `${header}${nc > 255 ? `00${hex16(nc)}` : hex(nc)}${data}`;
}

async function holds(ask: Ask, file: LocatedFile, pieces: readonly Piece[]): Promise<boolean> {
  for (const { read, expected } of pieces) {
    const { data, sw } = await ask(read);
    if (sw !== DONE || toHex(data) !== expected) return false;
  }
  const isRecords = file.structure !== 'transparent' && file.structure !== 'ber-tlv';
  if (!isRecords || file.count >= 254) return true;
  // A record more than there were: an earlier case has appended it.
  return (await ask(`00B2${hex(file.count + 1)}0400`)).sw !== DONE;
}

function codesIn(directory: LocatedDirectory): readonly LocatedCode[] {
  return directory.declaration.codes
    .filter(({ presentable }) => presentable)
    .map((each) => new LocatedCode(each, directory));
}

/** Selects a DF; one that was deactivated is activated. */
async function select(ask: Ask, directory: LocatedDirectory): Promise<boolean> {
  let sw = DONE;
  for (const each of directory.selection) {
    sw = (await ask(each)).sw;
    if (sw !== 0x6283) continue;
    await ask('00440000');
    sw = (await ask(each)).sw;
  }
  return sw === DONE;
}
