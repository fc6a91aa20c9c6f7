import type { BoardDescription } from './board-description.ts';

/** The header that the C port includes. */
export function boardHeader(board: BoardDescription): string {
  const { clockHz, uarts, nvm } = board;
  return [
    `#define BOARD_CLOCK_HZ ${clockHz}u`,
    `#define BOARD_UART0 0x${uarts[0]}u`,
    `#define BOARD_UART1 0x${uarts[1]}u`,
    `#define BOARD_FLASH_PAGE ${nvm.page}u`,
    `#define BOARD_FLASH_PAGES ${nvm.pages}u`,
    `#define BOARD_FLASH_GRANULE ${nvm.granule}u`,
    '',
  ].join('\n');
}

/** Where everything lies: code and the card's image as it was built in flash, then data, stack and heap in RAM. */
export function linkerScript(board: BoardDescription): string {
  const { flash, ram, nvm, stack } = board;
  return `MEMORY {
  flash (rx) : ORIGIN = ${flash.origin}, LENGTH = ${flash.size}
  ram (rw) : ORIGIN = ${ram.origin}, LENGTH = ${ram.size}
}
ENTRY(reset)
SECTIONS {
  .vectors : { KEEP(*(.vectors)) } > flash
  .text : { *(.text*) *(.rodata*) KEEP(*(.image)) . = ALIGN(4); } > flash
  .ARM.exidx : { *(.ARM.exidx*) } > flash
  __flash_nvm_start = ${nvm.origin};
  __flash_nvm_end = ${nvm.origin + nvm.page * nvm.pages};
  .data : ALIGN(4) { __data_start = .; *(.data*) . = ALIGN(4); __data_end = .; } > ram AT > flash
  __data_load = LOADADDR(.data);
  .bss (NOLOAD) : ALIGN(8) { __bss_start = .; *(.bss*) *(COMMON) . = ALIGN(8); __bss_end = .; } > ram
  .stack (NOLOAD) : ALIGN(8) { __stack_bottom = .; . += ${stack}; __stack_top = .; } > ram
  __heap_start = .;
  __heap_end = ORIGIN(ram) + LENGTH(ram);
}
`;
}
