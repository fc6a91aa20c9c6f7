/* Cortex-M: vector table, reset, the C library's few calls. */
#include "port.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/types.h>

int main(void);
void fault(void);
void systick(void);

extern uint32_t __data_load[], __data_start[], __data_end[], __bss_start[], __bss_end[];

/* Boards with more interrupts than named here answer them with fault(). */
#define WEAK_FAULT __attribute__((weak, alias("fault")))
void interrupt_0(void) WEAK_FAULT;
void interrupt_2(void) WEAK_FAULT;

#define STACK_MARK 0x5AC0FFEEu
uint32_t stack_used(void) {
  const uint32_t *at = (const uint32_t *)__stack_bottom;
  while (at < (const uint32_t *)__stack_top && *at == STACK_MARK) at++;
  return (uint32_t)(__stack_top - (const uint8_t *)at);
}
uint32_t static_size(void) { return (uint32_t)((uint8_t *)__bss_end - (uint8_t *)__data_start); }

void reset(void) {
  memcpy(__data_start, __data_load, (size_t)((uint8_t *)__data_end - (uint8_t *)__data_start));
  memset(__bss_start, 0, (size_t)((uint8_t *)__bss_end - (uint8_t *)__bss_start));
  /* Marked up to where it is in use now, so that its deepest use can be seen. */
  for (uint32_t *at = (uint32_t *)__stack_bottom; at < (uint32_t *)__builtin_frame_address(0) - 16; at++) *at = STACK_MARK;
  /* CPACR: full access to the FPU, CP10 and CP11. */
  *(volatile uint32_t *)0xE000ED88 |= 0xFu << 20;
  __asm volatile("dsb\nisb");
  board_init();
  main();
  board_reset();
}

/* A fault leaves no state to trust: start again, as after a loss of power. */
void fault(void) { board_reset(); }

__attribute__((section(".vectors"), used)) static void *const vectors[16 + 8] = {
    __stack_top, reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, systick,
    interrupt_0, fault, interrupt_2, fault, fault, fault, fault, fault,
};

/* SYSRESETREQ in AIRCR. */
void board_reset(void) {
  __asm volatile("dsb");
  *(volatile uint32_t *)0xE000ED0C = 0x05FA0004;
  for (;;) __asm volatile("nop");
}

static uint8_t *heap_end = __heap_start;
uint32_t heap_taken(void) { return (uint32_t)(heap_end - __heap_start); }

void *_sbrk(ptrdiff_t step) {
  if (heap_end + step > __heap_end || heap_end + step < __heap_start) {
    errno = ENOMEM;
    return (void *)-1;
  }
  uint8_t *before = heap_end;
  heap_end += step;
  return before;
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
