import type { CardDeclaration, Condition, FreeRoom, LifeCycle, Operation, Structure } from './declaration.ts';
import { directoriesOf, filesOf, LocatedCode, type LocatedDirectory, type LocatedFile } from './located.ts';
import type { Need } from './model.ts';

/** The parts that cases ask for. Each says in words what it is, which is the reason when a card has no such thing. */

/** What the rule of an operation must be: `code` is satisfied by one code that this bench can present. */
export type AccessWish = 'free' | 'never' | 'code' | 'out-of-reach';

export interface FileWish {
  readonly structure: Structure | readonly Structure[];
  readonly access?: Readonly<Partial<Record<Operation, AccessWish>>>;
  readonly lifeCycle?: LifeCycle;
  readonly sfi?: boolean;
  /** Least bytes of a transparent EF. */
  readonly bytes?: number;
  /** Least records in it; then each of them goes into a short answer, in a data object 53 too. */
  readonly records?: number;
  /** Room for so many records more than it has (a cyclic EF always has), or for so many bytes of data objects. */
  readonly room?: number;
  /** Stands in a DF that is not the MF. */
  readonly inDirectory?: boolean;
  /** Fewest bytes of a record. */
  readonly recordSize?: number;
  readonly name?: string;
}

export function file(wish: FileWish): Need<LocatedFile> {
  const structures = typeof wish.structure === 'string' ? [wish.structure] : wish.structure;
  return {
    words: fileInWords(wish, structures),
    find(card) {
      const fitting = filesOf(card).filter((each) => fitsFile(each, wish, structures));
      // What cases write is not what others read: a reader's card is not renewed for each case.
      const stable = fitting.find((each) => wish.access?.update === undefined && each.access.update !== 'free');
      return stable ?? fitting[0] ?? null;
    },
  };
}

function fitsFile(file: LocatedFile, wish: FileWish, structures: readonly Structure[]): boolean {
  const { declaration } = file;
  if (!structures.includes(declaration.structure)) return false;
  if (declaration.lifeCycle !== (wish.lifeCycle ?? 'activated')) return false;
  if (wish.sfi === true && declaration.sfi === null) return false;
  if (wish.bytes !== undefined && (declaration.content === null || file.length < wish.bytes)) return false;
  if (wish.records !== undefined && !hasShortRecords(file, wish.records)) return false;
  if (wish.room !== undefined && !hasRoom(file, wish.room)) return false;
  if (wish.inDirectory === true && file.directory.isMasterFile) return false;
  if (wish.recordSize !== undefined && file.recordSize < wish.recordSize) return false;
  return Object.entries(wish.access ?? {}).every(([operation, access]) =>
    fitsAccess(declaration.access[operation as Operation], access),
  );
}

/** 256 bytes of answer, less tag and length. */
const LONGEST_RECORD = 253;

function hasShortRecords({ declaration, count }: LocatedFile, least: number): boolean {
  return count >= least && declaration.records?.every(({ length }) => length <= LONGEST_RECORD) === true;
}

function hasRoom(file: LocatedFile, more: number): boolean {
  if (file.structure === 'cyclic') return true;
  if (file.structure === 'ber-tlv') return (file.declaration.size ?? 0) - file.length >= more;
  return file.declaration.records !== null && file.capacity - file.count >= more;
}

function fitsAccess(condition: Condition | undefined, wish: AccessWish): boolean {
  if (condition === undefined) return false;
  if (typeof condition === 'string') return condition === wish;
  return wish === 'code' && 'code' in condition;
}

function fileInWords(wish: FileWish, structures: readonly Structure[]): string {
  const parts = [`${structures.join(' or ')} EF`];
  if (wish.lifeCycle !== undefined) parts.push(wish.lifeCycle);
  for (const [operation, access] of Object.entries(wish.access ?? {})) {
    parts.push(`${operation} ${access === 'code' ? 'after a code' : access}`);
  }
  if (wish.sfi === true) parts.push('with a short identifier');
  if (wish.bytes !== undefined) parts.push(`of ${wish.bytes} known bytes or more`);
  if (wish.records !== undefined)
    parts.push(`with ${wish.records} known records or more, none over ${LONGEST_RECORD} bytes`);
  if (wish.recordSize !== undefined) parts.push(`records of ${wish.recordSize} bytes or more`);
  if (wish.room !== undefined) parts.push(`with room for ${wish.room} more`);
  if (wish.inDirectory === true) parts.push('in a DF below the MF');
  return `a ${parts.join(', ')}`;
}

/** A code with its value. @param card true for one of the whole card (01 to 1F), false for one of an application */
export function code(
  wish: { readonly cardWide?: boolean; readonly unblocked?: boolean; readonly tries?: number } = {},
): Need<LocatedCode> {
  const scope = wish.cardWide === undefined ? '' : wish.cardWide ? ' of the whole card' : ' of an application';
  return {
    words: `a code${scope} with known value${wish.unblocked === true ? ' that another code with known value unblocks' : ''}`,
    find: (card) =>
      codesOf(card).find(
        ({ declaration, directory }) =>
          declaration.presentable &&
          (wish.cardWide === undefined || wish.cardWide === declaration.reference < 0x80) &&
          (wish.unblocked !== true || isUnblocked(card, directory, declaration.unblockedBy)) &&
          declaration.tries >= (wish.tries ?? 1),
      ) ?? null,
  };
}

function isUnblocked(card: CardDeclaration, from: LocatedDirectory, by: number | null): boolean {
  return by !== null && codeOf(card, from, by)?.declaration.presentable === true;
}

export function codesOf(card: CardDeclaration): readonly LocatedCode[] {
  return directoriesOf(card).flatMap((directory) =>
    directory.declaration.codes.map((each) => new LocatedCode(each, directory)),
  );
}

/** The code that a file's rule names, and the file. */
export interface Guarded {
  readonly file: LocatedFile;
  readonly code: LocatedCode;
}

/**
 * A file of which one operation is behind one code that can be presented.
 * @param canBeDisabled whether DISABLE VERIFICATION REQUIREMENT must be right for the code, or wrong; absent: all one
 */
export function guarded(operation: Operation, wish: FileWish, canBeDisabled?: boolean): Need<Guarded> {
  const wanted = file({ ...wish, access: { ...wish.access, [operation]: 'code' } });
  const requirement = canBeDisabled === undefined ? '' : ` that is ${canBeDisabled ? '' : 'not '}optional`;
  return {
    words: `${wanted.words}${requirement}`,
    find(card) {
      for (const each of filesOf(card)) {
        const structures = typeof wish.structure === 'string' ? [wish.structure] : wish.structure;
        if (!fitsFile(each, { ...wish, access: { ...wish.access, [operation]: 'code' } }, structures)) continue;
        const condition = each.access[operation] as { readonly code: number };
        const found = codeOf(card, each.directory, condition.code);
        if (found?.declaration.presentable !== true) continue;
        if (canBeDisabled !== undefined && found.declaration.canBeDisabled !== canBeDisabled) continue;
        return { file: each, code: found };
      }
      return null;
    },
  };
}

/** The code that a reference means from a DF: its own, one above, or one of the whole card. */
export function codeOf(card: CardDeclaration, from: LocatedDirectory, reference: number): LocatedCode | null {
  for (let at: LocatedDirectory | null = from; at !== null; at = at.parent) {
    const found = at.declaration.codes.find((each) => each.reference === reference);
    // Presented where the file is: a local code is reached from below its DF.
    if (found !== undefined) return new LocatedCode(found, from);
  }
  return codesOf(card).find((each) => each.declaration.reference === reference && reference < 0x80) ?? null;
}

export interface DirectoryWish {
  readonly named?: boolean;
  readonly masterFile?: boolean;
  /** Has an EF below it that is activated. */
  readonly withFile?: boolean;
  readonly withDirectory?: boolean;
  readonly withSibling?: boolean;
  /** Neither the MF nor known by name alone. */
  readonly inTree?: boolean;
  readonly access?: Readonly<Partial<Record<Operation, AccessWish>>>;
  /** The card has room for so many files, and for so much in them. */
  readonly free?: FreeRoom;
}

export function directory(words: string, wish: DirectoryWish): Need<LocatedDirectory> {
  return {
    words,
    find: (card) =>
      directoriesOf(card).find(
        (each) =>
          (wish.named === undefined || wish.named === (each.name !== '')) &&
          (wish.masterFile === undefined || wish.masterFile === each.isMasterFile) &&
          (wish.withFile !== true || each.files.length > 0) &&
          (wish.withDirectory !== true || each.directories.length > 0) &&
          (wish.withSibling !== true || (each.parent !== null && each.parent.directories.length > 1)) &&
          (wish.inTree !== true || (each.parent !== null && !each.isMasterFile)) &&
          (wish.free === undefined || hasFree(card, wish.free)) &&
          Object.entries(wish.access ?? {}).every(([operation, access]) =>
            fitsAccess(each.declaration.access[operation as Operation], access),
          ),
      ) ?? null,
  };
}

function hasFree({ free }: CardDeclaration, { entries, bytes }: FreeRoom): boolean {
  return free !== null && free.entries >= entries && free.bytes >= bytes;
}

export const MASTER_FILE: Need<LocatedDirectory> = directory('an MF', { masterFile: true });

/** Something that holds for the card as a whole. */
export function trait(words: string, holds: (card: CardDeclaration) => boolean): Need<CardDeclaration> {
  return { words, find: (card) => (holds(card) ? card : null) };
}

export const EXTENDED_LENGTH: Need<CardDeclaration> = trait('extended lengths', (card) => card.extendedLength);
export const CHAINING: Need<CardDeclaration> = trait('command chaining', (card) => card.chaining);
export const IDENTIFIERS: Need<CardDeclaration> = trait(
  'records whose first byte is their identifier',
  (card) => card.identifierIsFirstByte,
);

/** In a secure channel the bench has proven what opens files, and has selected what it needed for that. */
export const IN_CLEAR: Need<CardDeclaration> = trait(
  'commands in clear in this run',
  (card) => card.inChannel !== true,
);

export function channels(count: number): Need<CardDeclaration> {
  return trait(`${count} logical channels`, (card) => card.channels >= count);
}

/** A card that decides as Vitap's documentation says, where the standard leaves room. */
export const OWN_DECISIONS: Need<CardDeclaration> = trait("Vitap's decisions", (card) => card.decisions === 'vitap');

/** Le is a maximum, and the whole answer comes with the status word. */
export const T1_RULES: Need<CardDeclaration> = trait('T=1 rules', (card) => card.protocol === 'T=1');

/** WRITE BINARY and WRITE RECORD set bits and clear none, and what is erased reads 00: its data coding byte says so. */
export const WRITE_IS_OR: Need<CardDeclaration> = trait(
  'a data coding byte that makes WRITE a logical OR',
  (card) => card.decisions === 'vitap',
);
