/*
 * What both programs share: bytes, data objects, and secure messaging (ISO/IEC 7816-4, BSI TR-03110-3 appendix F) over
 * the keys of libeac. Commands and answers of any length up to that of BUF_MEM; no command chaining under protection.
 */
#ifndef CHANNEL_H
#define CHANNEL_H

#include <eac/eac.h>
#include <openssl/buffer.h>
#include <stddef.h>

typedef unsigned char byte;

/* A copy of these bytes; ends the program when there is no memory. */
BUF_MEM *buffer(const void *data, size_t length);
/* Adds bytes at the end of a buffer. */
void append(BUF_MEM *to, const void *data, size_t length);
/* Adds a data object; the tag has one byte or two. */
void put(BUF_MEM *to, unsigned tag, const void *value, size_t length);
/* The value of an object among others, not inside of them: NULL when it is not there or the bytes are no objects. */
const byte *find(const byte *objects, size_t length, unsigned tag, size_t *value_length);
/* A whole file. Ends the program when it cannot be read. */
BUF_MEM *slurp(const char *path);
/* Digits to bytes; ends the program when they are none. */
BUF_MEM *from_hex(const char *digits);
void print_hex(const char *name, const void *data, size_t length);
/*
 * X of a point 04 X Y at its whole length, as BSI TR-03110-3 compresses a key. EAC_Comp of libeac leaves out zeros that X
 * begins with, so that every 256th signature is over other bytes than the other side's.
 */
BUF_MEM *compressed_key(const BUF_MEM *point);
/* Ends the program with exit code 2, a sentence, and what libcrypto has to say. */
void die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* A command APDU of any case. le: 0 none, else 1 to 65536. */
struct command {
    byte cla, ins, p1, p2;
    const byte *data;
    size_t nc, ne;
};
/* 1, or 0 when the bytes are no command. */
int parse_command(const byte *bytes, size_t length, struct command *command);
BUF_MEM *encode_command(const struct command *command);

/* The terminal's half. */
BUF_MEM *protect_command(EAC_CTX *ctx, const struct command *command);
/* Data and status word; NULL when the answer is not protected as it should be. */
BUF_MEM *open_response(EAC_CTX *ctx, const byte *bytes, size_t length);

/* The chip's half. The data of the plain command are kept in *plain. 0, or the status word of the refusal. */
unsigned open_command(EAC_CTX *ctx, const struct command *protected_one, struct command *command, BUF_MEM **plain);
/* Data and status word in, the whole answer out. */
BUF_MEM *protect_response(EAC_CTX *ctx, const byte *data, size_t length, unsigned status, int odd);

#endif
