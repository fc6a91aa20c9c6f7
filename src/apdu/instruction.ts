/** Instruction bytes of ISO/IEC 7816-4, -8 and -9 by their names there. */
export const INS = {
  DEACTIVATE_FILE: 0x04,
  ERASE_RECORD: 0x0c,
  ERASE_BINARY: 0x0e,
  ERASE_BINARY_ODD: 0x0f,
  VERIFY: 0x20,
  VERIFY_ODD: 0x21,
  MANAGE_SECURITY_ENVIRONMENT: 0x22,
  CHANGE_REFERENCE_DATA: 0x24,
  CHANGE_REFERENCE_DATA_ODD: 0x25,
  DISABLE_VERIFICATION_REQUIREMENT: 0x26,
  ENABLE_VERIFICATION_REQUIREMENT: 0x28,
  PERFORM_SECURITY_OPERATION: 0x2a,
  RESET_RETRY_COUNTER: 0x2c,
  RESET_RETRY_COUNTER_ODD: 0x2d,
  ACTIVATE_FILE: 0x44,
  GENERATE_ASYMMETRIC_KEY_PAIR: 0x46,
  MANAGE_CHANNEL: 0x70,
  EXTERNAL_AUTHENTICATE: 0x82,
  GET_CHALLENGE: 0x84,
  GENERAL_AUTHENTICATE: 0x86,
  INTERNAL_AUTHENTICATE: 0x88,
  SEARCH_BINARY: 0xa0,
  SEARCH_BINARY_ODD: 0xa1,
  SEARCH_RECORD: 0xa2,
  SELECT: 0xa4,
  READ_BINARY: 0xb0,
  READ_BINARY_ODD: 0xb1,
  READ_RECORD: 0xb2,
  READ_RECORD_ODD: 0xb3,
  GET_RESPONSE: 0xc0,
  ENVELOPE: 0xc2,
  GET_DATA: 0xca,
  GET_DATA_ODD: 0xcb,
  WRITE_BINARY: 0xd0,
  WRITE_BINARY_ODD: 0xd1,
  WRITE_RECORD: 0xd2,
  UPDATE_BINARY: 0xd6,
  UPDATE_BINARY_ODD: 0xd7,
  PUT_DATA: 0xda,
  PUT_DATA_ODD: 0xdb,
  UPDATE_RECORD: 0xdc,
  UPDATE_RECORD_ODD: 0xdd,
  CREATE_FILE: 0xe0,
  APPEND_RECORD: 0xe2,
  DELETE_FILE: 0xe4,
  TERMINATE_DF: 0xe6,
  TERMINATE_EF: 0xe8,
  TERMINATE_CARD_USAGE: 0xfe,
} as const;

/** Nothing here is a regular expression: a chip's engine comes without them. */
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(INS).map(([name, ins]) => {
    const odd = name.endsWith('_ODD');
    const words = (odd ? name.slice(0, -'_ODD'.length) : name).replaceAll('_', ' ');
    return [ins, odd ? `${words} (odd INS)` : words];
  }),
);

/** Class of a SIM, whose commands are those of ISO/IEC 7816-4 for the greater part. */
const GSM = 0xa0;

/** `READ RECORD`, or `INS B2 of class 80`: what an instruction means under a proprietary class, its application says. */
export function commandName(cla: number, ins: number): string {
  return cla < 0x80 || cla === GSM ? instructionName(ins) : `INS ${hex(ins)} of class ${hex(cla)}`;
}

/** `READ RECORD`, or `INS 5A` for one that the standards do not name. */
export function instructionName(ins: number): string {
  return NAMES.get(ins) ?? `INS ${hex(ins)}`;
}

function hex(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}
