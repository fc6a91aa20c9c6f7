import type { CommandRow } from '../command-row.ts';
import { BINARY_COMMANDS } from './binary-commands.ts';
import { CODE_COMMANDS } from './code-commands.ts';
import { DATA_OBJECT_COMMANDS } from './data-object-commands.ts';
import { FILE_COMMANDS } from './file-commands.ts';
import { RECORD_COMMANDS } from './record-commands.ts';
import { SECURITY_COMMANDS } from './security-commands.ts';
import { TRANSMISSION_COMMANDS } from './transmission-commands.ts';

/**
 * The commands that work on every directory of the card.
 *
 * Their clauses are those of ISO/IEC 7816-4:2005, the one edition whose numbers could be looked up for nearly all of
 * them, in texts that quote it:
 *
 * - its table 4, commands in alphabetic order with their clauses, at gorferay.com/instruction-byte (the page of the
 *   edition itself: scribd.com/doc/94953721): CHANGE REFERENCE DATA, DISABLE and ENABLE VERIFICATION REQUIREMENT,
 *   ENVELOPE, ERASE BINARY, ERASE RECORD, RESET RETRY COUNTER, VERIFY; one clause for even and odd instruction
 * - emv-utils, which names the edition (iso7816.h, iso7816_strings.c, emv_ttl.h): GET RESPONSE, PUT DATA, SELECT
 * - iso7816_cmd_get_data.h of a CCID card for Flipper Zero, and Java programs on its table 41, which name the edition:
 *   GET DATA with both instructions, MANAGE CHANNEL
 * - gorferay.com/status-indicator, of the same text: READ BINARY
 * - Open eCard, org.openecard.common.apdu, whose numbers for ERASE BINARY, ERASE RECORD and GET RESPONSE are those of
 *   this edition: READ RECORD, UPDATE BINARY, UPDATE RECORD, WRITE BINARY, WRITE RECORD
 *
 * Not found: SEARCH BINARY and SEARCH RECORD, and the clauses of ISO/IEC 7816-9 with an edition. APPEND RECORD is left
 * out because the table gives it the number that, by the order of the text, is SEARCH RECORD's.
 */
export const ISO7816_COMMANDS: readonly CommandRow[] = [
  ...FILE_COMMANDS,
  ...BINARY_COMMANDS,
  ...RECORD_COMMANDS,
  ...DATA_OBJECT_COMMANDS,
  ...CODE_COMMANDS,
  ...SECURITY_COMMANDS,
  ...TRANSMISSION_COMMANDS,
];
