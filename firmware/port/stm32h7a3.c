/*
 * STM32H7A3/7B3 without PLL: HSI at 64 MHz, which VOS3, the voltage after a reset, allows. Registers and bits: the structures and
 * definitions of stm32h7a3xx.h (STMicroelectronics/cmsis_device_h7); the flash also as OpenOCD's stm32h7x.c has it.
 */
#include "port.h"
#include "board.h"
#include "registers.h"

#define PWR 0x58024800u
#define PWR_CSR1 (PWR + 0x04)
#define PWR_CR3 (PWR + 0x0C)
#define CSR1_ACTVOSRDY (1u << 13)
#define CR3_BYPASS (1u << 0)
#define CR3_LDOEN (1u << 1)
#define CR3_SMPSEN (1u << 2)

#define RCC 0x58024400u
#define RCC_CR (RCC + 0x00)
#define RCC_AHB2ENR (RCC + 0xDC)
#define RCC_AHB4ENR (RCC + 0xE0)
#define RCC_APB1LENR (RCC + 0xE8)
#define CR_HSI48ON (1u << 12)
#define CR_HSI48RDY (1u << 13)
#define AHB2ENR_RNGEN (1u << 6)
#define APB1LENR_USART2EN (1u << 17)
#define APB1LENR_USART3EN (1u << 18)

#define FLASH_BANK_2 0x52002100u
#define KEYR 0x04u
#define CR 0x0Cu
#define SR 0x10u
#define CCR 0x14u
#define KEY1 0x45670123u
#define KEY2 0xCDEF89ABu
#define CR_LOCK (1u << 0)
#define CR_PG (1u << 1)
#define CR_SER (1u << 2)
#define CR_START (1u << 5)
#define CR_SSN(sector) ((uint32_t)(sector) << 6)
#define SR_BUSY 0x0Fu /* BSY, WBNE, QW, CRC_BUSY */
#define SR_ERRORS 0x07AE0000u /* WRPERR, PGSERR, STRBERR, INCERR, RDPERR, RDSERR, SNECCERR, DBECCERR */
#ifndef FLASH_TRIES
#define FLASH_TRIES 100000000u
#endif

/*
 * The supply must be chosen once after power on, before RAM is relied on: RM0455, Run* mode. The Nucleo-144 boards of
 * this chip (MB1363) feed the core from the SMPS alone.
 */
void board_supply(void) {
  reg_change(PWR_CR3, CR3_BYPASS | CR3_LDOEN, CR3_SMPSEN);
  reg_wait(PWR_CSR1, CSR1_ACTVOSRDY, CSR1_ACTVOSRDY, 1000000);
}

void board_clocks(void) {
  reg_change(RCC_CR, 0, CR_HSI48ON);
  reg_wait(RCC_CR, CR_HSI48RDY, CR_HSI48RDY, 1000000);
  reg_change(RCC_AHB2ENR, 0, AHB2ENR_RNGEN);
  reg_change(RCC_AHB4ENR, 0, 0x7FF); /* GPIO A to K */
  reg_change(RCC_APB1LENR, 0, APB1LENR_USART2EN | APB1LENR_USART3EN);
  (void)reg_get(RCC_APB1LENR);
#ifndef REGISTERS_SIMULATED
  /* Instruction cache of the Cortex-M7; data go past it, so flash reads as it is. */
  barrier();
  reg_set(0xE000EF50u, 0); /* ICIALLU */
  barrier();
  reg_change(0xE000ED14u, 0, 1u << 17); /* CCR.IC */
  barrier();
#endif
}

/* The card's memory lies in bank 2: code goes on being fetched from bank 1 meanwhile. */
static int ready(void) {
  if (!reg_wait(FLASH_BANK_2 + SR, SR_BUSY, 0, FLASH_TRIES)) return 0;
  reg_set(FLASH_BANK_2 + CCR, SR_ERRORS);
  if (reg_get(FLASH_BANK_2 + CR) & CR_LOCK) {
    reg_set(FLASH_BANK_2 + KEYR, KEY1);
    reg_set(FLASH_BANK_2 + KEYR, KEY2);
  }
  return !(reg_get(FLASH_BANK_2 + CR) & CR_LOCK);
}

static int done(void) {
  int idle = reg_wait(FLASH_BANK_2 + SR, SR_BUSY, 0, FLASH_TRIES);
  int right = idle && !(reg_get(FLASH_BANK_2 + SR) & SR_ERRORS);
  reg_set(FLASH_BANK_2 + CR, CR_LOCK);
  barrier();
  return right;
}

int flash_erase(uint32_t page) {
  uint32_t sector = (BOARD_FLASH_NVM - 0x08100000u) / BOARD_FLASH_PAGE + page;
  if (!ready()) return 0;
  reg_set(FLASH_BANK_2 + CR, CR_SER | CR_SSN(sector));
  reg_set(FLASH_BANK_2 + CR, CR_SER | CR_SSN(sector) | CR_START);
  return done();
}

/* A flash word of 128 bits is programmed when its last word is there. */
int flash_write(uint32_t address, const uint8_t *source, uint32_t length) {
  if (address % BOARD_FLASH_GRANULE != 0 || length % BOARD_FLASH_GRANULE != 0 || !ready()) return 0;
  reg_set(FLASH_BANK_2 + CR, CR_PG);
  for (uint32_t i = 0; i < length; i += 4) {
    uint32_t word = source[i] | (uint32_t)source[i + 1] << 8 | (uint32_t)source[i + 2] << 16 | (uint32_t)source[i + 3] << 24;
    reg_set(BOARD_FLASH_NVM + address + i, word);
    if (i % BOARD_FLASH_GRANULE == BOARD_FLASH_GRANULE - 4) {
      barrier();
      if (!reg_wait(FLASH_BANK_2 + SR, SR_BUSY, 0, FLASH_TRIES) || (reg_get(FLASH_BANK_2 + SR) & SR_ERRORS)) break;
    }
  }
  return done();
}

/*
 * A flash word whose programming was cut short fails its error code, and reading it is a bus fault. It is read with
 * faults ignored (ARMv7-M: FAULTMASK and CCR.BFHFNMIGN): what comes then has no right checksum, and does not count.
 */
void flash_read(uint32_t address, uint8_t *target, uint32_t length) {
#ifndef REGISTERS_SIMULATED
  __asm volatile("cpsid f" ::: "memory");
  reg_change(0xE000ED14u, 0, 1u << 8);
  barrier();
#endif
  for (uint32_t i = 0; i < length; i++) {
    uint32_t at = BOARD_FLASH_NVM + address + i;
    target[i] = (uint8_t)(reg_get(at & ~3u) >> (8 * (at % 4)));
  }
  reg_set(FLASH_BANK_2 + CCR, SR_ERRORS);
#ifndef REGISTERS_SIMULATED
  barrier();
  reg_change(0xE000ED14u, 1u << 8, 0);
  __asm volatile("cpsie f" ::: "memory");
#endif
}
