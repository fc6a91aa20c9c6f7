/* Cortex-M: vector table, reset, time, the C library's few calls. */
#include "port.h"
#include "board.h"
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>

int main(void);
void fault(void);
void nmi(void) __attribute__((weak, alias("fault")));

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

static volatile uint64_t ticks;
static void systick(void) { ticks++; }
static void uart_0(void) { uart_interrupt(0); }
static void uart_1(void) { uart_interrupt(1); }

#define SYST_CSR (*(volatile uint32_t *)0xE000E010)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014)
#define SYST_CVR (*(volatile uint32_t *)0xE000E018)
#define NVIC_ISER ((volatile uint32_t *)0xE000E100)
#define VTOR (*(volatile uint32_t *)0xE000ED08)
#define CPACR (*(volatile uint32_t *)0xE000ED88)

#define INTERRUPTS (1 + (BOARD_UART0_INTERRUPT > BOARD_UART1_INTERRUPT ? BOARD_UART0_INTERRUPT : BOARD_UART1_INTERRUPT))
static void *const vectors[16 + INTERRUPTS];

/* The only interrupts that are enabled are those of the two UARTs and of SysTick, at 1 kHz from the core's clock. */
static void start_interrupts(void) {
  NVIC_ISER[BOARD_UART0_INTERRUPT / 32] = 1u << BOARD_UART0_INTERRUPT % 32;
  NVIC_ISER[BOARD_UART1_INTERRUPT / 32] = 1u << BOARD_UART1_INTERRUPT % 32;
  SYST_RVR = BOARD_CLOCK_HZ / 1000 - 1;
  SYST_CVR = 0;
  SYST_CSR = 7;
  __asm volatile("cpsie i");
}

#define STACK_MARK 0x5AC0FFEEu
uint32_t stack_used(void) {
  const uint32_t *at = (const uint32_t *)__stack_bottom;
  while (at < (const uint32_t *)__stack_top && *at == STACK_MARK) at++;
  return (uint32_t)(__stack_top - (const uint8_t *)at);
}
uint32_t static_size(void) { return (uint32_t)((uint8_t *)__bss_end - (uint8_t *)__data_start); }

void reset(void) {
  board_supply();
  memcpy(__data_start, __data_load, (size_t)((uint8_t *)__data_end - (uint8_t *)__data_start));
  memset(__bss_start, 0, (size_t)((uint8_t *)__bss_end - (uint8_t *)__bss_start));
  /* Marked up to where it is in use now, so that its deepest use can be seen. */
  for (uint32_t *at = (uint32_t *)__stack_bottom; at < (uint32_t *)__builtin_frame_address(0) - 16; at++) *at = STACK_MARK;
  VTOR = (uint32_t)vectors;
  /* Full access to the FPU, CP10 and CP11. */
  CPACR |= 0xFu << 20;
  __asm volatile("dsb\nisb");
  board_init();
  start_interrupts();
  main();
  board_reset();
}

uint64_t microseconds(void) {
  uint64_t before, after;
  uint32_t left;
  do {
    before = ticks;
    left = SYST_CVR;
    after = ticks;
  } while (before != after);
  return after * 1000 + (BOARD_CLOCK_HZ / 1000 - 1 - left) / (BOARD_CLOCK_HZ / 1000000);
}

void board_idle(void) { __asm volatile("wfi"); }

/* A fault leaves no state to trust: start again, as after a loss of power. */
void fault(void) { board_reset(); }

__attribute__((section(".vectors"), used)) static void *const vectors[16 + INTERRUPTS] = {
    [0] = __stack_top,
    [1] = reset,
    [2] = nmi,
    [3 ... 6] = fault,
    [11 ... 12] = fault,
    [14] = fault,
    [15] = systick,
    [16 ... 15 + INTERRUPTS] = fault,
    [16 + BOARD_UART0_INTERRUPT] = uart_0,
    [16 + BOARD_UART1_INTERRUPT] = uart_1,
};

/* SYSRESETREQ in AIRCR. */
__attribute__((weak)) void board_reset(void) {
  __asm volatile("dsb");
  *(volatile uint32_t *)0xE000ED0C = 0x05FA0004;
  for (;;) __asm volatile("nop");
}

int _gettimeofday(struct timeval *time, void *zone) {
  (void)zone;
  uint64_t now = microseconds();
  time->tv_sec = (time_t)(now / 1000000);
  time->tv_usec = (suseconds_t)(now % 1000000);
  return 0;
}

/* The library wants them at link time; nothing here opens files. */
int _write(int file, const char *bytes, int length) { (void)file; (void)bytes; return length; }
int _read(int file, char *bytes, int length) { (void)file; (void)bytes; (void)length; return 0; }
int _close(int file) { (void)file; return -1; }
int _lseek(int file, int offset, int from) { (void)file; (void)offset; (void)from; return 0; }
int _fstat(int file, struct stat *status) { (void)file; status->st_mode = S_IFCHR; return 0; }
int _isatty(int file) { (void)file; return 1; }
int _getpid(void) { return 1; }
int _kill(int process, int signal) { (void)process; (void)signal; return -1; }
void _exit(int code) { (void)code; board_reset(); }
