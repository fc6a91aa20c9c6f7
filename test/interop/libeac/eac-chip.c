/*
 * A chip of extended access control version 2 out of libeac, for a virtual reader (vpcd).
 *
 *     eac-chip HOST PORT FOLDER CAN PIN
 *
 * FOLDER has `card-access`, `card-security`, `root.cvc` (the trust point, with its domain parameters), `chip.pkcs8` (the
 * private key of chip authentication), and `secret` (what only an authenticated terminal may read).
 *
 * | file | SFI | may be read |
 * |---|---|---|
 * | EF.CardAccess | 1C | always |
 * | EF.CardSecurity | 1D | in the channel of PACE |
 * | `secret` | 05 | after PACE, terminal and chip authentication, with the right to read data group 4 |
 *
 * It prints one line for each thing that happened. SELECT answers 9000 to everything.
 */
#include "channel.h"

#include <eac/ca.h>
#include <eac/cv_cert.h>
#include <eac/objects.h>
#include <eac/pace.h>
#include <eac/ta.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const byte ATR[] = {0x3b, 0x80, 0x80, 0x01, 0x01};

struct files {
    BUF_MEM *card_access, *card_security, *root, *chip_key, *secret;
    const char *can, *pin;
};

/* What a reset forgets. */
struct state {
    EAC_CTX *ctx;
    PACE_SEC *password;
    BUF_MEM *my_ephemeral, *other_ephemeral;
    BUF_MEM *compressed_key, *auxiliary;
    BUF_MEM *chat;
    const BUF_MEM *current;
    int step;
    int channel, terminal, chip;
};

static void say(const char *what)
{
    puts(what);
    fflush(stdout);
}

static void forget(struct state *s)
{
    if (s->ctx)
        EAC_CTX_clear_free(s->ctx);
    if (s->password)
        PACE_SEC_clear_free(s->password);
    BUF_MEM_free(s->my_ephemeral);
    BUF_MEM_free(s->other_ephemeral);
    BUF_MEM_free(s->compressed_key);
    BUF_MEM_free(s->auxiliary);
    BUF_MEM_free(s->chat);
    memset(s, 0, sizeof *s);
}

static unsigned set_pace(struct state *s, const struct files *f, const byte *data, size_t length)
{
    size_t size, chat_size;
    const byte *reference = find(data, length, 0x83, &size);
    const byte *chat = find(data, length, 0x7f4c, &chat_size);
    if (!reference || size != 1 || (*reference != PACE_CAN && *reference != PACE_PIN))
        return 0x6a88;
    forget(s);
    s->ctx = EAC_CTX_new();
    s->ctx->tr_version = EAC_TR_VERSION_2_02;
    if (!EAC_CTX_init_ef_cardaccess((byte *)f->card_access->data, f->card_access->length, s->ctx))
        die("EF.CardAccess is not understood");
    s->password = *reference == PACE_CAN ? PACE_SEC_new(f->can, strlen(f->can), PACE_CAN)
                                         : PACE_SEC_new(f->pin, strlen(f->pin), PACE_PIN);
    if (chat)
        s->chat = buffer(chat, chat_size);
    s->step = 1;
    return 0x9000;
}

/* The steps of PACE, one GENERAL AUTHENTICATE each. */
static unsigned pace(struct state *s, const struct files *f, const byte *data, size_t length, BUF_MEM *out)
{
    size_t size;
    const byte *value;
    BUF_MEM *in = NULL, *answer = NULL, *more = NULL;
    unsigned tag = 0x80 + 2 * s->step - 2;
    switch (s->step) {
        case 1:
            answer = PACE_STEP1_enc_nonce(s->ctx, s->password);
            break;
        case 2:
            if (!(value = find(data, length, 0x81, &size)))
                return 0x6a80;
            in = buffer(value, size);
            if ((answer = PACE_STEP3A_generate_mapping_data(s->ctx)) && !PACE_STEP3A_map_generator(s->ctx, in))
                return 0x6300;
            break;
        case 3:
            if (!(value = find(data, length, 0x83, &size)))
                return 0x6a80;
            s->other_ephemeral = buffer(value, size);
            answer = PACE_STEP3B_generate_ephemeral_key(s->ctx);
            if (!answer || !PACE_STEP3B_compute_shared_secret(s->ctx, s->other_ephemeral))
                return 0x6300;
            s->my_ephemeral = buffer(answer->data, answer->length);
            break;
        default:
            if (!(value = find(data, length, 0x85, &size)))
                return 0x6a80;
            in = buffer(value, size);
            if (!PACE_STEP3C_derive_keys(s->ctx))
                return 0x6f00;
            answer = PACE_STEP3D_compute_authentication_token(s->ctx, s->other_ephemeral);
            if (!answer || PACE_STEP3D_verify_authentication_token(s->ctx, in) != 1) {
                say("pace refused");
                forget(s);
                return 0x6300;
            }
            CVC_CERT *root;
            const byte *bytes = (byte *)f->root->data;
            if (!(root = CVC_d2i_CVC_CERT(NULL, &bytes, f->root->length)))
                die("root.cvc is no certificate");
            more = buffer("", 0);
            put(more, 0x87, root->body->certificate_holder_reference->data,
                root->body->certificate_holder_reference->length);
            CVC_CERT_free(root);
    }
    if (!answer)
        return 0x6f00;
    BUF_MEM *objects = buffer("", 0);
    put(objects, tag, answer->data, answer->length);
    if (more)
        append(objects, more->data, more->length);
    put(out, 0x7c, objects->data, objects->length);
    BUF_MEM_free(objects);
    BUF_MEM_free(in);
    BUF_MEM_free(answer);
    BUF_MEM_free(more);
    if (++s->step == 5) {
        if (!EAC_CTX_set_encryption_ctx(s->ctx, EAC_ID_PACE))
            die("no keys");
        s->channel = 1;
        s->step = 0;
        if (!EAC_CTX_init_ta(s->ctx, NULL, 0, (byte *)f->root->data, f->root->length))
            die("terminal authentication cannot be prepared");
        /* Of the domain parameters that EF.CardAccess names for PACE: the chip's key is on the same curve. */
        if (!EAC_CTX_init_ca(s->ctx, NID_id_CA_ECDH_AES_CBC_CMAC_128, 13) ||
            !CA_set_key(s->ctx, (byte *)f->chip_key->data, f->chip_key->length, NULL, 0))
            die("chip authentication cannot be prepared");
        say("pace done");
    }
    return 0x9000;
}

static unsigned set_terminal(struct state *s, const byte *data, size_t length)
{
    size_t size;
    const byte *key = find(data, length, 0x91, &size), *auxiliary;
    if (!s->channel || !key)
        return 0x6a80;
    BUF_MEM_free(s->compressed_key);
    s->compressed_key = buffer(key, size);
    if ((auxiliary = find(data, length, 0x67, &size))) {
        BUF_MEM_free(s->auxiliary);
        s->auxiliary = buffer("", 0);
        put(s->auxiliary, 0x67, auxiliary, size);
    }
    return 0x9000;
}

static unsigned verify_certificate(struct state *s, const byte *data, size_t length)
{
    BUF_MEM *certificate = buffer("", 0);
    int good;
    put(certificate, 0x7f21, data, length);
    good = s->channel && TA_STEP2_import_certificate(s->ctx, (byte *)certificate->data, certificate->length) == 1;
    BUF_MEM_free(certificate);
    say(good ? "certificate accepted" : "certificate refused");
    return good ? 0x9000 : 0x6300;
}

static unsigned external_authenticate(struct state *s, const byte *data, size_t length)
{
    BUF_MEM *signature, *id_picc;
    int good;
    if (!s->channel || !s->compressed_key)
        return 0x6985;
    signature = buffer(data, length);
    id_picc = compressed_key(s->my_ephemeral);
    good = TA_STEP6_verify(s->ctx, s->compressed_key, id_picc, s->auxiliary, signature) == 1;
    BUF_MEM_free(signature);
    BUF_MEM_free(id_picc);
    s->terminal = good;
    say(good ? "terminal authenticated" : "terminal refused");
    return good ? 0x9000 : 0x6300;
}

/* *switch_keys: after the answer has gone under the old ones. */
static unsigned chip_authentication(struct state *s, const byte *data, size_t length, BUF_MEM *out, int *switch_keys)
{
    size_t size;
    const byte *value = find(data, length, 0x80, &size);
    BUF_MEM *key, *x, *nonce = NULL, *token = NULL, *objects;
    if (!value || size < 3)
        return 0x6a80;
    key = buffer(value, size);
    x = compressed_key(key);
    if (!s->terminal || x->length != s->compressed_key->length ||
        memcmp(x->data, s->compressed_key->data, x->length) != 0 ||
        !CA_STEP4_compute_shared_secret(s->ctx, key) || !CA_STEP5_derive_keys(s->ctx, key, &nonce, &token)) {
        BUF_MEM_free(key);
        say("chip authentication refused");
        return 0x6300;
    }
    objects = buffer("", 0);
    put(objects, 0x81, nonce->data, nonce->length);
    put(objects, 0x82, token->data, token->length);
    put(out, 0x7c, objects->data, objects->length);
    BUF_MEM_free(key);
    BUF_MEM_free(nonce);
    BUF_MEM_free(token);
    BUF_MEM_free(objects);
    s->step = 0;
    *switch_keys = 1;
    return 0x9000;
}

/* Whether both the terminal's certificate and the CHAT of PACE have bit 11, the right to read data group 4. */
static int may_read_secret(const struct state *s)
{
    size_t size;
    const byte *asked;
    const CVC_CERT *terminal = s->chip ? s->ctx->ta_ctx->current_cert : NULL;
    if (!terminal || !s->chat || !(asked = find((byte *)s->chat->data, s->chat->length, 0x53, &size)) || size != 5)
        return 0;
    const ASN1_OCTET_STRING *granted = terminal->body->chat->relative_authorization;
    return granted->length == 5 && (granted->data[3] & asked[3] & 0x08) != 0;
}

static unsigned read_binary(struct state *s, const struct files *f, const struct command *c, BUF_MEM *out)
{
    size_t offset = c->p1 << 8 | c->p2, length;
    if (c->p1 & 0x80) {
        int sfi = c->p1 & 0x1f;
        offset = c->p2;
        s->current = sfi == 0x1c ? f->card_access : sfi == 0x1d ? f->card_security : sfi == 0x05 ? f->secret : NULL;
    }
    if (!s->current)
        return 0x6a82;
    if ((s->current == f->card_security && !s->channel) || (s->current == f->secret && !may_read_secret(s)))
        return 0x6982;
    if (offset >= s->current->length)
        return 0x6b00;
    length = s->current->length - offset;
    append(out, s->current->data + offset, c->ne < length ? c->ne : length);
    return c->ne > length ? 0x6282 : 0x9000;
}

static unsigned execute(struct state *s, const struct files *f, const struct command *c, BUF_MEM *out, int *switch_keys)
{
    size_t size;
    const byte *objects;
    switch (c->ins) {
        case 0xa4:
            return 0x9000;
        case 0xb0:
            return read_binary(s, f, c, out);
        case 0x22:
            switch (c->p1 << 8 | c->p2) {
                case 0xc1a4:
                    return set_pace(s, f, c->data, c->nc);
                case 0x81b6:
                    return s->channel ? 0x9000 : 0x6985;
                case 0x81a4:
                    return set_terminal(s, c->data, c->nc);
                case 0x41a4:
                    s->step = 6;
                    return s->terminal ? 0x9000 : 0x6985;
            }
            return 0x6a86;
        case 0x2a:
            return verify_certificate(s, c->data, c->nc);
        case 0x84: {
            BUF_MEM *nonce = s->channel ? TA_STEP4_get_nonce(s->ctx) : NULL;
            if (!nonce)
                return 0x6985;
            append(out, nonce->data, nonce->length);
            BUF_MEM_free(nonce);
            return 0x9000;
        }
        case 0x82:
            return external_authenticate(s, c->data, c->nc);
        case 0x86:
            if (!(objects = find(c->data, c->nc, 0x7c, &size)) || s->step == 0)
                return 0x6985;
            return s->step == 6 ? chip_authentication(s, objects, size, out, switch_keys)
                                : pace(s, f, objects, size, out);
    }
    return 0x6d00;
}

static BUF_MEM *answer_to(struct state *s, const struct files *f, const byte *bytes, size_t length)
{
    struct command outer, inner;
    BUF_MEM *plain = NULL, *out = buffer("", 0), *answer;
    unsigned status;
    int switch_keys = 0, secure;
    if (!parse_command(bytes, length, &outer))
        return buffer("\x67\x00", 2);
    secure = (outer.cla & 0x0c) == 0x0c;
    inner = outer;
    if (secure && !s->channel)
        return buffer("\x68\x82", 2);
    if (secure && (status = open_command(s->ctx, &outer, &inner, &plain)) != 0) {
        byte word[2] = {(byte)(status >> 8), (byte)status};
        say("protection refused");
        forget(s);
        return buffer(word, 2);
    }
    if (!secure && s->channel) {
        say("channel left");
        forget(s);
    }
    status = execute(s, f, &inner, out, &switch_keys);
    if (secure) {
        answer = protect_response(s->ctx, (byte *)out->data, out->length, status, inner.ins & 1);
    } else {
        byte word[2] = {(byte)(status >> 8), (byte)status};
        answer = buffer(out->data, out->length);
        append(answer, word, 2);
    }
    if (switch_keys) {
        if (!EAC_CTX_set_encryption_ctx(s->ctx, EAC_ID_CA))
            die("no new keys");
        s->chip = 1;
        say("chip authenticated");
    }
    BUF_MEM_free(out);
    BUF_MEM_clear_free(plain);
    return answer;
}

static void receive(int wire, byte *to, size_t length)
{
    while (length > 0) {
        ssize_t got = read(wire, to, length);
        if (got <= 0)
            exit(0);
        to += got;
        length -= (size_t)got;
    }
}

static void send_message(int wire, const void *data, size_t length)
{
    byte head[2] = {(byte)(length >> 8), (byte)length};
    BUF_MEM *message = buffer(head, 2);
    append(message, data, length);
    if (write(wire, message->data, message->length) != (ssize_t)message->length)
        exit(0);
    BUF_MEM_free(message);
}

static int connect_to(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    int wire = -1;
    if (getaddrinfo(host, port, &hints, &found) != 0)
        die("%s is not known", host);
    for (struct addrinfo *at = found; at; at = at->ai_next) {
        wire = socket(at->ai_family, at->ai_socktype, at->ai_protocol);
        if (wire >= 0 && connect(wire, at->ai_addr, at->ai_addrlen) == 0)
            break;
        close(wire);
        wire = -1;
    }
    freeaddrinfo(found);
    if (wire < 0)
        die("nobody listens at %s:%s", host, port);
    return wire;
}

static BUF_MEM *file_of(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return slurp(path);
}

int main(int count, char **values)
{
    static byte message[65536];
    struct state state = {0};
    struct files files;
    int wire;
    if (count != 6)
        die("usage: eac-chip HOST PORT FOLDER CAN PIN");
    EAC_init();
    files.card_access = file_of(values[3], "card-access");
    files.card_security = file_of(values[3], "card-security");
    files.root = file_of(values[3], "root.cvc");
    files.chip_key = file_of(values[3], "chip.pkcs8");
    files.secret = file_of(values[3], "secret");
    files.can = values[4];
    files.pin = values[5];
    wire = connect_to(values[1], values[2]);
    say("ready");
    for (;;) {
        byte head[2];
        size_t length;
        receive(wire, head, 2);
        length = head[0] << 8 | head[1];
        receive(wire, message, length);
        if (length == 1) {
            /* 0 power off, 1 power on, 2 reset, 4 the ATR is wanted */
            if (message[0] <= 2) {
                forget(&state);
                say(message[0] == 0 ? "power off" : "power on");
            } else
                send_message(wire, ATR, sizeof ATR);
            continue;
        }
        BUF_MEM *answer = answer_to(&state, &files, message, length);
        send_message(wire, answer->data, answer->length);
        BUF_MEM_free(answer);
    }
}
