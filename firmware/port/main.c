/* The engine, the card's program, and the loop that feeds it bytes and time. */
#include "port.h"
#include "board.h"
#include "heap.h"
#include "quickjs.h"
#include <stdio.h>
#include <string.h>

extern const uint8_t card_program[];
extern const uint32_t card_program_size;
/* The card's image as it was built: what its memory holds before the first write. */
extern uint8_t card_image[], card_image_end[];
uint32_t stack_used(void), static_size(void);

/* A power of two that holds what arrives at 921600 baud while the card computes for 40 ms. */
#define RING 4096u
static struct {
  volatile uint32_t in, out, lost;
  uint8_t bytes[RING];
} rings[UART_COUNT];

void uart_received(unsigned uart, uint8_t byte) {
  if (rings[uart].in - rings[uart].out == RING) {
    rings[uart].lost++;
    return;
  }
  rings[uart].bytes[rings[uart].in % RING] = byte;
  rings[uart].in++;
}
void uart_overrun(unsigned uart) { rings[uart].lost++; }
uint32_t uart_lost(unsigned uart) { return rings[uart].lost; }

size_t uart_take(unsigned uart, uint8_t *target, size_t most) {
  size_t taken = 0;
  while (taken < most && rings[uart].out != rings[uart].in) {
    target[taken++] = rings[uart].bytes[rings[uart].out % RING];
    rings[uart].out++;
  }
  return taken;
}

static uint8_t *bytes_of(JSContext *ctx, JSValueConst array, size_t *size) {
  size_t offset, length, element;
  JSValue buffer = JS_GetTypedArrayBuffer(ctx, array, &offset, &length, &element);
  if (JS_IsException(buffer)) return NULL;
  size_t whole;
  uint8_t *bytes = JS_GetArrayBuffer(ctx, &whole, buffer);
  JS_FreeValue(ctx, buffer);
  *size = length;
  return bytes == NULL ? NULL : bytes + offset;
}

static int numbers(JSContext *ctx, JSValueConst *from, int count, uint32_t *to) {
  for (int i = 0; i < count; i++) {
    if (JS_ToUint32(ctx, &to[i], from[i])) return 0;
  }
  return 1;
}

/* uartRead(uart, target): how many bytes it took. */
static JSValue uart_read(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  uint32_t uart;
  size_t size;
  uint8_t *target;
  if (!numbers(ctx, given, 1, &uart) || (target = bytes_of(ctx, given[1], &size)) == NULL) return JS_EXCEPTION;
  return JS_NewUint32(ctx, uart < UART_COUNT ? (uint32_t)uart_take(uart, target, size) : 0);
}

/* uartWrite(uart, source, offset, length). */
static JSValue uart_write(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  uint32_t uart, span[2];
  size_t size;
  uint8_t *source;
  if (!numbers(ctx, given, 1, &uart) || !numbers(ctx, given + 2, 2, span)) return JS_EXCEPTION;
  if ((source = bytes_of(ctx, given[1], &size)) == NULL) return JS_EXCEPTION;
  if (uart >= UART_COUNT || span[0] > size || span[1] > size - span[0]) return JS_ThrowRangeError(ctx, "uartWrite");
  for (uint32_t i = 0; i < span[1]; i++) uart_put(uart, source[span[0] + i]);
  return JS_UNDEFINED;
}

/* uartRate(uart, baud): whether the UART has it now. */
static JSValue uart_rate(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  uint32_t asked[2];
  if (!numbers(ctx, given, 2, asked)) return JS_EXCEPTION;
  return JS_NewBool(ctx, asked[0] < UART_COUNT && uart_set_rate(asked[0], asked[1]));
}

/* uartLost(uart): bytes that no ring had room for. */
static JSValue lost(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  uint32_t uart;
  if (!numbers(ctx, given, 1, &uart)) return JS_EXCEPTION;
  return JS_NewUint32(ctx, uart < UART_COUNT ? uart_lost(uart) : 0);
}

static JSValue now(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  return JS_NewInt64(ctx, (int64_t)microseconds());
}

/* random(target): whether this board has a source of unpredictable bytes. */
static JSValue draw(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  size_t size;
  uint8_t *target = bytes_of(ctx, given[0], &size);
  if (target == NULL) return JS_EXCEPTION;
  return JS_NewBool(ctx, board_random(target, size));
}

static JSValue erase(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  uint32_t page;
  if (!numbers(ctx, given, 1, &page)) return JS_EXCEPTION;
  return JS_NewBool(ctx, page < BOARD_FLASH_PAGES && flash_erase(page));
}

/* (address, bytes, offset, length): bytes for or of a place in the card's flash. False: an exception is pending. */
static int flash_span(JSContext *ctx, JSValueConst *given, uint32_t *address, uint8_t **bytes, uint32_t *length) {
  uint32_t span[2];
  size_t size;
  if (!numbers(ctx, given, 1, address) || !numbers(ctx, given + 2, 2, span)) return 0;
  uint8_t *array = bytes_of(ctx, given[1], &size);
  if (array == NULL) return 0;
  uint32_t room = BOARD_FLASH_PAGES * BOARD_FLASH_PAGE;
  if (span[0] > size || span[1] > size - span[0] || *address > room || span[1] > room - *address) {
    JS_ThrowRangeError(ctx, "flash");
    return 0;
  }
  *bytes = array + span[0];
  *length = span[1];
  return 1;
}

static JSValue read_flash(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  uint32_t address, length;
  uint8_t *target;
  if (!flash_span(ctx, given, &address, &target, &length)) return JS_EXCEPTION;
  flash_read(address, target, length);
  return JS_UNDEFINED;
}

static JSValue program_flash(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  uint32_t address, length;
  uint8_t *source;
  if (!flash_span(ctx, given, &address, &source, &length)) return JS_EXCEPTION;
  return JS_NewBool(ctx, flash_write(address, source, length));
}

static JSValue flash_holds(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  uint32_t address, length;
  uint8_t *source, there[64];
  if (!flash_span(ctx, given, &address, &source, &length)) return JS_EXCEPTION;
  for (uint32_t at = 0; at < length; at += sizeof there) {
    uint32_t part = length - at < sizeof there ? length - at : sizeof there;
    flash_read(address + at, there, part);
    if (memcmp(there, source + at, part) != 0) return JS_FALSE;
  }
  return JS_TRUE;
}

/* memory(): [heap taken from the board, bytes in use in the engine, most of the stack, its size, variables]. */
static JSValue memory(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  JSMemoryUsage usage;
  JS_ComputeMemoryUsage(JS_GetRuntime(ctx), &usage);
  JSValue both = JS_NewArray(ctx);
  JS_SetPropertyUint32(ctx, both, 0, JS_NewUint32(ctx, heap_taken()));
  JS_SetPropertyUint32(ctx, both, 1, JS_NewInt64(ctx, usage.malloc_size));
  JS_SetPropertyUint32(ctx, both, 2, JS_NewUint32(ctx, stack_used()));
  JS_SetPropertyUint32(ctx, both, 3, JS_NewUint32(ctx, (uint32_t)(__stack_top - __stack_bottom)));
  JS_SetPropertyUint32(ctx, both, 4, JS_NewUint32(ctx, static_size()));
  return both;
}

/* crc32(bytes, offset, length, before): reflected, polynomial 04C11DB7, four bits at a time. */
static JSValue crc32(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) {
  static const uint32_t nibbles[16] = {
      0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
      0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
  };
  uint32_t asked[3];
  size_t size;
  uint8_t *bytes = bytes_of(ctx, given[0], &size);
  if (bytes == NULL || !numbers(ctx, given + 1, 3, asked)) return JS_EXCEPTION;
  if (asked[0] > size || asked[1] > size - asked[0]) return JS_ThrowRangeError(ctx, "crc32");
  uint32_t crc = ~asked[2];
  for (const uint8_t *at = bytes + asked[0]; at < bytes + asked[0] + asked[1]; at++) {
    crc = crc >> 4 ^ nibbles[(crc ^ *at) & 15];
    crc = crc >> 4 ^ nibbles[(crc ^ *at >> 4) & 15];
  }
  return JS_NewUint32(ctx, ~crc);
}

static JSValue restart(JSContext *ctx, JSValueConst self, int count, JSValueConst *given) { board_reset(); }

static void keep(JSRuntime *runtime, void *opaque, void *bytes) {
  (void)runtime; (void)opaque; (void)bytes;
}

static const struct {
  const char *name;
  JSCFunction *function;
  int count;
} functions[] = {
    {"uartRead", uart_read, 2},   {"uartWrite", uart_write, 4}, {"uartRate", uart_rate, 2},
    {"uartLost", lost, 1},        {"microseconds", now, 0},     {"random", draw, 1},
    {"flashErase", erase, 1},     {"flashWrite", program_flash, 4}, {"flashRead", read_flash, 4},
    {"flashHolds", flash_holds, 4}, {"crc32", crc32, 4},
    {"memory", memory, 0},        {"restart", restart, 0},
};

static void fill_board(JSContext *ctx, JSValue global) {
  JSValue board = JS_NewObject(ctx);
  for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
    JS_SetPropertyStr(ctx, board, functions[i].name,
                      JS_NewCFunction(ctx, functions[i].function, functions[i].name, functions[i].count));
  }
  JS_SetPropertyStr(ctx, board, "image",
                    JS_NewArrayBuffer(ctx, card_image, (size_t)(card_image_end - card_image), keep, NULL, 0));
  JS_SetPropertyStr(ctx, board, "flashPages", JS_NewUint32(ctx, BOARD_FLASH_PAGES));
  JS_SetPropertyStr(ctx, board, "flashPage", JS_NewUint32(ctx, BOARD_FLASH_PAGE));
  JS_SetPropertyStr(ctx, board, "flashGranule", JS_NewUint32(ctx, BOARD_FLASH_GRANULE));
  JS_SetPropertyStr(ctx, global, "board", board);
}

#ifdef TELL_FAULTS
/* For bring-up: the exception as text on UART 0. */
static void tell(JSContext *ctx) {
  JSValue exception = JS_GetException(ctx);
  const char *text = JS_ToCString(ctx, exception);
  for (const char *at = text == NULL ? "no text" : text; *at != 0; at++) uart_put(0, (uint8_t)*at);
  uart_put(0, '\n');
}
#else
static void tell(JSContext *ctx) { (void)ctx; }
#endif

/* Out of memory, or a fault of the program: nothing volatile can be trusted; the card's memory can. */
static void give_up(JSContext *ctx) {
  if (ctx != NULL) tell(ctx);
  board_reset();
}

/*
 * A message to the host (src/hal/firmware/board-messages.ts): EC 01, the bytes that the board has for the heap, a sentence, 00 00.
 * It ends as no response of a card does, and can be read on a terminal.
 */
static void say_short_of_memory(void) {
  char words[160];
  uint32_t room = heap_room();
  int length = sprintf(words, "this card needs more RAM than the %lu bytes that this board has for it", (unsigned long)room);
  uint32_t body = 2 + 4 + (uint32_t)length + 2;
  const uint8_t head[] = {body >> 8, body, 0xEC, 0x01, room >> 24, room >> 16, room >> 8, room};
  for (size_t i = 0; i < sizeof head; i++) uart_put(0, head[i]);
  for (int i = 0; i < length; i++) uart_put(0, (uint8_t)words[i]);
  uart_put(0, 0);
  uart_put(0, 0);
}

/* Starting anew would end here again: the board says why there is no card, and says it to each host that asks. */
static void stay_without_card(void) {
  say_short_of_memory();
  for (uint64_t said = microseconds();;) {
    uint8_t heard[64];
    size_t length = uart_take(0, heard, sizeof heard);
    if (length > 0 && microseconds() - said > 100000) {
      say_short_of_memory();
      said = microseconds();
    }
    watchdog_feed();
    if (length == 0) board_idle();
  }
}

/* Before there is a card. */
static void give_up_start(JSContext *ctx) {
  if (heap_was_short()) stay_without_card();
  give_up(ctx);
}

int main(void) {
  JSRuntime *runtime = JS_NewRuntime2(&heap_functions, NULL);
  JSContext *ctx = runtime == NULL ? NULL : JS_NewContextRaw(runtime);
  if (ctx == NULL) give_up_start(NULL);
  JS_SetMaxStackSize(runtime, (size_t)(__stack_top - __stack_bottom) - 2048);
  JS_SetMemoryLimit(runtime, (size_t)-1);
  /* What loading makes stays: looking for rings of garbage meanwhile would find nothing. */
  JS_SetGCThreshold(runtime, (size_t)-1);
  /* Before anything makes an atom: the program's own atoms then have the numbers that its bytecode names, and it stays in flash. */
  JSValue program = JS_ReadObject(ctx, card_program, card_program_size, JS_READ_OBJ_BYTECODE | JS_READ_OBJ_ROM_DATA);
  if (JS_IsException(program)) give_up_start(ctx);
  JS_AddIntrinsicBaseObjects(ctx);
  JS_AddIntrinsicMapSet(ctx);
  JS_AddIntrinsicTypedArrays(ctx);
  JS_AddIntrinsicPromise(ctx);
  JSValue global = JS_GetGlobalObject(ctx);
  fill_board(ctx, global);
  /* Also when the program went on without what it asked for: not all of it would be there. */
  if (JS_IsException(JS_EvalFunction(ctx, program)) || heap_was_short()) give_up_start(ctx);
  JSMemoryUsage usage;
  JS_ComputeMemoryUsage(runtime, &usage);
  JS_SetGCThreshold(runtime, (size_t)usage.malloc_size + HEAP_GARBAGE);
#ifdef HEAP_SPARE
  /* For tests: as if no more RAM were left than this. */
  JS_SetMemoryLimit(runtime, (size_t)usage.malloc_size + HEAP_SPARE);
#endif
  JSValue poll = JS_GetPropertyStr(ctx, global, "poll");
  for (;;) {
    JSValue busy = JS_Call(ctx, poll, global, 0, NULL);
    if (JS_IsException(busy)) give_up(ctx);
    int work = JS_ToBool(ctx, busy);
    JS_FreeValue(ctx, busy);
    JSContext *job;
    int done;
    while ((done = JS_ExecutePendingJob(runtime, &job)) > 0) work = 1;
    if (done < 0) give_up(ctx);
    watchdog_feed();
    if (!work) board_idle();
  }
}
