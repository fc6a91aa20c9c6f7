/* What the main loop needs of a board. One file per kind of peripheral implements it; boards/ says which and where. */
#ifndef PORT_H
#define PORT_H
#include <stddef.h>
#include <stdint.h>

/* UARTs by number: 0 is the card's link to the host, 1 the PN532. */
#define UART_COUNT 2

/* Called first of all, before anything lies in RAM: what power and RAM need. */
void board_supply(void);
/* Called once, interrupts off: clocks, pins, receivers. */
void board_init(void);
/* Called by the UART's interrupt: takes what has come. */
void uart_interrupt(unsigned uart);
/* The rate in baud; false: the UART cannot have it. Takes effect after what was written has left. */
int uart_set_rate(unsigned uart, uint32_t baud);
/* Puts one byte on the line, waiting for room in the transmitter. */
void uart_put(unsigned uart, uint8_t byte);
/* What a UART's interrupt took. */
void uart_received(unsigned uart, uint8_t byte);
/* The receiver lost bytes before the core could fetch them. */
void uart_overrun(unsigned uart);
/* Bytes that were read, at most `most`; from main.c's ring. */
size_t uart_take(unsigned uart, uint8_t *target, size_t most);
uint32_t uart_lost(unsigned uart);

/* Microseconds since the start; 64 bits do not wrap. */
uint64_t microseconds(void);
/* Sleeps until an interrupt, at most a tick of 1 ms. */
void board_idle(void);
void board_reset(void) __attribute__((noreturn));
/* Longer than any command computes, P-521 on a slow core included. */
#ifndef WATCHDOG_SECONDS
#define WATCHDOG_SECONDS 30u
#endif
/* Feeds the watchdog; nothing where the board has none. */
void watchdog_feed(void);
/* Unpredictable bytes; false: this board has no source (an emulator), and the image's seed serves. */
int board_random(uint8_t *target, size_t length);

/*
 * Flash that holds the card's memory: pages are erased to FF, whole granules are written once. Addresses from 0. Reading
 * a granule that was cut short by a loss of power gives any bytes, and does not end in a fault.
 */
void flash_read(uint32_t address, uint8_t *target, uint32_t length);
int flash_erase(uint32_t page);
int flash_write(uint32_t address, const uint8_t *source, uint32_t length);

/* Of the linker script that `vitap firmware build` makes from the board's description. */
extern uint8_t __flash_nvm_start[];
extern uint8_t __heap_start[], __heap_end[], __stack_bottom[], __stack_top[];
#endif
