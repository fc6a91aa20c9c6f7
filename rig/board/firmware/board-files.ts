import type { BoardDescription, BoardUart } from './board-description.ts';

/**
 * Bytes that the engine may allocate after the start before it looks for rings of garbage: almost all is freed at once.
 */
export const GARBAGE = 65_536;

/** The header that the C port includes. */
export function boardHeader(board: BoardDescription): string {
  const { clockHz, uarts, nvm, peripherals, psramSelect } = board;
  const lines = [
    `#define HEAP_GARBAGE ${GARBAGE}u`,
    `#define BOARD_CLOCK_HZ ${clockHz}u`,
    ...uarts.flatMap(({ address, interrupt }, i) => [
      `#define BOARD_UART${i} 0x${address}u`,
      `#define BOARD_UART${i}_INTERRUPT ${interrupt}`,
    ]),
    `#define BOARD_FLASH_NVM 0x${hex(nvm.origin)}u`,
    `#define BOARD_FLASH_PAGE ${nvm.page}u`,
    `#define BOARD_FLASH_PAGES ${nvm.pages}u`,
    `#define BOARD_FLASH_GRANULE ${nvm.granule}u`,
  ];
  const uartHz = uarts[0]?.clockHz;
  if (uartHz !== undefined) lines.push(`#define BOARD_UART_HZ ${uartHz}u`);
  const pins = uarts.flatMap((uart) => uart.pins.map((pin) => pinInitializer(pin, uart)));
  if (pins.length > 0) lines.push(`#define BOARD_PINS ${pins.join(', ')}`);
  for (const [name, address] of Object.entries(peripherals ?? {})) {
    lines.push(`#define BOARD_${name.toUpperCase()} 0x${address}u`);
  }
  if (psramSelect !== undefined) lines.push(`#define BOARD_PSRAM_SELECT ${numberOf(psramSelect)}`);
  return `${lines.join('\n')}\n`;
}

/** Port, number, alternate function. The one port of an RP2350 is number 0. */
function pinInitializer(pin: string, uart: BoardUart): string {
  const port = pin.startsWith('GP') ? 0 : pin.charCodeAt(1) - 'A'.charCodeAt(0);
  return `{${port}, ${numberOf(pin)}, ${uart.function ?? 0}}`;
}

function numberOf(pin: string): number {
  return Number(pin.slice(2));
}

function hex(address: number): string {
  return address.toString(16).toUpperCase().padStart(8, '0');
}

/**
 * Where everything lies: code and the card's image as it was built in flash, then data and stack in RAM, and the heap
 * behind them or in a memory of its own. The vector table comes first, then what a bootloader looks for.
 * @param stack its bytes
 */
export function linkerScript(board: BoardDescription, stack: number = board.stack): string {
  const { flash, ram, nvm, heap } = board;
  return `MEMORY {
  flash (rx) : ORIGIN = ${flash.origin}, LENGTH = ${flash.size}
  ram (rw) : ORIGIN = ${ram.origin}, LENGTH = ${ram.size}
}
ENTRY(reset)
SECTIONS {
  .vectors : { KEEP(*(.vectors)) KEEP(*(.boot_block)) KEEP(*(.mark)) } > flash
  .text : { *(.text*) *(.rodata*) KEEP(*(.image)) . = ALIGN(4); } > flash
  .ARM.exidx : { *(.ARM.exidx*) } > flash
  __flash_nvm_start = ${nvm.origin};
  .data : ALIGN(4) { __data_start = .; *(.data*) . = ALIGN(4); __data_end = .; } > ram AT > flash
  __data_load = LOADADDR(.data);
  .bss (NOLOAD) : ALIGN(8) { __bss_start = .; *(.bss*) *(COMMON) . = ALIGN(8); __bss_end = .; } > ram
  .stack (NOLOAD) : ALIGN(8) { __stack_bottom = .; . += ${stack}; __stack_top = .; } > ram
  __heap_start = ${heap === undefined ? '.' : heap.origin};
  __heap_end = ${heap === undefined ? 'ORIGIN(ram) + LENGTH(ram)' : heap.origin + heap.size};
}
`;
}
