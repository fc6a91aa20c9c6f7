/* Arm's CMSDK peripherals as the MPS2 boards have them (Arm DDI 0479): APB UARTs. Flash is RAM that keeps flash's rules. */
#include "port.h"
#include "board.h"
#include <string.h>

typedef struct {
  volatile uint32_t data, state, ctrl, intstatus, bauddiv;
} cmsdk_uart;

#define STATE_TX_FULL 1u
#define STATE_RX_OVERRUN 8u
#define CTRL_TX_ENABLE 1u
#define CTRL_RX_ENABLE 2u
#define CTRL_RX_INTERRUPT 8u
#define INT_RX 2u

static cmsdk_uart *const uarts[UART_COUNT] = {(cmsdk_uart *)BOARD_UART0, (cmsdk_uart *)BOARD_UART1};

void board_supply(void) {}

/* CMSDK watchdog: its first zero is an NMI, which starts the board anew; were that lost too, the second one is a reset. */
#define WATCHDOG_ADDRESS 0x40008000u
static volatile struct {
  uint32_t load, value, control, intclr;
} *const watchdog = (void *)WATCHDOG_ADDRESS;
#define WATCHDOG_LOCK (*(volatile uint32_t *)(WATCHDOG_ADDRESS + 0xC00))

static void watchdog_start(void) {
  WATCHDOG_LOCK = 0x1ACCE551;
  watchdog->load = WATCHDOG_SECONDS * BOARD_CLOCK_HZ;
  watchdog->control = 3;
}
void board_init(void) {
  watchdog_start();
  for (unsigned i = 0; i < UART_COUNT; i++) {
    uart_set_rate(i, 115200);
    uarts[i]->ctrl = CTRL_TX_ENABLE | CTRL_RX_ENABLE | CTRL_RX_INTERRUPT;
  }
}

/* BAUDDIV is the number of clocks in a bit, 16 at least. */
int uart_set_rate(unsigned uart, uint32_t baud) {
  uint32_t divider = (BOARD_CLOCK_HZ + baud / 2) / baud;
  if (divider < 16) return 0;
  uarts[uart]->bauddiv = divider;
  return 1;
}

void uart_put(unsigned uart, uint8_t byte) {
  while (uarts[uart]->state & STATE_TX_FULL) {
  }
  uarts[uart]->data = byte;
}

void uart_interrupt(unsigned uart) {
  cmsdk_uart *const port = uarts[uart];
  port->intstatus = INT_RX;
  if (port->state & STATE_RX_OVERRUN) {
    port->state = STATE_RX_OVERRUN;
    uart_overrun(uart);
  }
  uart_received(uart, (uint8_t)port->data);
}

void watchdog_feed(void) { watchdog->load = WATCHDOG_SECONDS * BOARD_CLOCK_HZ; }
int board_random(uint8_t *target, size_t length) { (void)target; (void)length; return 0; }

int flash_erase(uint32_t page) {
  memset(__flash_nvm_start + page * BOARD_FLASH_PAGE, 0xFF, BOARD_FLASH_PAGE);
  return 1;
}

/* A granule that is not erased cannot be written: as on the parts whose flash has an ECC. */
int flash_write(uint32_t address, const uint8_t *source, uint32_t length) {
  if (address % BOARD_FLASH_GRANULE != 0 || length % BOARD_FLASH_GRANULE != 0) return 0;
  for (uint32_t i = 0; i < length; i++) {
    if (__flash_nvm_start[address + i] != 0xFF) return 0;
  }
  memcpy(__flash_nvm_start + address, source, length);
  return 1;
}

void flash_read(uint32_t address, uint8_t *target, uint32_t length) {
  memcpy(target, __flash_nvm_start + address, length);
}
