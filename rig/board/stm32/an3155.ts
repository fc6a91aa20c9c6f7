/*
 * Numbers of ST's application note AN3155, “USART protocol used in the STM32 bootloader”. Times are the host's own: the
 * note gives none, and flash takes as long as its data sheet says.
 */

/** The first byte: the bootloader measures the speed of the line by it. */
export const SYNC = 0x7f;
export const ACK = 0x79;
export const NACK = 0x1f;
/** Sent by some bootloaders while an erase or a write runs. */
export const BUSY = 0x76;

export const COMMAND = {
  get: 0x00,
  getVersion: 0x01,
  getId: 0x02,
  readMemory: 0x11,
  go: 0x21,
  writeMemory: 0x31,
  erase: 0x43,
  extendedErase: 0x44,
  writeProtect: 0x63,
  writeUnprotect: 0x73,
  readoutProtect: 0x82,
  readoutUnprotect: 0x92,
} as const;

export type CommandName = keyof typeof COMMAND;

/** As sentences name them. */
export const COMMAND_WORDS: Readonly<Record<CommandName, string>> = {
  get: 'Get',
  getVersion: 'Get Version',
  getId: 'Get ID',
  readMemory: 'Read Memory',
  go: 'Go',
  writeMemory: 'Write Memory',
  erase: 'Erase Memory',
  extendedErase: 'Extended Erase Memory',
  writeProtect: 'Write Protect',
  writeUnprotect: 'Write Unprotect',
  readoutProtect: 'Readout Protect',
  readoutUnprotect: 'Readout Unprotect',
};

/** Bytes that Read Memory and Write Memory carry at most. */
export const LARGEST_BLOCK = 256;
/** Write Memory takes addresses and lengths that are multiples of this. */
export const WRITE_ALIGNMENT = 4;

/** Instead of a number of pages. */
export const ERASE_ALL = 0xff;
export const EXTENDED_ERASE_ALL = 0xffff;
export const EXTENDED_ERASE_BANK = { 1: 0xfffe, 2: 0xfffd } as const;
/** Pages in one Erase Memory (one byte says how many; FF is taken). */
export const MOST_PAGES = 255;
/** Pages in one Extended Erase Memory: parts are known that take no more. */
export const MOST_EXTENDED_PAGES = 512;

/** Milliseconds. A page of 128 KiB takes up to 4 s to erase, 2 MiB up to 32 s (data sheets of F4 and H7). */
export const TIME_LIMIT = {
  sync: 1000,
  answer: 1000,
  write: 2000,
  page: 5000,
  chip: 40_000,
  protection: 2000,
  /** Between a reset and the moment when the bootloader listens. */
  restart: 100,
} as const;
