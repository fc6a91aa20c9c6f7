/*
 * The port's drivers for STM32 (firmware/port) on a chip that is simulated by its registers: what the reference manuals say of flash
 * controller and USART, RM0455 (STM32H7A3) and RM0456 (STM32U575). It prints one line for each thing that a test judges.
 */
#include "board.h"
#include "port.h"
#include "registers.h"
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#ifdef CHIP_H7A3
#define FLASH_CR 0x5200210Cu
#define FLASH_SR 0x52002110u
#define FLASH_KEYR 0x52002104u
#define LOCK (1u << 0)
#define PROGRAM (1u << 1)
#define BUSY (1u << 2)
#define WRONG (1u << 18)
#define PROTECTED (1u << 17)
#define IS_ERASE(cr) (((cr) & 0x24u) == 0x24u)
#define PAGE_OF(cr) ((cr) >> 6 & 0x7Fu)
#define CLEARS_BY 0x52002114u
#define USART 0x40004800u
#define GPIO_PORT 0x58020C00u
#define PIN 8
#else
#define FLASH_CR 0x40022028u
#define FLASH_SR 0x40022020u
#define FLASH_KEYR 0x40022008u
#define LOCK (1u << 31)
#define PROGRAM (1u << 0)
#define BUSY (1u << 16)
#define WRONG (1u << 7)
#define PROTECTED (1u << 4)
#define IS_ERASE(cr) (((cr) & 0x10802u) == 0x10802u) /* PER, BKER: bank 2, STRT */
#define PAGE_OF(cr) ((cr) >> 3 & 0xFFu)
#define CLEARS_BY FLASH_SR
#define USART 0x40013800u
#define GPIO_PORT 0x42020000u
#define PIN 9
#endif
#define BANK_2 0x08100000u
#define BANK_SIZE 0x100000u

static uint8_t flash[BANK_SIZE], word[16];
static unsigned filled, busy, keys, again, outside;
static int protected, stuck;
static uint32_t cr = LOCK, sr;

/* Every other register is a cell that keeps what is written. */
static struct { uint32_t address, value; } cells[256];
static unsigned cell_count;
static uint32_t *cell(uint32_t address) {
  for (unsigned i = 0; i < cell_count; i++) if (cells[i].address == address) return &cells[i].value;
  cells[cell_count].address = address;
  return &cells[cell_count++].value;
}

static uint8_t incoming[32];
static unsigned incoming_count, incoming_at;
static int overrun;

uint32_t reg_get(uint32_t address) {
  if (address >= BANK_2 && address < BANK_2 + BANK_SIZE) {
    uint32_t value;
    memcpy(&value, flash + (address - BANK_2), 4);
    return value;
  }
  if (address == FLASH_CR) return cr;
  if (address == FLASH_SR) {
    if (stuck) return sr | BUSY;
    if (busy > 0) return busy--, sr | BUSY;
    return sr;
  }
  if (address == USART + 0x1C) return (incoming_at < incoming_count ? 1u << 5 : 0) | (overrun ? 1u << 3 : 0) | 1u << 6 | 1u << 7;
  if (address == USART + 0x24) return incoming[incoming_at++];
  /* What is switched on is ready at once. */
  uint32_t value = *cell(address);
  if (address == 0x58024400u || address == 0x46020C00u) return value | value << 1 | value << 2 | 4;
  if (address == 0x4602080Cu) return value | 1u << 15;
  return value;
}

static void program_byte(uint32_t at, uint8_t byte) {
  if (filled == 0 && at % 16 != 0) { sr |= WRONG; return; }
  word[filled++] = byte;
  if (filled < 16) return;
  filled = 0;
  uint8_t *target = flash + at - 15;
  for (int i = 0; i < 16; i++) if (target[i] != 0xFF) again++;
  memcpy(target, word, 16);
  busy = 3;
}

void reg_set(uint32_t address, uint32_t value) {
  if (address >= BANK_2 && address < BANK_2 + BANK_SIZE) {
    if ((cr & LOCK) || !(cr & PROGRAM) || busy > 0) { sr |= WRONG; outside++; return; }
    if (protected) { sr |= PROTECTED; return; }
    for (int i = 0; i < 4; i++) program_byte(address - BANK_2 + i, (uint8_t)(value >> (8 * i)));
  } else if (address == FLASH_KEYR) {
    static const uint32_t right[2] = {0x45670123u, 0xCDEF89ABu};
    keys = keys < 2 && value == right[keys] ? keys + 1 : 0;
    if (keys == 2) { cr &= ~LOCK; keys = 0; }
  } else if (address == FLASH_CR) {
    if (cr & LOCK) return;
    cr = value;
    if (!IS_ERASE(cr)) return;
    busy = 5;
    if (protected) sr |= PROTECTED;
    else memset(flash + PAGE_OF(cr) * 8192, 0xFF, 8192);
  } else if (address == CLEARS_BY) sr &= ~value;
  else if (address == USART + 0x20) { if (value & 8) overrun = 0; }
  else *cell(address) = value;
}

static unsigned received, overruns;
static uint8_t got[32];
void uart_received(unsigned uart, uint8_t byte) { if (uart == 0) got[received++] = byte; }
void uart_overrun(unsigned uart) { (void)uart; overruns++; }
static jmp_buf restarted;
void board_reset(void) { longjmp(restarted, 1); }

static void rate(uint32_t baud) {
  int can = uart_set_rate(0, baud);
  printf("rate %u: %d BRR %X CR1 %X\n", baud, can, can ? *cell(USART + 0x0C) : 0, can ? *cell(USART) : 0);
}

int main(void) {
  uint8_t data[48], back[48];
  for (unsigned i = 0; i < sizeof data; i++) data[i] = (uint8_t)(0xA0 + i);
  memset(flash, 0x00, sizeof flash);
  board_init();
  printf("pins: MODER %X AFR %X\n", *cell(GPIO_PORT) >> (2 * PIN) & 0xF, *cell(GPIO_PORT + 0x24) >> (4 * (PIN - 8)) & 0xFF);
  rate(115200);
  rate(921600);
  rate(9600);
  rate(20000000);
  rate(0);

  printf("erase: %d\n", flash_erase(3));
  unsigned blank = 0;
  for (unsigned i = 0; i < sizeof flash; i++) blank += flash[i] == 0xFF;
  printf("blank: %u from %X\n", blank, (unsigned)((uint8_t *)memchr(flash, 0xFF, sizeof flash) - flash));
  printf("write: %d\n", flash_write(3 * BOARD_FLASH_PAGE + 32, data, 48));
  flash_read(3 * BOARD_FLASH_PAGE + 32, back, 48);
  printf("same: %d, programmed twice: %u, outside of programming: %u, locked: %d\n", memcmp(data, back, 48) == 0, again, outside, (cr & LOCK) != 0);
  flash_read(3 * BOARD_FLASH_PAGE + 33, back, 3);
  printf("odd: %02X %02X %02X\n", back[0], back[1], back[2]);
  printf("crooked: %d %d\n", flash_write(3 * BOARD_FLASH_PAGE + 8, data, 16), flash_write(3 * BOARD_FLASH_PAGE + 96, data, 24));
  protected = 1;
  printf("protected: %d %d, locked: %d\n", flash_erase(4), flash_write(3 * BOARD_FLASH_PAGE + 96, data, 16), (cr & LOCK) != 0);
  protected = 0;
  printf("afterwards: %d\n", flash_write(3 * BOARD_FLASH_PAGE + 96, data, 16));
  stuck = 1;
  printf("stuck: %d %d\n", flash_erase(4), flash_write(3 * BOARD_FLASH_PAGE + 112, data, 16));
  stuck = 0;

  memcpy(incoming, "abc", 3);
  incoming_count = 3;
  overrun = 1;
  uart_interrupt(0);
  printf("received: %.*s, lost %u, flag %d\n", (int)received, got, overruns, overrun);

  *cell(BOARD_RANDOM + 4) = 1;
  *cell(BOARD_RANDOM + 8) = 0x44434241;
  uint8_t bytes[5];
  printf("random: %d %.5s\n", board_random(bytes, 5), bytes);
  *cell(BOARD_RANDOM + 4) = 1 | 1u << 2;
  if (setjmp(restarted) == 0) printf("random of a broken source: %d\n", board_random(bytes, 5));
  else printf("a broken source restarts the board\n");
  return 0;
}
