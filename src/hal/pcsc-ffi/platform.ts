import { HalError } from '../errors.ts';

/** How a system's PC/SC library is called: its file, its names, the sizes of its words. */
export interface WinscardPlatform {
  /** Tried in this order. */
  readonly libraries: readonly string[];
  /** Behind the names of the functions that take strings: `A` for bytes on Windows. */
  readonly suffix: '' | 'A';
  /** Before a function's name in C. */
  readonly convention: '' | '__stdcall';
  readonly dword: string;
  readonly long: string;
  /** SCARDCONTEXT and SCARDHANDLE. */
  readonly handle: string;
  /** Bytes of `rgbAtr` in SCARD_READERSTATE. */
  readonly atrBytes: number;
  /** Whether SCARD_READERSTATE and SCARD_IO_REQUEST have no padding. */
  readonly packed: boolean;
  /** SCARD_CTL_CODE: the code for SCardControl of a function number. */
  readonly controlCode: (functionNumber: number) => number;
}

const PCSCLITE_CONTROL = (functionNumber: number): number => 0x4200_0000 + functionNumber;

/** pcsc-lite's wintypes.h: DWORD is an `unsigned long`, 8 bytes on 64-bit Linux. */
const PCSCLITE: WinscardPlatform = {
  libraries: ['libpcsclite.so.1', 'libpcsclite_real.so.1'],
  suffix: '',
  convention: '',
  dword: 'unsigned long',
  long: 'long',
  handle: 'long',
  atrBytes: 33,
  packed: false,
  controlCode: PCSCLITE_CONTROL,
};

/** macOS: PCSC.framework, pcsc-lite's names with words of 4 bytes and structures of `#pragma pack(1)`. */
const MACOS: WinscardPlatform = {
  libraries: ['/System/Library/Frameworks/PCSC.framework/PCSC'],
  suffix: '',
  convention: '',
  dword: 'uint32_t',
  long: 'int32_t',
  handle: 'int32_t',
  atrBytes: 33,
  packed: true,
  controlCode: PCSCLITE_CONTROL,
};

/** Windows: winscard.h, FILE_DEVICE_SMARTCARD 0x31, METHOD_BUFFERED, FILE_ANY_ACCESS. */
const WINDOWS: WinscardPlatform = {
  libraries: ['winscard.dll'],
  suffix: 'A',
  convention: '__stdcall',
  dword: 'uint32_t',
  long: 'int32_t',
  handle: 'uintptr_t',
  atrBytes: 36,
  packed: false,
  controlCode: (functionNumber) => (0x31 << 16) | (functionNumber << 2),
};

/** @throws {HalError} `unsupported` on a system whose PC/SC library we do not know */
export function winscardPlatform(system: NodeJS.Platform = process.platform): WinscardPlatform {
  switch (system) {
    case 'linux':
    case 'freebsd':
    case 'openbsd':
      return PCSCLITE;
    case 'darwin':
      return MACOS;
    case 'win32':
      return WINDOWS;
    default:
      throw new HalError('unsupported', `no PC/SC library is known for ${system}`);
  }
}

/** SCARD_CTL_CODE of this system, for `control` of a session. @param functionNumber as 1 (CCID escape) or 3400 (features) */
export function controlCode(functionNumber: number): number {
  return winscardPlatform().controlCode(functionNumber);
}
