/* RAM behind the variables and the stack: what the engine has its memory from. */
#ifndef HEAP_H
#define HEAP_H
#include "quickjs.h"
#include <stdint.h>

/* For JS_NewRuntime2. */
extern const JSMallocFunctions heap_functions;
/* Bytes that the board has for it. */
uint32_t heap_room(void);
/* The most that was ever taken of them. */
uint32_t heap_taken(void);
/* Whether a block was ever refused for want of room. */
int heap_was_short(void);
#endif
