/**
 * Status words of ISO/IEC 7816-4. A status word is a number, SW1 in the high byte; it is returned, never thrown.
 */
export const SW = {
  OK: 0x9000,
  /** 61xx: SW2 bytes wait for GET RESPONSE, 00 for 256 or more. */
  BYTES_AVAILABLE: 0x6100,
  /** A warning without more to say: nothing was changed. */
  WARNING_UNCHANGED: 0x6200,
  END_OF_FILE: 0x6282,
  FILE_DEACTIVATED: 0x6283,
  FILE_TERMINATED: 0x6285,
  /** 63Cx: x tries left. */
  COUNTER: 0x63c0,
  /** A token, a signature or a key of the other side is wrong. */
  AUTHENTICATION_FAILED: 0x6300,
  EXECUTION_ERROR: 0x6400,
  MEMORY_FAILURE: 0x6581,
  WRONG_LENGTH: 0x6700,
  CHANNEL_NOT_SUPPORTED: 0x6881,
  SECURE_MESSAGING_NOT_SUPPORTED: 0x6882,
  LAST_COMMAND_OF_CHAIN_EXPECTED: 0x6883,
  CHAINING_NOT_SUPPORTED: 0x6884,
  INCOMPATIBLE_FILE_STRUCTURE: 0x6981,
  SECURITY_STATUS_NOT_SATISFIED: 0x6982,
  METHOD_BLOCKED: 0x6983,
  REFERENCE_DATA_NOT_USABLE: 0x6984,
  CONDITIONS_NOT_SATISFIED: 0x6985,
  NO_CURRENT_EF: 0x6986,
  SM_OBJECTS_MISSING: 0x6987,
  SM_OBJECTS_INCORRECT: 0x6988,
  WRONG_DATA: 0x6a80,
  FUNCTION_NOT_SUPPORTED: 0x6a81,
  FILE_NOT_FOUND: 0x6a82,
  RECORD_NOT_FOUND: 0x6a83,
  NOT_ENOUGH_MEMORY: 0x6a84,
  NC_INCONSISTENT_WITH_TLV: 0x6a85,
  WRONG_P1_P2: 0x6a86,
  NC_INCONSISTENT_WITH_P1_P2: 0x6a87,
  REFERENCED_DATA_NOT_FOUND: 0x6a88,
  FILE_ALREADY_EXISTS: 0x6a89,
  DF_NAME_ALREADY_EXISTS: 0x6a8a,
  WRONG_OFFSET: 0x6b00,
  /** 6Cxx: the right Le is SW2, 00 for 256 or more. */
  WRONG_LE: 0x6c00,
  INSTRUCTION_NOT_SUPPORTED: 0x6d00,
  CLASS_NOT_SUPPORTED: 0x6e00,
  NO_PRECISE_DIAGNOSIS: 0x6f00,
} as const;

const MEANINGS: ReadonlyMap<number, string> = new Map([
  [0x9000, 'no error'],
  [0x6200, 'warning, memory unchanged'],
  [0x6281, 'part of the data may be corrupted'],
  [0x6282, 'end of file or record reached before Le bytes, or unsuccessful search'],
  [0x6283, 'selected file deactivated'],
  [0x6284, 'control information not formatted as expected'],
  [0x6285, 'selected file in termination state'],
  [0x6300, 'warning, memory changed'],
  [0x6381, 'file filled up by the last write'],
  [0x6400, 'execution error, memory unchanged'],
  [0x6500, 'execution error, memory changed'],
  [0x6581, 'memory failure'],
  [0x6700, 'wrong length'],
  [0x6800, 'function in the class byte not supported'],
  [0x6881, 'logical channel not supported'],
  [0x6882, 'secure messaging not supported'],
  [0x6883, 'last command of the chain expected'],
  [0x6884, 'command chaining not supported'],
  [0x6900, 'command not allowed'],
  [0x6981, 'command incompatible with the file structure'],
  [0x6982, 'security status not satisfied'],
  [0x6983, 'authentication method blocked'],
  [0x6984, 'reference data not usable'],
  [0x6985, 'conditions of use not satisfied'],
  [0x6986, 'no current EF'],
  [0x6987, 'secure messaging data objects missing'],
  [0x6988, 'incorrect secure messaging data objects'],
  [0x6a00, 'wrong parameters P1-P2'],
  [0x6a80, 'incorrect parameters in the data field'],
  [0x6a81, 'function not supported'],
  [0x6a82, 'file or application not found'],
  [0x6a83, 'record not found'],
  [0x6a84, 'not enough memory in the file'],
  [0x6a85, 'Nc inconsistent with the TLV structure'],
  [0x6a86, 'incorrect parameters P1-P2'],
  [0x6a87, 'Nc inconsistent with P1-P2'],
  [0x6a88, 'referenced data not found'],
  [0x6a89, 'file already exists'],
  [0x6a8a, 'DF name already exists'],
  [0x6b00, 'wrong parameters P1-P2: offset outside the file'],
  [0x6d00, 'instruction not supported or invalid'],
  [0x6e00, 'class not supported'],
  [0x6f00, 'no precise diagnosis'],
]);

/** What a status word says, in words: `63C2` gives "2 tries left". */
export function statusWordMeaning(sw: number): string {
  const known = MEANINGS.get(sw);
  if (known !== undefined) return known;
  const low = sw & 0xff;
  if (sw >> 8 === 0x61) return `${bytesInWords(low)} available`;
  if (sw >> 8 === 0x6c) return `wrong Le, ${bytesInWords(low)} available`;
  if ((sw & 0xfff0) === 0x63c0) return triesInWords(sw & 0x0f);
  return 'unknown status word';
}

/** Of SW2: `256 or more bytes`, `1 byte`, `2 bytes`. */
function bytesInWords(low: number): string {
  if (low === 0) return '256 or more bytes';
  return low === 1 ? '1 byte' : `${low} bytes`;
}

/** `no try left`, `1 try left`, `2 tries left`. */
export function triesInWords(tries: number): string {
  if (tries === 0) return 'no try left';
  return tries === 1 ? '1 try left' : `${tries} tries left`;
}

/** `9000`, `63C2`: four hexadecimal digits as the field writes them. */
export function formatStatusWord(sw: number): string {
  return sw.toString(16).toUpperCase().padStart(4, '0');
}

/** 61xx for `remaining` bytes. */
export function bytesAvailable(remaining: number): number {
  return SW.BYTES_AVAILABLE | (remaining >= 256 ? 0 : remaining);
}

/** 6Cxx for `available` bytes. */
export function wrongLe(available: number): number {
  return SW.WRONG_LE | (available >= 256 ? 0 : available);
}
