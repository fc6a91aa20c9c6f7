/*
 * USART of STM32H7 and STM32U5, with its FIFO. Registers and bits: USART_TypeDef and USART_* in stm32h7a3xx.h
 * (STMicroelectronics/cmsis_device_h7) and stm32u575xx.h (STMicroelectronics/STM32CubeU5), which agree in them.
 */
#include "port.h"
#include "board.h"
#include "registers.h"

#define CR1 0x00u
#define BRR 0x0Cu
#define ISR 0x1Cu
#define ICR 0x20u
#define RDR 0x24u
#define TDR 0x28u

#define CR1_UE (1u << 0)
#define CR1_RE (1u << 2)
#define CR1_TE (1u << 3)
#define CR1_RXFNEIE (1u << 5)
#define CR1_OVER8 (1u << 15)
#define CR1_FIFOEN (1u << 29)
#define ISR_ORE (1u << 3)
#define ISR_RXFNE (1u << 5)
#define ISR_TC (1u << 6)
#define ISR_TXFNF (1u << 7)
#define ICR_ERRORS 0x0Fu /* PECF, FECF, NECF, ORECF */

/* A byte at 9600 baud takes 1 ms; a full FIFO of 16 takes 17. */
#define LEAVES_TRIES 10000000u

static const uint32_t usarts[UART_COUNT] = {BOARD_UART0, BOARD_UART1};

/* Eight samples a bit where sixteen would leave a coarse divider. */
int uart_set_rate(unsigned uart, uint32_t baud) {
  const uint32_t usart = usarts[uart];
  uint32_t divider = baud == 0 ? 0 : (BOARD_UART_HZ + baud / 2) / baud;
  uint32_t control = CR1_RE | CR1_TE | CR1_RXFNEIE | CR1_FIFOEN, rate = divider;
  if (divider < 32) {
    divider = baud == 0 ? 0 : (2 * BOARD_UART_HZ + baud / 2) / baud;
    control |= CR1_OVER8;
    rate = (divider & 0xFFF0u) | ((divider & 0xFu) >> 1);
  }
  if (divider < 16 || divider > 0xFFFF) return 0;
  if (reg_get(usart + CR1) & CR1_UE) reg_wait(usart + ISR, ISR_TC, ISR_TC, LEAVES_TRIES);
  /* OVER8, FIFOEN and BRR take effect while the USART is off. */
  reg_set(usart + CR1, 0);
  reg_set(usart + BRR, rate);
  reg_set(usart + CR1, control);
  reg_set(usart + CR1, control | CR1_UE);
  return 1;
}

void uart_put(unsigned uart, uint8_t byte) {
  while (!(reg_get(usarts[uart] + ISR) & ISR_TXFNF)) {
  }
  reg_set(usarts[uart] + TDR, byte);
}

void uart_interrupt(unsigned uart) {
  const uint32_t usart = usarts[uart];
  if (reg_get(usart + ISR) & ISR_ORE) uart_overrun(uart);
  reg_set(usart + ICR, ICR_ERRORS);
  while (reg_get(usart + ISR) & ISR_RXFNE) uart_received(uart, (uint8_t)reg_get(usart + RDR));
}
