import type { CommandRow } from '../../../src/applet/command-row.ts';
import { ISO7816_COMMANDS } from '../../../src/applet/iso7816/index.ts';

/**
 * Which text a case is judged by. Clauses of commands stand in the command rows; the others are here. All were looked
 * up in texts that reproduce or quote the standard, named below; what was not found there is not cited.
 */
export type Clause = Pick<CommandRow, 'standard' | 'clause'>;

/** Quoted as ISO 7816-4:2005, 5.1.1 in emv-utils, src/iso7816.h and src/iso7816_strings.c. */
const CLASS_BYTE: Clause = { standard: 'ISO/IEC 7816-4:2005', clause: '5.1.1' };
/** Its page of ISO/IEC 7816-4:2005(E) is at scribd.com/doc/94953721, and its text at gorferay.com/instruction-byte. */
const INSTRUCTION_BYTE: Clause = { standard: 'ISO/IEC 7816-4:2005', clause: '5.1.2' };
/** About more than one command, and not looked up. */
const NOT_LOOKED_UP: Clause = { standard: 'ISO/IEC 7816-4' };

/** Groups of the ISO/IEC 7816-4 suite that are not about a command. */
const GROUPS: ReadonlyMap<string, Clause> = new Map([
  ['CLA', CLASS_BYTE],
  ['INS', INSTRUCTION_BYTE],
  ['CHN', NOT_LOOKED_UP],
  ['EXT', NOT_LOOKED_UP],
  ['FCP', NOT_LOOKED_UP],
  ['DIR', NOT_LOOKED_UP],
  ['ACR', NOT_LOOKED_UP],
  ['LCY', NOT_LOOKED_UP],
]);

const COMMANDS: ReadonlyMap<string, Clause> = new Map(
  ISO7816_COMMANDS.map(({ name, standard, clause }) => [
    name,
    clause === undefined ? { standard } : { standard, clause },
  ]),
);

/** What a case cites that does not say so itself: what its group is about, or else the first of its commands. */
export function clauseOf(id: string, commands: readonly string[]): Clause {
  return GROUPS.get(id.split('-')[0] as string) ?? COMMANDS.get(commands[0] ?? '') ?? NOT_LOOKED_UP;
}

type Procedure =
  | 'detection'
  | 'selectApplication'
  | 'selectContainer'
  | 'readContainer'
  | 'selectFile'
  | 'read'
  | 'update';

const t4t = (clause: string): Clause => ({ standard: 'NFC Forum Type 4 Tag Operation Specification 2.0', clause });

/**
 * NFCForum-TS-Type-4-Tag_2.0 (2011-06-28) by its table of contents, as freebook.uk/nfc-type-4-tag-operation-specification-30010472
 * gives it.
 */
export const T4T: Readonly<Record<Procedure, Clause>> = {
  detection: t4t('5.4.1'),
  selectApplication: t4t('5.4.2'),
  selectContainer: t4t('5.4.3'),
  readContainer: t4t('5.4.4'),
  selectFile: t4t('5.4.5'),
  read: t4t('5.4.6'),
  update: t4t('5.4.7'),
};
