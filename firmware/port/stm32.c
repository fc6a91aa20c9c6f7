/*
 * What STM32H7 and STM32U5 share: pins, the watchdog, the source of randomness. Registers and bits: GPIO_TypeDef,
 * IWDG_TypeDef, RNG_TypeDef in stm32h7a3xx.h and stm32u575xx.h.
 */
#include "port.h"
#include "board.h"
#include "registers.h"

#define MODER 0x00u
#define OSPEEDR 0x08u
#define PUPDR 0x0Cu
#define AFR 0x20u

#define IWDG_KR (BOARD_WATCHDOG + 0x00)
#define IWDG_PR (BOARD_WATCHDOG + 0x04)
#define IWDG_RLR (BOARD_WATCHDOG + 0x08)
#define IWDG_SR (BOARD_WATCHDOG + 0x0C)
#define DIVIDED_BY_256 6u

#define RNG_CR (BOARD_RANDOM + 0x00)
#define RNG_SR (BOARD_RANDOM + 0x04)
#define RNG_DR (BOARD_RANDOM + 0x08)
#define RNGEN (1u << 2)
#define SR_DRDY (1u << 0)
#define SR_FAULTS 0x66u /* CECS, SECS, CEIS, SEIS */

void board_clocks(void);

static const board_pin pins[] = {BOARD_PINS};

static void use_pin(board_pin pin) {
  const uint32_t gpio = BOARD_GPIO + 0x400u * pin.port, two = 2u * pin.pin, four = 4u * (pin.pin % 8u);
  reg_change(gpio + AFR + 4u * (pin.pin / 8u), 0xFu << four, (uint32_t)pin.function << four);
  reg_change(gpio + OSPEEDR, 3u << two, 1u << two);
  /* A receiver that nothing drives must not hear a break. */
  reg_change(gpio + PUPDR, 3u << two, 1u << two);
  reg_change(gpio + MODER, 3u << two, 2u << two);
}

/* 32 s, by the LSI of 32 kHz: longer than any command takes. */
static void start_watchdog(void) {
  reg_set(IWDG_KR, 0xCCCC);
  reg_set(IWDG_KR, 0x5555);
  reg_set(IWDG_PR, DIVIDED_BY_256);
  reg_set(IWDG_RLR, 0xFFF);
  reg_wait(IWDG_SR, 3, 0, 1000000);
  watchdog_feed();
}

void board_init(void) {
  board_clocks();
  for (unsigned i = 0; i < sizeof pins / sizeof pins[0]; i++) use_pin(pins[i]);
  for (unsigned uart = 0; uart < UART_COUNT; uart++) uart_set_rate(uart, 115200);
  reg_change(RNG_CR, 0, RNGEN);
  start_watchdog();
}

void watchdog_feed(void) { reg_set(IWDG_KR, 0xAAAA); }

int board_random(uint8_t *target, size_t length) {
  for (size_t i = 0; i < length; i += 4) {
    if (!reg_wait(RNG_SR, SR_DRDY, SR_DRDY, 1000000) || (reg_get(RNG_SR) & SR_FAULTS)) board_reset();
    uint32_t word = reg_get(RNG_DR);
    for (size_t j = 0; j < 4 && i + j < length; j++) target[i + j] = (uint8_t)(word >> (8 * j));
  }
  return 1;
}
