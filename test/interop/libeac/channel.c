#include "channel.h"

#include <ctype.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    vfprintf(stderr, format, values);
    va_end(values);
    fputc('\n', stderr);
    ERR_print_errors_fp(stderr);
    exit(2);
}

BUF_MEM *buffer(const void *data, size_t length)
{
    BUF_MEM *made = BUF_MEM_new();
    if (!made)
        die("no memory");
    append(made, data, length);
    return made;
}

void append(BUF_MEM *to, const void *data, size_t length)
{
    size_t before = to->length;
    if (length == 0)
        return;
    if (!BUF_MEM_grow(to, before + length))
        die("no memory");
    memcpy(to->data + before, data, length);
}

static void append_length(BUF_MEM *to, size_t length)
{
    byte head[4] = {0x83, (byte)(length >> 16), (byte)(length >> 8), (byte)length};
    if (length < 0x80)
        append(to, head + 3, 1);
    else if (length < 0x100) {
        head[2] = 0x81;
        append(to, head + 2, 2);
    } else if (length < 0x10000) {
        head[1] = 0x82;
        append(to, head + 1, 3);
    } else
        append(to, head, 4);
}

void put(BUF_MEM *to, unsigned tag, const void *value, size_t length)
{
    byte bytes[2] = {(byte)(tag >> 8), (byte)tag};
    if (tag > 0xff)
        append(to, bytes, 2);
    else
        append(to, bytes + 1, 1);
    append_length(to, length);
    append(to, value, length);
}

const byte *find(const byte *objects, size_t length, unsigned tag, size_t *value_length)
{
    const byte *at = objects, *end = objects + length;
    while (at < end) {
        unsigned here = *at++;
        size_t size;
        if ((here & 0x1f) == 0x1f) {
            if (at == end)
                return NULL;
            here = here << 8 | *at++;
        }
        if (at == end)
            return NULL;
        size = *at++;
        if (size >= 0x80) {
            unsigned count = size & 0x7f;
            if (count == 0 || count > 3 || (size_t)(end - at) < count)
                return NULL;
            for (size = 0; count > 0; count--)
                size = size << 8 | *at++;
        }
        if ((size_t)(end - at) < size)
            return NULL;
        if (here == tag) {
            *value_length = size;
            return at;
        }
        at += size;
    }
    return NULL;
}

BUF_MEM *slurp(const char *path)
{
    byte part[4096];
    size_t got;
    BUF_MEM *all = buffer("", 0);
    FILE *file = fopen(path, "rb");
    if (!file)
        die("%s cannot be read", path);
    while ((got = fread(part, 1, sizeof part, file)) > 0)
        append(all, part, got);
    fclose(file);
    return all;
}

BUF_MEM *from_hex(const char *digits)
{
    BUF_MEM *bytes = buffer("", 0);
    size_t length = strlen(digits);
    if (length % 2 != 0)
        die("half a byte at the end of %s", digits);
    for (size_t i = 0; i < length; i += 2) {
        char pair[3] = {digits[i], digits[i + 1], 0};
        byte value = (byte)strtoul(pair, NULL, 16);
        if (!isxdigit((byte)pair[0]) || !isxdigit((byte)pair[1]))
            die("no hexadecimal digits: %s", digits);
        append(bytes, &value, 1);
    }
    return bytes;
}

BUF_MEM *compressed_key(const BUF_MEM *point)
{
    return buffer(point->data + 1, (point->length - 1) / 2);
}

void print_hex(const char *name, const void *data, size_t length)
{
    printf("%s ", name);
    for (size_t i = 0; i < length; i++)
        printf("%02X", ((const byte *)data)[i]);
    printf("\n");
    fflush(stdout);
}

int parse_command(const byte *bytes, size_t length, struct command *command)
{
    const byte *body = bytes + 4;
    size_t rest;
    if (length < 4)
        return 0;
    rest = length - 4;
    memset(command, 0, sizeof *command);
    command->cla = bytes[0];
    command->ins = bytes[1];
    command->p1 = bytes[2];
    command->p2 = bytes[3];
    if (rest == 0)
        return 1;
    if (rest == 1) {
        command->ne = body[0] == 0 ? 256 : body[0];
        return 1;
    }
    if (body[0] != 0) {
        command->nc = body[0];
        command->data = body + 1;
        if (rest == 1 + command->nc)
            return 1;
        if (rest != 2 + command->nc)
            return 0;
        command->ne = body[rest - 1] == 0 ? 256 : body[rest - 1];
        return 1;
    }
    if (rest < 3)
        return 0;
    if (rest == 3) {
        command->ne = body[1] << 8 | body[2];
        if (command->ne == 0)
            command->ne = 65536;
        return 1;
    }
    command->nc = body[1] << 8 | body[2];
    command->data = body + 3;
    if (rest == 3 + command->nc)
        return 1;
    if (rest != 5 + command->nc)
        return 0;
    command->ne = body[rest - 2] << 8 | body[rest - 1];
    if (command->ne == 0)
        command->ne = 65536;
    return 1;
}

BUF_MEM *encode_command(const struct command *command)
{
    byte head[4] = {command->cla, command->ins, command->p1, command->p2};
    byte le[2] = {(byte)(command->ne >> 8), (byte)command->ne};
    int extended = command->nc > 255 || command->ne > 256;
    BUF_MEM *bytes = buffer(head, 4);
    if (command->nc > 0) {
        byte lc[3] = {0, (byte)(command->nc >> 8), (byte)command->nc};
        if (extended)
            append(bytes, lc, 3);
        else
            append(bytes, lc + 2, 1);
        append(bytes, command->data, command->nc);
    }
    if (command->ne > 0 && extended) {
        if (command->nc == 0)
            append(bytes, "", 1);
        append(bytes, le, 2);
    } else if (command->ne > 0)
        append(bytes, le + 1, 1);
    return bytes;
}

/* Padded, encrypted, with the padding indicator before it where the instruction is even. */
static void put_cryptogram(EAC_CTX *ctx, BUF_MEM *to, const void *data, size_t length, int odd)
{
    BUF_MEM *plain = buffer(data, length), *padded = EAC_add_iso_pad(ctx, plain), *secret;
    BUF_MEM *value = buffer("\x01", odd ? 0 : 1);
    if (!padded || !(secret = EAC_encrypt(ctx, padded)))
        die("cannot encrypt");
    append(value, secret->data, secret->length);
    put(to, odd ? 0x85 : 0x87, value->data, value->length);
    BUF_MEM_clear_free(plain);
    BUF_MEM_clear_free(padded);
    BUF_MEM_free(secret);
    BUF_MEM_free(value);
}

static BUF_MEM *open_cryptogram(EAC_CTX *ctx, const byte *value, size_t length, int odd)
{
    BUF_MEM *secret, *padded, *plain;
    if (!odd && (length == 0 || value[0] != 0x01))
        return NULL;
    secret = buffer(value + !odd, length - !odd);
    padded = EAC_decrypt(ctx, secret);
    BUF_MEM_free(secret);
    if (!padded)
        return NULL;
    plain = EAC_remove_iso_pad(padded);
    BUF_MEM_clear_free(padded);
    return plain;
}

/* MAC over header (padded, of a command only) and objects (padded, where there are any); libeac puts the counter before. */
static BUF_MEM *mac_input(EAC_CTX *ctx, const byte *header, const byte *objects, size_t length)
{
    BUF_MEM *input = buffer("", 0);
    if (header) {
        BUF_MEM *plain = buffer(header, 4), *padded = EAC_add_iso_pad(ctx, plain);
        append(input, padded->data, padded->length);
        BUF_MEM_free(plain);
        BUF_MEM_free(padded);
    }
    if (length > 0) {
        BUF_MEM *plain = buffer(objects, length), *padded = EAC_add_iso_pad(ctx, plain);
        append(input, padded->data, padded->length);
        BUF_MEM_free(plain);
        BUF_MEM_free(padded);
    }
    return input;
}

static void put_mac(EAC_CTX *ctx, const byte *header, BUF_MEM *objects)
{
    BUF_MEM *input = mac_input(ctx, header, (byte *)objects->data, objects->length);
    BUF_MEM *mac = EAC_authenticate(ctx, input);
    if (!mac || mac->length < 8)
        die("cannot authenticate");
    put(objects, 0x8e, mac->data, 8);
    BUF_MEM_free(input);
    BUF_MEM_free(mac);
}

/* Object 8E is the last one, and its MAC is that of everything before it. */
static int mac_holds(EAC_CTX *ctx, const byte *header, const byte *objects, size_t length)
{
    size_t size;
    const byte *mac = find(objects, length, 0x8e, &size);
    BUF_MEM *input, *given;
    int holds;
    if (!mac || size != 8 || mac + size != objects + length)
        return 0;
    input = mac_input(ctx, header, objects, length - 10);
    given = buffer(mac, 8);
    holds = EAC_verify_authentication(ctx, input, given) == 1;
    BUF_MEM_free(input);
    BUF_MEM_free(given);
    return holds;
}

BUF_MEM *protect_command(EAC_CTX *ctx, const struct command *command)
{
    byte header[4] = {command->cla | 0x0c, command->ins, command->p1, command->p2};
    BUF_MEM *objects = buffer("", 0), *bytes;
    struct command whole = {header[0], header[1], header[2], header[3], NULL, 0, 256};
    if (!EAC_increment_ssc(ctx))
        die("no counter");
    if (command->nc > 0)
        put_cryptogram(ctx, objects, command->data, command->nc, command->ins & 1);
    if (command->ne > 0) {
        byte le[2] = {(byte)(command->ne >> 8), (byte)command->ne};
        if (command->ne > 256)
            put(objects, 0x97, le, 2);
        else
            put(objects, 0x97, le + 1, 1);
    }
    put_mac(ctx, header, objects);
    whole.data = (byte *)objects->data;
    whole.nc = objects->length;
    if (whole.nc > 255 || command->ne > 256)
        whole.ne = 65536;
    bytes = encode_command(&whole);
    BUF_MEM_free(objects);
    return bytes;
}

BUF_MEM *open_response(EAC_CTX *ctx, const byte *bytes, size_t length)
{
    size_t size, status_size;
    const byte *status, *value;
    BUF_MEM *answer;
    if (!EAC_increment_ssc(ctx) || length < 2)
        return NULL;
    length -= 2;
    status = find(bytes, length, 0x99, &status_size);
    if (!status || status_size != 2 || !mac_holds(ctx, NULL, bytes, length))
        return NULL;
    if ((value = find(bytes, length, 0x87, &size)))
        answer = open_cryptogram(ctx, value, size, 0);
    else if ((value = find(bytes, length, 0x85, &size)))
        answer = open_cryptogram(ctx, value, size, 1);
    else
        answer = buffer("", 0);
    if (answer)
        append(answer, status, 2);
    return answer;
}

unsigned open_command(EAC_CTX *ctx, const struct command *protected_one, struct command *command, BUF_MEM **plain)
{
    byte header[4] = {protected_one->cla, protected_one->ins, protected_one->p1, protected_one->p2};
    const byte *objects = protected_one->data, *value;
    size_t length = protected_one->nc, size;
    if (!EAC_increment_ssc(ctx))
        return 0x6f00;
    if (!find(objects, length, 0x8e, &size))
        return 0x6987;
    if (!mac_holds(ctx, header, objects, length))
        return 0x6988;
    *command = *protected_one;
    command->cla &= ~0x0c;
    command->ne = command->nc = 0;
    command->data = NULL;
    *plain = NULL;
    if ((value = find(objects, length, protected_one->ins & 1 ? 0x85 : 0x87, &size))) {
        if (!(*plain = open_cryptogram(ctx, value, size, protected_one->ins & 1)))
            return 0x6988;
        command->data = (byte *)(*plain)->data;
        command->nc = (*plain)->length;
    }
    if ((value = find(objects, length, 0x97, &size))) {
        for (size_t i = 0; i < size; i++)
            command->ne = command->ne << 8 | value[i];
        if (command->ne == 0)
            command->ne = size == 1 ? 256 : 65536;
    }
    return 0;
}

BUF_MEM *protect_response(EAC_CTX *ctx, const byte *data, size_t length, unsigned status, int odd)
{
    byte word[2] = {(byte)(status >> 8), (byte)status};
    BUF_MEM *answer = buffer("", 0);
    if (!EAC_increment_ssc(ctx))
        die("no counter");
    if (length > 0)
        put_cryptogram(ctx, answer, data, length, odd);
    put(answer, 0x99, word, 2);
    put_mac(ctx, NULL, answer);
    append(answer, word, 2);
    return answer;
}
