/* Registers by address. A test on the host compiles a driver with REGISTERS_SIMULATED and gives it a chip of its own. */
#ifndef REGISTERS_H
#define REGISTERS_H
#include <stdint.h>

/* Always: some of it runs while no function can be fetched from flash. */
#define INLINE static inline __attribute__((always_inline))

#ifdef REGISTERS_SIMULATED
uint32_t reg_get(uint32_t address);
void reg_set(uint32_t address, uint32_t value);
INLINE void barrier(void) {}
#else
INLINE uint32_t reg_get(uint32_t address) { return *(volatile uint32_t *)address; }
INLINE void reg_set(uint32_t address, uint32_t value) { *(volatile uint32_t *)address = value; }
/* What was written has arrived before what follows. */
INLINE void barrier(void) { __asm volatile("dsb\nisb" ::: "memory"); }
#endif

INLINE void reg_change(uint32_t address, uint32_t clear, uint32_t set) {
  reg_set(address, (reg_get(address) & ~clear) | set);
}
/* Whether the bits took the wanted value before the tries ran out: a chip that never becomes ready must not hang. */
INLINE int reg_wait(uint32_t address, uint32_t bits, uint32_t wanted, uint32_t tries) {
  while ((reg_get(address) & bits) != wanted) {
    if (tries-- == 0) return 0;
  }
  return 1;
}

/* One line of the board's list of pins: port (A is 0), number, alternate function. */
typedef struct {
  uint8_t port, pin, function;
} board_pin;
#endif
