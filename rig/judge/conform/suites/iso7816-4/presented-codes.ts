import { ok, refused, send } from '../../define.ts';
import type { LocatedCode } from '../../located.ts';
import type { CommandStep, Need } from '../../model.ts';
import { code, type Guarded, guarded } from '../../needs.ts';

/** Codes that these cases present. */
export const LOCAL: Need<LocatedCode> = code({ cardWide: false, tries: 2 });
export const CARD_WIDE: Need<LocatedCode> = code({ cardWide: true, tries: 2 });
export const UNBLOCKED: Need<LocatedCode> = code({ unblocked: true, tries: 2 });
/** A file of which the update is behind a code. */
export const GUARDED: Need<Guarded> = guarded('update', { structure: 'transparent', bytes: 4 });

/** 63Cx for so many tries. */
export const tries = (n: number): string => `63C${n.toString(16).toUpperCase()}`;
export const right = (c: LocatedCode): CommandStep => send('VERIFY the right code', c.verify(c.right), ok(''));
export const wrong = (c: LocatedCode, left: number): CommandStep =>
  send(`VERIFY a wrong code: ${left} left`, c.verify(c.wrong), refused(tries(left)));
