import { toHex } from '../../../src/apdu/hex.ts';
import type {
  CardDeclaration,
  CodeDeclaration,
  DirectoryDeclaration,
  ElementaryDeclaration,
  LifeCycle,
  Rules,
  SelectionWays,
  Structure,
} from './declaration.ts';
import { hex, hex16 } from './hex-pattern.ts';
import type { CommandStep } from './model.ts';

/** What the card is declared with does not go into a command of the case; the message says why. */
export class DoesNotApply extends Error {}

/** A DF and the way to it from a reset. */
export class LocatedDirectory {
  readonly declaration: DirectoryDeclaration;
  /** null for the MF, and for an application of which nothing but the name is known. */
  readonly parent: LocatedDirectory | null;
  readonly card: CardDeclaration;

  constructor(declaration: DirectoryDeclaration, parent: LocatedDirectory | null, card: CardDeclaration) {
    this.declaration = declaration;
    this.parent = parent;
    this.card = card;
  }

  get fid(): string {
    return hex16(this.declaration.fid ?? 0);
  }

  /** Neither it nor a DF above it is out of use: then what is in it is out of use, too. */
  get isActivated(): boolean {
    return this.declaration.lifeCycle === 'activated' && this.parent?.isActivated !== false;
  }

  get isMasterFile(): boolean {
    return this.declaration.fid === 0x3f00;
  }

  /** DF name in hex, empty for none. */
  get name(): string {
    return this.declaration.name === null ? '' : toHex(this.declaration.name);
  }

  /** From the MF down to it, without the MF. */
  get path(): string {
    return this.isMasterFile ? '' : `${this.parent?.path ?? ''}${this.fid}`;
  }

  /** Commands that make it the current DF, whatever was selected before. */
  get selection(): readonly string[] {
    this.card.used?.add(this.declaration);
    const { name } = this;
    const ways = waysOf(this.card);
    if (this.isMasterFile) return [selection('00', '3F00', ways)];
    if (name !== '') return [`00A40400${hex(name.length / 2)}${name}00`];
    if (ways.df === '08' && this.path !== '') return [selection('08', this.path, ways)];
    return [...(this.parent?.selection ?? []), selection(ways.df === '01' ? '01' : '00', this.fid, ways)];
  }

  /** The same as steps. */
  get select(): readonly CommandStep[] {
    return this.selection.map((command) => given(`SELECT ${this.words}`, command, '9000|61XX'));
  }

  get words(): string {
    if (this.isMasterFile) return 'the MF';
    return this.name === '' ? `DF ${this.fid}` : `the DF of name ${this.name}`;
  }

  /** DFs in it that are in use. */
  get directories(): readonly LocatedDirectory[] {
    return this.everyDirectory.filter((each) => each.isActivated);
  }

  /** EFs in it that are in use. */
  get files(): readonly LocatedFile[] {
    return this.everyFile.filter((each) => each.lifeCycle === 'activated');
  }

  get everyDirectory(): readonly LocatedDirectory[] {
    return this.declaration.children.flatMap((child) =>
      child.kind === 'directory' ? [new LocatedDirectory(child, this, this.card)] : [],
    );
  }

  get everyFile(): readonly LocatedFile[] {
    return this.declaration.children.flatMap((child) =>
      child.kind === 'elementary' ? [new LocatedFile(child, this)] : [],
    );
  }

  /** A file identifier that no file here, above or beside has, and whose five low bits are no short one of a file here. */
  get absentFid(): string {
    const taken = new Set<number>([0x3f00, 0x3fff, 0xffff, this.declaration.fid ?? 0]);
    for (const directory of [this.declaration, this.parent?.declaration]) {
      for (const child of directory?.children ?? []) if (child.fid !== null) taken.add(child.fid);
      if (directory?.fid !== null && directory?.fid !== undefined) taken.add(directory.fid);
    }
    // A file without a short identifier of its own has those bits as one.
    const short = new Set(this.everyFile.map((file) => file.declaration.sfi ?? file.declaration.fid & 0x1f));
    let fid = 0x4a4b;
    while (taken.has(fid) || short.has(fid & 0x1f)) fid++;
    return hex16(fid);
  }

  /** A short identifier that no file here has; 0 when all are taken, or when that is not known. */
  get absentSfi(): number {
    if (this.declaration.partial === true) return 0;
    const taken = new Set(this.everyFile.map((file) => file.declaration.sfi ?? file.declaration.fid & 0x1f));
    for (let sfi = 30; sfi > 0; sfi--) if (!taken.has(sfi)) return sfi;
    return 0;
  }
}

/** An EF and the way to it. */
export class LocatedFile {
  readonly declaration: ElementaryDeclaration;
  readonly directory: LocatedDirectory;

  constructor(declaration: ElementaryDeclaration, directory: LocatedDirectory) {
    this.declaration = declaration;
    this.directory = directory;
  }

  get fid(): string {
    return hex16(this.declaration.fid);
  }

  /** Its identifier as P1-P2 of an odd INS. @throws {DoesNotApply} 0000 to 001E mean something else there */
  get fidInP1P2(): string {
    this.#use();
    if (this.declaration.fid > 0x1e) return this.fid;
    throw new DoesNotApply(`identifier ${this.fid} in P1-P2 would be a short one`);
  }

  get sfi(): number {
    this.#use();
    return this.declaration.sfi ?? 0;
  }

  get structure(): Structure {
    return this.declaration.structure;
  }

  get access(): Rules {
    return this.declaration.access;
  }

  get lifeCycle(): LifeCycle {
    return this.declaration.lifeCycle;
  }

  /** Steps that make its DF the current one. */
  get reach(): readonly CommandStep[] {
    return this.directory.select;
  }

  /** Command that makes it current when its DF is. */
  get selection(): string {
    this.#use();
    const ways = waysOf(this.directory.card);
    return selection(ways.ef, ways.ef === '08' ? `${this.directory.path}${this.fid}` : this.fid, ways);
  }

  /** Steps that make it the current EF from anywhere. */
  get select(): readonly CommandStep[] {
    return [...this.reach, given(`SELECT EF ${this.fid}`, this.selection, '9000|61XX')];
  }

  /** Content in hex; the declaration must have it. */
  get content(): string {
    this.#use();
    return toHex(this.declaration.content ?? new Uint8Array(0));
  }

  /** Bytes of the content. */
  get length(): number {
    return this.declaration.content?.length ?? 0;
  }

  /** `length` bytes of the content from `offset` on, in hex. */
  part(offset: number, length: number): string {
    return this.content.slice(2 * offset, 2 * (offset + length));
  }

  get count(): number {
    return this.declaration.records?.length ?? 0;
  }

  get capacity(): number {
    return this.declaration.capacity ?? this.count;
  }

  get recordSize(): number {
    return this.declaration.recordSize ?? 0;
  }

  /** Record `number` in hex. */
  record(number: number): string {
    this.#use();
    return toHex(this.declaration.records?.[number - 1] ?? new Uint8Array(0));
  }

  /** Identifier of record `number`: its first byte. */
  identifier(number: number): string {
    return this.record(number).slice(0, 2);
  }

  /** P1 of a binary command by short identifier. */
  get p1(): string {
    return hex(0x80 | this.sfi);
  }

  /** P2 of a record command: short identifier (or 0 for the current EF) and mode. */
  p2(mode: number, bySfi = true): string {
    return hex(((bySfi ? this.sfi : 0) << 3) | mode);
  }

  #use(): void {
    this.directory.card.used?.add(this.declaration);
  }
}

/** A code and the DF in which it is presented. */
export class LocatedCode {
  readonly declaration: CodeDeclaration;
  readonly directory: LocatedDirectory;

  constructor(declaration: CodeDeclaration, directory: LocatedDirectory) {
    this.declaration = declaration;
    this.directory = directory;
  }

  get reference(): string {
    return hex(this.declaration.reference);
  }

  get tries(): number {
    return this.declaration.tries;
  }

  /** The right block, in hex. */
  get right(): string {
    this.#use();
    return toHex(this.declaration.block);
  }

  get wrong(): string {
    return toHex(this.declaration.wrong);
  }

  get length(): number {
    return this.declaration.block.length;
  }

  /** VERIFY with a block in hex. */
  verify(block: string): string {
    return `002000${this.reference}${hex(block.length / 2)}${block}`;
  }

  /** VERIFY without data. */
  get query(): string {
    this.#use();
    return `002000${this.reference}`;
  }

  /** A block of the same length that neither the right code nor the wrong one has: what cases change it to. */
  get other(): string {
    const { right } = this;
    return right.startsWith('39') ? `38${right.slice(2)}` : `39${right.slice(2)}`;
  }

  #use(): void {
    this.directory.card.used?.add(this.declaration);
  }
}

const USUAL_WAYS: SelectionWays = { ef: '02', df: '00', answer: { p2: '0C', le: '' } };

function waysOf({ ways }: CardDeclaration): SelectionWays {
  return ways ?? USUAL_WAYS;
}

function selection(p1: string, data: string, { answer }: SelectionWays): string {
  return `00A4${p1}${answer.p2}${hex(data.length / 2)}${data}${answer.le}`;
}

export function given(words: string, command: string, status = '9000'): CommandStep {
  return { kind: 'command', role: 'given', words, command, expect: { status } };
}

/**
 * Every DF of the card that is in use, the MF first and each before what is in it; then applications that are known by
 * name alone.
 */
export function directoriesOf(card: CardDeclaration): readonly LocatedDirectory[] {
  const all: LocatedDirectory[] = [];
  const walk = (directory: LocatedDirectory): void => {
    all.push(directory);
    for (const child of directory.directories) walk(child);
  };
  const roots = [...(card.masterFile === null ? [] : [card.masterFile]), ...card.applications];
  for (const root of roots.map((each) => new LocatedDirectory(each, null, card))) if (root.isActivated) walk(root);
  return all;
}

/** Every EF in those DFs, whatever its own state. */
export function filesOf(card: CardDeclaration): readonly LocatedFile[] {
  return directoriesOf(card).flatMap((directory) => directory.everyFile);
}
