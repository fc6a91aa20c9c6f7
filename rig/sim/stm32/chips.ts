/** Chips whose bootloader is simulated. Written apart from the flasher's table: a number that is wrong in one shows. */
export interface SimulatedChip {
  readonly id: number;
  readonly name: string;
  /** Of the bootloader: major and minor version. */
  readonly version: number;
  /** Sizes of the pages in their order, bytes; the flash begins at 0x08000000. */
  readonly pages: readonly number[];
  /** Pages of the first bank; null: there is one bank. */
  readonly firstBank: number | null;
  /** Bytes that are programmed together; flash with an error code takes each such word once. */
  readonly word: number;
  readonly hasErrorCode: boolean;
  /** Milliseconds to erase 1 KiB, and to program 256 bytes. */
  readonly eraseMsPerKib: number;
  readonly programMs: number;
  /** Addresses of the unique number and of the flash size in system memory. */
  readonly uidAt: number;
  readonly flashSizeAt: number;
  /** Address of the write protection bits among the option bytes; null: not readable. */
  readonly protectionAt: number | null;
  readonly ram: { readonly address: number; readonly size: number };
}

const repeated = (count: number, size: number): number[] => new Array<number>(count).fill(size);
const RAM = 0x20000000;

export const SIMULATED_CHIPS: readonly SimulatedChip[] = [
  {
    id: 0x413,
    name: 'STM32F40x/41x',
    version: 0x31,
    pages: [...repeated(4, 16_384), 65_536, ...repeated(7, 131_072)],
    firstBank: null,
    word: 4,
    hasErrorCode: false,
    eraseMsPerKib: 8,
    programMs: 1,
    uidAt: 0x1fff7a10,
    flashSizeAt: 0x1fff7a22,
    protectionAt: 0x1fffc008,
    ram: { address: RAM, size: 131_072 },
  },
  {
    id: 0x450,
    name: 'STM32H74x/75x',
    version: 0x31,
    pages: repeated(16, 131_072),
    firstBank: 8,
    word: 32,
    hasErrorCode: true,
    eraseMsPerKib: 8,
    programMs: 1,
    uidAt: 0x1ff1e800,
    flashSizeAt: 0x1ff1e880,
    protectionAt: null,
    ram: { address: RAM, size: 131_072 },
  },
  {
    id: 0x480,
    name: 'STM32H7A3/7B3',
    version: 0x31,
    pages: repeated(256, 8192),
    firstBank: 128,
    word: 16,
    hasErrorCode: true,
    eraseMsPerKib: 0.3,
    programMs: 1,
    uidAt: 0x08fff800,
    flashSizeAt: 0x08fff80c,
    protectionAt: null,
    ram: { address: RAM, size: 131_072 },
  },
  {
    id: 0x482,
    name: 'STM32U575/585',
    version: 0x31,
    pages: repeated(256, 8192),
    firstBank: 128,
    word: 16,
    hasErrorCode: true,
    eraseMsPerKib: 0.2,
    programMs: 2,
    uidAt: 0x0bfa0700,
    flashSizeAt: 0x0bfa07a0,
    protectionAt: null,
    ram: { address: RAM, size: 786_432 },
  },
];
