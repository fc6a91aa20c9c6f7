/*
 * STM32U575/585 without PLL and with TrustZone off (TZEN = 0, as delivered): MSIS at 48 MHz in voltage range 3, the
 * USARTs from HSI16. Registers and bits: stm32u575xx.h (STMicroelectronics/STM32CubeU5), as wolfBoot's hal/stm32u5.h and
 * NuttX's stm32u5xx_rcc.h have them too.
 */
#include "port.h"
#include "board.h"
#include "registers.h"

#define RCC 0x46020C00u
#define RCC_CR (RCC + 0x00)
#define RCC_ICSCR1 (RCC + 0x08)
#define RCC_AHB2ENR1 (RCC + 0x8C)
#define RCC_AHB3ENR (RCC + 0x94)
#define RCC_APB1ENR1 (RCC + 0x9C)
#define RCC_APB2ENR (RCC + 0xA4)
#define RCC_CCIPR1 (RCC + 0xE0)
#define CR_MSISRDY (1u << 2)
#define CR_HSION (1u << 8)
#define CR_HSIRDY (1u << 10)
#define CR_HSI48ON (1u << 12)
#define CR_HSI48RDY (1u << 13)
#define ICSCR1_MSIRGSEL (1u << 23)
#define ICSCR1_MSISRANGE (0xFu << 28)
#define AHB2ENR1_RNGEN (1u << 18)
#define AHB3ENR_PWREN (1u << 2)
#define APB1ENR1_USART2EN (1u << 17)
#define APB1ENR1_USART3EN (1u << 18)
#define APB2ENR_USART1EN (1u << 14)
#define CCIPR1_USARTS 0x3Fu /* USART1SEL, USART2SEL, USART3SEL, two bits each */
#define CCIPR1_HSI16 0x2Au  /* 10 in all three */

#define PWR_VOSR 0x4602080Cu
#define VOSR_VOSRDY (1u << 15)
#define VOSR_VOS (3u << 16)
#define VOSR_RANGE_3 (1u << 16)

#define ICACHE_CR 0x40030400u
#define ICACHE_SR 0x40030404u
#define ICACHE_CEN 1u
#define ICACHE_CACHEINV 2u
#define ICACHE_BUSYF 1u

#define FLASH 0x40022000u
#define FLASH_ACR (FLASH + 0x00)
#define FLASH_NSKEYR (FLASH + 0x08)
#define FLASH_NSSR (FLASH + 0x20)
#define FLASH_NSCR (FLASH + 0x28)
#define KEY1 0x45670123u
#define KEY2 0xCDEF89ABu
#define NSCR_PG (1u << 0)
#define NSCR_PER (1u << 1)
#define NSCR_PNB(page) ((uint32_t)(page) << 3)
#define NSCR_BKER (1u << 11)
#define NSCR_STRT (1u << 16)
#define NSCR_LOCK (1u << 31)
#define NSSR_EOP (1u << 0)
#define NSSR_ERRORS 0x20FAu /* OPERR, PROGERR, WRPERR, PGAERR, SIZERR, PGSERR, OPTWERR */
#define FLASH_ECCR (FLASH + 0x30)
#define ECCR_ECCD (1u << 31)
#define NSSR_BUSY (3u << 16) /* BSY, WDW */
#ifndef FLASH_TRIES
#define FLASH_TRIES 100000000u
#endif
#define READY_TRIES 1000000u

void board_supply(void) {}

static void cache(int on) {
  if (!on) {
    reg_change(ICACHE_CR, ICACHE_CEN, 0);
    return;
  }
  reg_change(ICACHE_CR, 0, ICACHE_CACHEINV);
  reg_wait(ICACHE_SR, ICACHE_BUSYF, 0, READY_TRIES);
  reg_change(ICACHE_CR, 0, ICACHE_CEN);
}

/* First the voltage and the wait states, then the clock that needs them. Four wait states are enough in every range. */
void board_clocks(void) {
  reg_change(RCC_AHB3ENR, 0, AHB3ENR_PWREN);
  (void)reg_get(RCC_AHB3ENR);
  reg_change(PWR_VOSR, VOSR_VOS, VOSR_RANGE_3);
  reg_wait(PWR_VOSR, VOSR_VOSRDY, VOSR_VOSRDY, READY_TRIES);
  reg_change(FLASH_ACR, 0xF, 4);
  reg_wait(FLASH_ACR, 0xF, 4, READY_TRIES);
  reg_change(RCC_ICSCR1, ICSCR1_MSISRANGE, ICSCR1_MSIRGSEL); /* range 0: 48 MHz */
  reg_wait(RCC_CR, CR_MSISRDY, CR_MSISRDY, READY_TRIES);
  reg_change(RCC_CR, 0, CR_HSION | CR_HSI48ON);
  reg_wait(RCC_CR, CR_HSIRDY | CR_HSI48RDY, CR_HSIRDY | CR_HSI48RDY, READY_TRIES);
  reg_change(RCC_CCIPR1, CCIPR1_USARTS, CCIPR1_HSI16);
  reg_change(RCC_AHB2ENR1, 0, AHB2ENR1_RNGEN | 0xFF); /* GPIO A to H */
  reg_change(RCC_APB1ENR1, 0, APB1ENR1_USART2EN | APB1ENR1_USART3EN);
  reg_change(RCC_APB2ENR, 0, APB2ENR_USART1EN);
  (void)reg_get(RCC_APB2ENR);
  cache(1);
}

/* The cache also holds data that were read from flash: off while the flash changes. */
static int ready(void) {
  if (!reg_wait(FLASH_NSSR, NSSR_BUSY, 0, FLASH_TRIES)) return 0;
  reg_set(FLASH_NSSR, NSSR_ERRORS | NSSR_EOP);
  if (reg_get(FLASH_NSCR) & NSCR_LOCK) {
    reg_set(FLASH_NSKEYR, KEY1);
    reg_set(FLASH_NSKEYR, KEY2);
  }
  if (reg_get(FLASH_NSCR) & NSCR_LOCK) return 0;
  cache(0);
  return 1;
}

static int done(void) {
  int idle = reg_wait(FLASH_NSSR, NSSR_BUSY, 0, FLASH_TRIES);
  int right = idle && !(reg_get(FLASH_NSSR) & NSSR_ERRORS);
  reg_set(FLASH_NSCR, 0);
  reg_set(FLASH_NSCR, NSCR_LOCK);
  barrier();
  cache(1);
  return right;
}

/* The card's memory lies in bank 2: code goes on being fetched from bank 1 meanwhile. */
int flash_erase(uint32_t page) {
  uint32_t number = (BOARD_FLASH_NVM - 0x08100000u) / BOARD_FLASH_PAGE + page;
  if (!ready()) return 0;
  reg_set(FLASH_NSCR, NSCR_PER | NSCR_BKER | NSCR_PNB(number));
  reg_set(FLASH_NSCR, NSCR_PER | NSCR_BKER | NSCR_PNB(number) | NSCR_STRT);
  return done();
}

/* A quad-word of 128 bits is programmed when its last word is there. */
int flash_write(uint32_t address, const uint8_t *source, uint32_t length) {
  if (address % BOARD_FLASH_GRANULE != 0 || length % BOARD_FLASH_GRANULE != 0 || !ready()) return 0;
  reg_set(FLASH_NSCR, NSCR_PG);
  for (uint32_t i = 0; i < length; i += 4) {
    uint32_t word = source[i] | (uint32_t)source[i + 1] << 8 | (uint32_t)source[i + 2] << 16 | (uint32_t)source[i + 3] << 24;
    reg_set(BOARD_FLASH_NVM + address + i, word);
    if (i % BOARD_FLASH_GRANULE == BOARD_FLASH_GRANULE - 4) {
      barrier();
      if (!reg_wait(FLASH_NSSR, NSSR_BUSY, 0, FLASH_TRIES) || (reg_get(FLASH_NSSR) & NSSR_ERRORS)) break;
    }
  }
  return done();
}

void flash_read(uint32_t address, uint8_t *target, uint32_t length) {
  for (uint32_t i = 0; i < length; i++) {
    uint32_t at = BOARD_FLASH_NVM + address + i;
    target[i] = (uint8_t)(reg_get(at & ~3u) >> (8 * (at % 4)));
  }
}

/*
 * A quad-word whose programming was cut short fails its error code, and reading it raises the NMI: it is taken back.
 * What was read has no right checksum, and does not count.
 */
void nmi(void) {
  if (!(reg_get(FLASH_ECCR) & ECCR_ECCD)) board_reset();
  reg_set(FLASH_ECCR, ECCR_ECCD);
}
