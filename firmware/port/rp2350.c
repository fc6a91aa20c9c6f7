/*
 * RP2350 with a PSRAM of 8 MB on the second chip select (APS6404L): crystal of 12 MHz, system clock 150 MHz. Registers:
 * raspberrypi/pico-sdk, src/rp2350/hardware_regs/include/hardware/regs (addressmap.h, qmi.h, trng.h, resets.h,
 * clocks.h, pll.h, xosc.h, uart.h, watchdog.h, psm.h, ticks.h); the order of work of hardware_flash/flash.c there, and
 * for the PSRAM that of sparkfun/sparkfun-pico, sfe_psram.c.
 */
#include "port.h"
#include "board.h"
#include "registers.h"
#include <string.h>

#define RESETS 0x40020000u
#define RESETS_DONE (RESETS + 8)
#define RESET_IO_BANK0 (1u << 6)
#define RESET_PADS_BANK0 (1u << 9)
#define RESET_PLL_SYS (1u << 14)
#define RESET_TRNG (1u << 25)
#define RESET_UARTS (3u << 26)
#define SET 0x2000u /* aliases of a register that set and clear bits */
#define CLEAR 0x3000u

#define XOSC 0x40048000u
#define PLL_SYS 0x40050000u
#define CLOCKS 0x40010000u
#define CLK_REF_CTRL (CLOCKS + 0x30)
#define CLK_REF_SELECTED (CLOCKS + 0x38)
#define CLK_SYS_CTRL (CLOCKS + 0x3C)
#define CLK_SYS_SELECTED (CLOCKS + 0x44)
#define CLK_PERI_CTRL (CLOCKS + 0x48)
#define CLK_PERI_ENABLE (1u << 11)

#define IO_BANK0 0x40028000u
#define PADS_BANK0 0x40038000u
#define FUNCTION_CS1 9u

#define UART_DR 0x00u
#define UART_FR 0x18u
#define UART_IBRD 0x24u
#define UART_FBRD 0x28u
#define UART_LCR_H 0x2Cu
#define UART_CR 0x30u
#define UART_IFLS 0x34u
#define UART_IMSC 0x38u
#define UART_ICR 0x44u
#define FR_BUSY (1u << 3)
#define FR_RXFE (1u << 4)
#define FR_TXFF (1u << 5)
#define DR_OVERRUN (1u << 11)
#define LCR_8N1_FIFO 0x70u
#define CR_ON 0x301u /* RXE, TXE, UARTEN */
#define INTERRUPTS_RX 0x50u /* RXIM, RTIM */

#define TRNG 0x400F0000u
#define TRNG_ICR (TRNG + 0x108)
#define TRNG_CONFIG (TRNG + 0x10C)
#define TRNG_VALID (TRNG + 0x110)
#define TRNG_EHR_DATA0 (TRNG + 0x114)
#define TRNG_ISR (TRNG + 0x104)
#define TRNG_SOURCE_ENABLE (TRNG + 0x12C)
#define TRNG_SAMPLE_CNT1 (TRNG + 0x130)
#define TRNG_SW_RESET (TRNG + 0x140)

#define WATCHDOG 0x400D8000u
#define PSM_WDSEL 0x40018008u
#define TICKS_WATCHDOG 0x40108030u

#define QMI 0x400D0000u
#define DIRECT_CSR (QMI + 0x00)
#define DIRECT_TX (QMI + 0x04)
#define DIRECT_RX (QMI + 0x08)
#define M1_TIMING (QMI + 0x20)
#define M1_RFMT (QMI + 0x24)
#define M1_RCMD (QMI + 0x28)
#define M1_WFMT (QMI + 0x2C)
#define M1_WCMD (QMI + 0x30)
#define CSR_EN (1u << 0)
#define CSR_BUSY (1u << 1)
#define CSR_ASSERT_CS1N (1u << 3)
#define CSR_TXEMPTY (1u << 11)
#define CSR_CLKDIV(n) ((uint32_t)(n) << 22)
#define TX_OE_QUAD ((1u << 19) | (2u << 16))
#define XIP_CTRL 0x400C8000u
#define WRITABLE_M1 (1u << 11)

#define XIP_MAINTENANCE 0x18000000u
#define XIP_CACHE_SIZE 0x4000u
#define XIP_SPACE 0x4000000u
#define CLEAN_BY_SET_WAY 1u

/* In RAM: while the flash is erased or set up, nothing can be fetched from it. */
#define IN_RAM __attribute__((noinline, long_call, section(".data.in_ram")))

static const uint32_t uarts[UART_COUNT] = {BOARD_UART0, BOARD_UART1};
static const board_pin pins[] = {BOARD_PINS};

/* The bootloader starts what has this block in its first 4 KiB: an executable of the Arm core, secure (RP2350, IMAGE_DEF). */
__attribute__((section(".boot_block"), used)) static const uint32_t image_definition[] = {
    0xFFFFDED3, 0x10210142, 0x000001FF, 0x00000000, 0xAB123579,
};

static void out_of_reset(uint32_t blocks) {
  reg_set(RESETS + SET, blocks);
  reg_set(RESETS + CLEAR, blocks);
  reg_wait(RESETS_DONE, blocks, blocks, 1000000);
}

/* 12 MHz by 125 is 1500 MHz; by 5 and by 2 it is 150. */
static void start_clocks(void) {
  reg_set(XOSC + 0x0C, 47); /* STARTUP: 1 ms */
  reg_set(XOSC + 0x00, 0x00FABAA0);
  reg_wait(XOSC + 0x04, 1u << 31, 1u << 31, 10000000);
  reg_change(CLK_SYS_CTRL, 1, 0);
  reg_wait(CLK_SYS_SELECTED, 1, 1, 1000000);
  reg_change(CLK_REF_CTRL, 3, 2);
  reg_wait(CLK_REF_SELECTED, 4, 4, 1000000);
  out_of_reset(RESET_PLL_SYS);
  reg_set(PLL_SYS + 0x00, 1);
  reg_set(PLL_SYS + 0x08, 125);
  reg_set(PLL_SYS + 0x04 + CLEAR, (1u << 0) | (1u << 5)); /* PD, VCOPD */
  reg_wait(PLL_SYS + 0x00, 1u << 31, 1u << 31, 10000000);
  reg_set(PLL_SYS + 0x0C, (5u << 16) | (2u << 12));
  reg_set(PLL_SYS + 0x04 + CLEAR, 1u << 3); /* POSTDIVPD */
  reg_change(CLK_SYS_CTRL, 7u << 5, 0);
  reg_change(CLK_SYS_CTRL, 0, 1);
  reg_wait(CLK_SYS_SELECTED, 2, 2, 1000000);
  reg_set(CLK_PERI_CTRL, CLK_PERI_ENABLE);
}

/* Input enabled, 4 mA, pulled up, no isolation. */
static void use_pin(board_pin pin) {
  reg_set(PADS_BANK0 + 4 + 4u * pin.pin, 0x5A);
  reg_set(IO_BANK0 + 4 + 8u * pin.pin, pin.function);
}

static IN_RAM void psram_byte(uint32_t value) {
  reg_set(DIRECT_TX, value);
  while (!(reg_get(DIRECT_CSR) & CSR_TXEMPTY)) {
  }
  while (reg_get(DIRECT_CSR) & CSR_BUSY) {
  }
}

static IN_RAM void psram_command(uint32_t value) {
  reg_set(DIRECT_CSR, reg_get(DIRECT_CSR) | CSR_ASSERT_CS1N);
  psram_byte(value);
  (void)reg_get(DIRECT_RX);
  reg_set(DIRECT_CSR, reg_get(DIRECT_CSR) & ~CSR_ASSERT_CS1N);
  for (volatile int i = 0; i < 100; i++) {
  }
}

/* Whether a PSRAM of AP Memory answers. It may be in quad mode from before a restart: F5 leaves it. */
static IN_RAM int psram_start(void) {
  uint32_t known = 0;
  reg_set(DIRECT_CSR, CSR_CLKDIV(30) | CSR_EN);
  while (reg_get(DIRECT_CSR) & CSR_BUSY) {
  }
  psram_command(TX_OE_QUAD | 0xF5);
  reg_set(DIRECT_CSR, reg_get(DIRECT_CSR) | CSR_ASSERT_CS1N);
  for (int i = 0; i < 7; i++) {
    psram_byte(i == 0 ? 0x9F : 0xFF);
    uint32_t answer = reg_get(DIRECT_RX) & 0xFF;
    if (i == 5) known = answer;
  }
  reg_set(DIRECT_CSR, reg_get(DIRECT_CSR) & ~CSR_ASSERT_CS1N);
  if (known == 0x5D) {
    psram_command(0x66);
    psram_command(0x99);
    psram_command(0x35);
  }
  reg_set(DIRECT_CSR, CSR_CLKDIV(30));
  if (known != 0x5D) return 0;
  /* 75 MHz; selected for at most 8 us (18 x 64 cycles), deselected for 50 ns; pages of 1024. */
  reg_set(M1_TIMING, (1u << 30) | (2u << 28) | (3u << 23) | (18u << 17) | (7u << 12) | (1u << 8) | 2u);
  /* All in quads: EB reads after 24 dummy bits, 38 writes. */
  reg_set(M1_RFMT, (6u << 16) | (1u << 12) | 0x2AA);
  reg_set(M1_RCMD, 0xEB);
  reg_set(M1_WFMT, (1u << 12) | 0x2AA);
  reg_set(M1_WCMD, 0x38);
  reg_set(XIP_CTRL, reg_get(XIP_CTRL) | WRITABLE_M1);
  return 1;
}

void board_supply(void) {}

void board_init(void) {
  reg_change(0xE000ED88u, 0, 3u << 14); /* CPACR: the ROM's functions use coprocessor 7 */
  start_clocks();
  out_of_reset(RESET_IO_BANK0 | RESET_PADS_BANK0);
  out_of_reset(RESET_UARTS | RESET_TRNG);
  for (unsigned i = 0; i < sizeof pins / sizeof pins[0]; i++) use_pin(pins[i]);
  use_pin((board_pin){0, BOARD_PSRAM_SELECT, FUNCTION_CS1});
  for (unsigned uart = 0; uart < UART_COUNT; uart++) uart_set_rate(uart, 115200);
  /* Without its PSRAM there is no heap: the host hears nothing, and the watchdog tries again. */
  int heap = psram_start();
  reg_set(TICKS_WATCHDOG + 4, 12);
  reg_set(TICKS_WATCHDOG + 0, 1);
  reg_set(PSM_WDSEL, 0x01FFFFFF & ~0xCu); /* all but ROSC and XOSC */
  watchdog_feed();
  reg_set(WATCHDOG, 1u << 30);
  while (!heap) {
  }
}

/* 16.7 s, the longest that it has. */
void watchdog_feed(void) { reg_set(WATCHDOG + 4, 0xFFFFFF); }

void board_reset(void) {
  for (;;) reg_set(WATCHDOG + SET, 1u << 31);
}

/* The divider has 6 bits of fraction, and 16 clocks are a bit. */
int uart_set_rate(unsigned uart, uint32_t baud) {
  const uint32_t base = uarts[uart];
  uint32_t divider = baud == 0 ? 0 : (uint32_t)(((uint64_t)BOARD_CLOCK_HZ * 4 + baud / 2) / baud);
  if (divider < 64 || divider >> 6 > 0xFFFF) return 0;
  if (reg_get(base + UART_CR) & 1) reg_wait(base + UART_FR, FR_BUSY, 0, 10000000);
  reg_set(base + UART_CR, 0);
  reg_set(base + UART_IBRD, divider >> 6);
  reg_set(base + UART_FBRD, divider & 63);
  reg_set(base + UART_LCR_H, LCR_8N1_FIFO);
  reg_set(base + UART_IFLS, 0);
  reg_set(base + UART_IMSC, INTERRUPTS_RX);
  reg_set(base + UART_CR, CR_ON);
  return 1;
}

void uart_put(unsigned uart, uint8_t byte) {
  while (reg_get(uarts[uart] + UART_FR) & FR_TXFF) {
  }
  reg_set(uarts[uart] + UART_DR, byte);
}

void uart_interrupt(unsigned uart) {
  const uint32_t base = uarts[uart];
  reg_set(base + UART_ICR, INTERRUPTS_RX);
  while (!(reg_get(base + UART_FR) & FR_RXFE)) {
    uint32_t data = reg_get(base + UART_DR);
    if (data & DR_OVERRUN) uart_overrun(uart);
    uart_received(uart, (uint8_t)data);
  }
}

/* 192 bits at a time. What its own tests refuse is drawn again from a source that was reset. */
int board_random(uint8_t *target, size_t length) {
  for (size_t i = 0; i < length;) {
    reg_set(TRNG_SAMPLE_CNT1, 1000);
    reg_set(TRNG_CONFIG, 0);
    reg_set(TRNG_SOURCE_ENABLE, 1);
    while (!(reg_get(TRNG_VALID) & 1)) {
      if (reg_get(TRNG_ISR) & 0xE) {
        reg_set(TRNG_SW_RESET, 1);
        reg_set(TRNG_ICR, 0xF);
        reg_set(TRNG_SAMPLE_CNT1, 1000);
        reg_set(TRNG_SOURCE_ENABLE, 1);
      }
    }
    for (unsigned word = 0; word < 6; word++) {
      uint32_t bits = reg_get(TRNG_EHR_DATA0 + 4 * word);
      for (unsigned j = 0; j < 4 && i < length; j++) target[i++] = (uint8_t)(bits >> (8 * j));
    }
  }
  reg_set(TRNG_SOURCE_ENABLE, 0);
  return 1;
}

void flash_read(uint32_t address, uint8_t *target, uint32_t length) {
  memcpy(target, __flash_nvm_start + address, length);
}

/* The ROM's functions, by the two letters of their names. */
typedef void *(*rom_lookup)(uint32_t code, uint32_t mask);
#define ROM_CODE(a, b) ((uint32_t)(a) | (uint32_t)(b) << 8)
#define ROM_ARM_SECURE 4u

static struct {
  void (*connect)(void);
  void (*exit_xip)(void);
  void (*erase)(uint32_t offset, size_t count, uint32_t block, uint8_t command);
  void (*program)(uint32_t offset, const uint8_t *source, size_t count);
  void (*flush)(void);
} rom;
/* What the bootloader left in its RAM: the code that sets up fast reading of this flash. */
static uint32_t setup_xip[64];
#define ROM_PAGE 256u
static uint8_t rom_page[ROM_PAGE];

static void find_rom(void) {
  if (rom.flush != NULL) return;
  rom_lookup lookup = (rom_lookup)(uintptr_t) * (volatile uint16_t *)0x16;
  rom.connect = (void (*)(void))lookup(ROM_CODE('I', 'F'), ROM_ARM_SECURE);
  rom.exit_xip = (void (*)(void))lookup(ROM_CODE('E', 'X'), ROM_ARM_SECURE);
  rom.erase = (void (*)(uint32_t, size_t, uint32_t, uint8_t))lookup(ROM_CODE('R', 'E'), ROM_ARM_SECURE);
  rom.program = (void (*)(uint32_t, const uint8_t *, size_t))lookup(ROM_CODE('R', 'P'), ROM_ARM_SECURE);
  for (unsigned i = 0; i < 64; i++) setup_xip[i] = reg_get(0x400E0000u + 4 * i);
  rom.flush = (void (*)(void))lookup(ROM_CODE('F', 'C'), ROM_ARM_SECURE);
}

/* Erases where `count` says so, else programs `rom_page`. Interrupts are off: their code lies in flash. */
static IN_RAM void rom_flash(uint32_t offset, uint32_t count) {
  /* What the cache has of the PSRAM goes there: the ROM empties the cache. */
  for (uint32_t at = XIP_SPACE - XIP_CACHE_SIZE; at < XIP_SPACE; at += 8) {
    *(volatile uint8_t *)(XIP_MAINTENANCE + at + CLEAN_BY_SET_WAY) = 0;
  }
  barrier();
  uint32_t timing = reg_get(M1_TIMING), format = reg_get(M1_RFMT), command = reg_get(M1_RCMD);
  rom.connect();
  rom.exit_xip();
  if (count != 0) rom.erase(offset, count, 1u << 16, 0xD8);
  else rom.program(offset, rom_page, ROM_PAGE);
  rom.flush();
  ((void (*)(void))((uintptr_t)setup_xip + 1))();
  reg_set(M1_TIMING, timing);
  reg_set(M1_RFMT, format);
  reg_set(M1_RCMD, command);
  barrier();
}

int flash_erase(uint32_t page) {
  find_rom();
  __asm volatile("cpsid i" ::: "memory");
  rom_flash(BOARD_FLASH_NVM - 0x10000000u + page * BOARD_FLASH_PAGE, BOARD_FLASH_PAGE);
  __asm volatile("cpsie i" ::: "memory");
  return 1;
}

/* The ROM programs 256 bytes; those that are FF stay as they are. */
int flash_write(uint32_t address, const uint8_t *source, uint32_t length) {
  if (address % BOARD_FLASH_GRANULE != 0 || length % BOARD_FLASH_GRANULE != 0) return 0;
  find_rom();
  for (uint32_t done = 0; done < length;) {
    uint32_t at = address + done, offset = at % ROM_PAGE, part = ROM_PAGE - offset;
    if (part > length - done) part = length - done;
    memset(rom_page, 0xFF, ROM_PAGE);
    memcpy(rom_page + offset, source + done, part);
    __asm volatile("cpsid i" ::: "memory");
    rom_flash(BOARD_FLASH_NVM - 0x10000000u + at - offset, 0);
    __asm volatile("cpsie i" ::: "memory");
    done += part;
  }
  return 1;
}
