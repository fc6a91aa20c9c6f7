/*
 * The engine's heap. It makes some ten thousand blocks, nearly all of them small and of few sizes: these lie in slabs, each of
 * one size, without a header before each block. What is larger comes from the C library. The library takes RAM from the
 * bottom up, slabs from the top down, and so an address says which of the two a block is of.
 */
#include "heap.h"
#include "port.h"
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#define SLAB 1024u
/* What a JSValue needs. */
#define STEP 8u
#define LARGEST 128u
#define SIZES (LARGEST / STEP)

struct block {
  struct block *next;
};

/* At the start of its bytes; slabs lie at multiples of their size. */
struct slab {
  struct slab *next, *previous;
  struct block *free;
  uint16_t used, size;
};

/* The smallest block: two links of a slab fit into its header's padding, blocks begin behind it. */
#define HEADER ((sizeof(struct slab) + STEP - 1) / STEP * STEP)

static uint8_t *library_end = __heap_start;
static uint8_t *slabs_start;
/* Those with a free block, by size; and those without any block in use, which may become of any size. */
static struct slab *open_slabs[SIZES], *empty;
static int refused;

static uint8_t *heap_end(void) {
#ifdef HEAP_ROOM
  /* For tests: as if the board had no more RAM than this. */
  return __heap_start + HEAP_ROOM;
#else
  return __heap_end;
#endif
}

uint32_t heap_room(void) { return (uint32_t)(heap_end() - __heap_start); }
int heap_was_short(void) { return refused; }

static uint8_t *slabs(void) {
  if (slabs_start == NULL) slabs_start = (uint8_t *)((uintptr_t)heap_end() & ~(uintptr_t)(SLAB - 1));
  return slabs_start;
}

uint32_t heap_taken(void) { return (uint32_t)((library_end - __heap_start) + (heap_end() - slabs())); }

void *_sbrk(ptrdiff_t step) {
  if (step > slabs() - library_end || library_end + step < __heap_start) {
    refused = 1;
    errno = ENOMEM;
    return (void *)-1;
  }
  uint8_t *before = library_end;
  library_end += step;
  return before;
}

static int is_small(const void *block) { return (const uint8_t *)block >= slabs(); }
static struct slab *slab_of(const void *block) { return (struct slab *)((uintptr_t)block & ~(uintptr_t)(SLAB - 1)); }
static struct slab **open_of(const struct slab *slab) { return &open_slabs[slab->size / STEP - 1]; }

static void enter(struct slab **list, struct slab *slab) {
  slab->previous = NULL;
  slab->next = *list;
  if (*list != NULL) (*list)->previous = slab;
  *list = slab;
}

static void leave(struct slab **list, struct slab *slab) {
  if (slab->previous == NULL) *list = slab->next;
  else slab->previous->next = slab->next;
  if (slab->next != NULL) slab->next->previous = slab->previous;
}

static struct slab *new_slab(uint16_t size) {
  struct slab *slab = empty;
  if (slab != NULL) leave(&empty, slab);
  else {
    if (slabs() - library_end < (ptrdiff_t)SLAB) {
      refused = 1;
      return NULL;
    }
    slabs_start -= SLAB;
    slab = (struct slab *)slabs_start;
  }
  slab->used = 0;
  slab->size = size;
  slab->free = NULL;
  for (uint32_t at = HEADER; at + size <= SLAB; at += size) {
    struct block *block = (struct block *)((uint8_t *)slab + at);
    block->next = slab->free;
    slab->free = block;
  }
  enter(open_of(slab), slab);
  return slab;
}

static void *take(size_t size) {
  if (size > LARGEST) return malloc(size);
  uint16_t rounded = (uint16_t)((size + STEP - 1) / STEP * STEP);
  struct slab *slab = open_slabs[rounded / STEP - 1];
  if (slab == NULL && (slab = new_slab(rounded)) == NULL) return NULL;
  struct block *block = slab->free;
  slab->free = block->next;
  slab->used++;
  if (slab->free == NULL) leave(open_of(slab), slab);
  return block;
}

static void give_back(void *bytes) {
  if (!is_small(bytes)) {
    free(bytes);
    return;
  }
  struct slab *slab = slab_of(bytes);
  struct block *block = bytes;
  if (slab->free == NULL) enter(open_of(slab), slab);
  block->next = slab->free;
  slab->free = block;
  if (--slab->used > 0) return;
  leave(open_of(slab), slab);
  enter(&empty, slab);
}

static size_t usable(const void *block) { return is_small(block) ? slab_of(block)->size : malloc_usable_size((void *)block); }

static void *heap_malloc(JSMallocState *state, size_t size) {
  if (state->malloc_size + size > state->malloc_limit) return NULL;
  void *block = take(size);
  if (block == NULL) return NULL;
  state->malloc_count++;
  state->malloc_size += usable(block);
  return block;
}

static void heap_free(JSMallocState *state, void *block) {
  if (block == NULL) return;
  state->malloc_count--;
  state->malloc_size -= usable(block);
  give_back(block);
}

static void *heap_realloc(JSMallocState *state, void *block, size_t size) {
  if (block == NULL) return size == 0 ? NULL : heap_malloc(state, size);
  if (size == 0) {
    heap_free(state, block);
    return NULL;
  }
  size_t before = usable(block);
  if (state->malloc_size + size - before > state->malloc_limit) return NULL;
  void *after;
  if (is_small(block) || size <= LARGEST) {
    /* Within the slabs or across their border: another place, unless it would be one of the same size. */
    if (is_small(block) && size <= before && size + STEP > before) return block;
    if ((after = take(size)) == NULL) return NULL;
    memcpy(after, block, size < before ? size : before);
    give_back(block);
  } else if ((after = realloc(block, size)) == NULL) return NULL;
  state->malloc_size += usable(after) - before;
  return after;
}

const JSMallocFunctions heap_functions = {heap_malloc, heap_free, heap_realloc, usable};
