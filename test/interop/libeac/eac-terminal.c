/*
 * A terminal of extended access control version 2 out of libeac, over PC/SC.
 *
 *     eac-terminal READER
 *
 * does what it reads from standard input, a line each, and prints a line for each:
 *
 * | line | does | prints |
 * |---|---|---|
 * | `send HEX` | sends a command, protected in a channel | `answer HEX`; `no answer`: not protected as it should be |
 * | `plain HEX` | sends a command as it is, whatever channel there is | `answer HEX` |
 * | `reset` | resets the card | `reset` |
 * | `pace REFERENCE PASSWORD [CHAT]` | reads EF.CardAccess, opens the channel; REFERENCE as in 83, CHAT the value of 7F4C | `pace done` and the authorities, `pace refused SW`, `pace incorrect` |
 * | `signers FOLDER` | where the certificates of those who sign EF.CardSecurity are | |
 * | `security [FID]` | reads EF.CardSecurity and checks who signed it | `security good`, `bad` or `unreadable` |
 * | `ta PARAMETERS KEY CERTIFICATE...` | terminal authentication; the number of the chip's domain parameters, and files | `ta done`, `ta refused SW at WHAT` |
 * | `ca [KEYID]` | chip authentication with the key of EF.CardSecurity | `ca done`, `ca refused SW`, `ca incorrect` |
 */
#include "channel.h"

#include <eac/ca.h>
#include <eac/cv_cert.h>
#include <eac/objects.h>
#include <eac/pace.h>
#include <eac/ta.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <winscard.h>

static SCARDHANDLE card;
static DWORD protocol;
static EAC_CTX *ctx;
static int channel;
static BUF_MEM *chip_ephemeral, *terminal_ephemeral, *chip_key;

static unsigned status_of(const BUF_MEM *answer)
{
    const byte *end = (byte *)answer->data + answer->length;
    return answer->length < 2 ? 0 : end[-2] << 8 | end[-1];
}

static BUF_MEM *transmit(const BUF_MEM *command)
{
    static byte part[65538];
    DWORD length = sizeof part;
    LONG result = SCardTransmit(card, protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1,
                                (byte *)command->data, command->length, NULL, part, &length);
    BUF_MEM *answer = buffer("", 0);
    while (result == SCARD_S_SUCCESS && length >= 2 && part[length - 2] == 0x61) {
        /* The rest of an answer that was too long for a short Le: fetched as it is, whatever is protected. */
        byte get_response[5] = {0x00, 0xc0, 0x00, 0x00, part[length - 1]};
        append(answer, part, length - 2);
        length = sizeof part;
        result = SCardTransmit(card, protocol == SCARD_PROTOCOL_T0 ? SCARD_PCI_T0 : SCARD_PCI_T1, get_response,
                               sizeof get_response, NULL, part, &length);
    }
    if (result != SCARD_S_SUCCESS)
        die("SCardTransmit: %s", pcsc_stringify_error(result));
    append(answer, part, length);
    return answer;
}

static void leave(void)
{
    if (ctx)
        EAC_CTX_clear_free(ctx);
    ctx = NULL;
    channel = 0;
}

/* In the channel when there is one. NULL: the answer was not protected as it should be. */
static BUF_MEM *exchange(const struct command *command)
{
    BUF_MEM *bytes = channel ? protect_command(ctx, command) : encode_command(command);
    BUF_MEM *answer = transmit(bytes);
    BUF_MEM_free(bytes);
    if (channel) {
        BUF_MEM *plain = open_response(ctx, (byte *)answer->data, answer->length);
        BUF_MEM_free(answer);
        answer = plain;
    }
    return answer;
}

/* The same; an answer that is not believed is empty, and its status word 0. Takes the data. */
static BUF_MEM *ask(byte cla, byte ins, byte p1, byte p2, BUF_MEM *data, size_t ne)
{
    struct command one = {cla, ins, p1, p2, data ? (byte *)data->data : NULL, data ? data->length : 0, ne};
    BUF_MEM *answer = exchange(&one);
    BUF_MEM_free(data);
    return answer ? answer : buffer("", 0);
}

/* The status word alone. */
static unsigned tell(byte ins, byte p1, byte p2, BUF_MEM *data)
{
    BUF_MEM *answer = ask(0, ins, p1, p2, data, 0);
    unsigned status = status_of(answer);
    BUF_MEM_free(answer);
    return status;
}

/* A transparent EF by its short identifier, or with 0 the one that is selected; NULL when it cannot be read. */
static BUF_MEM *read_file(byte sfi)
{
    BUF_MEM *all = buffer("", 0), *answer = ask(0, 0xb0, sfi ? 0x80 | sfi : 0, 0, NULL, 256);
    while (status_of(answer) == 0x9000 || status_of(answer) == 0x6282) {
        size_t got = answer->length - 2;
        append(all, answer->data, got);
        BUF_MEM_free(answer);
        if (got == 0)
            return all;
        answer = ask(0, 0xb0, (byte)(all->length >> 8), (byte)all->length, NULL, 256);
    }
    BUF_MEM_free(answer);
    return all->length > 0 ? all : NULL;
}

/* GENERAL AUTHENTICATE with one object or none; gives the objects of the answer, or NULL and why. */
static BUF_MEM *authenticate(unsigned tag, const BUF_MEM *value, int more, unsigned *status)
{
    BUF_MEM *objects = buffer("", 0), *data = buffer("", 0), *answer, *found = NULL;
    size_t size;
    const byte *template;
    if (value)
        put(objects, tag, value->data, value->length);
    put(data, 0x7c, objects->data, objects->length);
    answer = ask(more ? 0x10 : 0, 0x86, 0, 0, data, 256);
    *status = status_of(answer);
    if (*status == 0x9000 && (template = find((byte *)answer->data, answer->length - 2, 0x7c, &size)))
        found = buffer(template, size);
    BUF_MEM_free(objects);
    BUF_MEM_free(answer);
    return found;
}

/* A copy of one of them; ends the program when the card left it out. */
static BUF_MEM *object_of(const BUF_MEM *objects, unsigned tag)
{
    size_t size;
    const byte *value = find((byte *)objects->data, objects->length, tag, &size);
    if (!value)
        die("the card's answer has no object %02X", tag);
    return buffer(value, size);
}

/* Puts the protocol of the first PACEInfo: SET { SEQUENCE { OBJECT IDENTIFIER, ... } ... }. */
static void put_pace_protocol(BUF_MEM *to, const BUF_MEM *card_access)
{
    static const byte ARC[] = {0x04, 0x00, 0x7f, 0x00, 0x07, 0x02, 0x02, 0x04};
    size_t size, body, length;
    const byte *info = find((byte *)card_access->data, card_access->length, 0x31, &size);
    const byte *end = info ? info + size : NULL, *value, *oid;
    while (info < end && (value = find(info, (size_t)(end - info), 0x30, &body))) {
        if ((oid = find(value, body, 0x06, &length)) && length == 10 && memcmp(oid, ARC, sizeof ARC) == 0) {
            put(to, 0x80, oid, length);
            return;
        }
        info = value + body;
    }
    die("EF.CardAccess offers no PACE");
}

static void pace(byte reference, const char *password, const char *chat)
{
    BUF_MEM *card_access, *data = buffer("", 0), *mine, *objects;
    PACE_SEC *secret = PACE_SEC_new(password, strlen(password), (enum s_type)reference);
    unsigned status;
    size_t size;
    const byte *authority;
    leave();
    if (!(card_access = read_file(0x1c)))
        die("EF.CardAccess cannot be read");
    ctx = EAC_CTX_new();
    ctx->tr_version = EAC_TR_VERSION_2_02;
    if (!EAC_CTX_init_ef_cardaccess((byte *)card_access->data, card_access->length, ctx))
        die("EF.CardAccess is not understood");
    put_pace_protocol(data, card_access);
    put(data, 0x83, &reference, 1);
    if (chat) {
        BUF_MEM *value = from_hex(chat);
        put(data, 0x7f4c, value->data, value->length);
        BUF_MEM_free(value);
    }
    status = tell(0x22, 0xc1, 0xa4, data);
    if (status != 0x9000 && (status & 0xfff0) != 0x63c0)
        goto refused;
    if (!(objects = authenticate(0, NULL, 1, &status)))
        goto refused;
    if (!PACE_STEP2_dec_nonce(ctx, secret, object_of(objects, 0x80)) ||
        !(mine = PACE_STEP3A_generate_mapping_data(ctx)))
        die("the nonce cannot be mapped");
    if (!(objects = authenticate(0x81, mine, 1, &status)))
        goto refused;
    if (!PACE_STEP3A_map_generator(ctx, object_of(objects, 0x82)) ||
        !(mine = PACE_STEP3B_generate_ephemeral_key(ctx)))
        die("no ephemeral key");
    if (!(objects = authenticate(0x83, mine, 1, &status)))
        goto refused;
    chip_ephemeral = object_of(objects, 0x84);
    if (!PACE_STEP3B_compute_shared_secret(ctx, chip_ephemeral) || !PACE_STEP3C_derive_keys(ctx) ||
        !(mine = PACE_STEP3D_compute_authentication_token(ctx, chip_ephemeral)))
        die("no keys");
    if (!(objects = authenticate(0x85, mine, 0, &status)))
        goto refused;
    if (PACE_STEP3D_verify_authentication_token(ctx, object_of(objects, 0x86)) != 1) {
        printf("pace incorrect\n");
        leave();
        return;
    }
    if (!EAC_CTX_set_encryption_ctx(ctx, EAC_ID_PACE))
        die("no channel");
    channel = 1;
    printf("pace done");
    for (unsigned tag = 0x87; tag <= 0x88; tag++)
        if ((authority = find((byte *)objects->data, objects->length, tag, &size)))
            printf(" %.*s", (int)size, authority);
    printf("\n");
    return;
refused:
    printf("pace refused %04X\n", status);
    leave();
}

/* fid: its file identifier, where another file has the short identifier 1D; NULL: by that. */
static void security(const char *fid)
{
    BUF_MEM *file, *name = fid ? from_hex(fid) : NULL;
    if (name && tell(0xa4, 0x02, 0x0c, name) != 0x9000)
        die("EF.CardSecurity cannot be selected");
    file = read_file(fid ? 0 : 0x1d);
    /*
     * Signers are looked up only by a context that has one for chip authentication before: CA_get_pubkey alone makes a
     * new one and looks at no signature. The parameters do not matter here.
     */
    EAC_CTX *own = EAC_CTX_new();
    if (!EAC_CTX_init_ca(own, NID_id_CA_ECDH_AES_CBC_CMAC_128, 13))
        die("no context");
    BUF_MEM_free(chip_key);
    chip_key = NULL;
    if (file && EAC_CTX_init_ef_cardsecurity((byte *)file->data, file->length, own))
        chip_key = CA_get_pubkey(own, (byte *)file->data, file->length);
    printf("security %s\n", chip_key ? "good" : file ? "bad" : "unreadable");
    EAC_CTX_clear_free(own);
    BUF_MEM_free(file);
}

static void terminal_authentication(int parameters, const char *key_file, char **files, int count)
{
    BUF_MEM *key = slurp(key_file), *file = NULL, *data, *answer, *compressed, *signature;
    CVC_CERT *certificate = NULL;
    const char *what = "";
    unsigned status = 0;
    size_t size;
    for (int i = 0; i < count; i++) {
        const byte *bytes, *body;
        file = slurp(files[i]);
        bytes = (byte *)file->data;
        if (!(certificate = CVC_d2i_CVC_CERT(NULL, &bytes, file->length)))
            die("%s is no certificate", files[i]);
        data = buffer("", 0);
        put(data, 0x83, certificate->body->certificate_authority_reference->data,
            (size_t)certificate->body->certificate_authority_reference->length);
        what = "MSE:Set DST";
        if ((status = tell(0x22, 0x81, 0xb6, data)) != 0x9000)
            goto refused;
        body = find((byte *)file->data, file->length, 0x7f21, &size);
        what = files[i];
        if ((status = tell(0x2a, 0x00, 0xbe, buffer(body, size))) != 0x9000)
            goto refused;
    }
    if (!EAC_CTX_init_ta(ctx, (byte *)key->data, key->length, (byte *)file->data, file->length))
        die("%s is not the key of the last certificate", key_file);
    if (!EAC_CTX_init_ca(ctx, NID_id_CA_ECDH_AES_CBC_CMAC_128, parameters))
        die("no domain parameters %d", parameters);
    if (!TA_STEP3_generate_ephemeral_key(ctx) || !(terminal_ephemeral = CA_STEP2_get_eph_pubkey(ctx)))
        die("no ephemeral key");
    compressed = compressed_key(terminal_ephemeral);
    data = buffer("", 0);
    const ASN1_OBJECT *oid = OBJ_nid2obj(ctx->ta_ctx->protocol);
    put(data, 0x80, OBJ_get0_data(oid), OBJ_length(oid));
    put(data, 0x83, certificate->body->certificate_holder_reference->data,
        (size_t)certificate->body->certificate_holder_reference->length);
    put(data, 0x91, compressed->data, compressed->length);
    what = "MSE:Set AT";
    if ((status = tell(0x22, 0x81, 0xa4, data)) != 0x9000)
        goto refused;
    answer = ask(0, 0x84, 0, 0, NULL, 8);
    what = "GET CHALLENGE";
    if ((status = status_of(answer)) != 0x9000 || answer->length != 10)
        goto refused;
    if (!TA_STEP4_set_nonce(ctx, buffer(answer->data, 8)) ||
        !(signature = TA_STEP5_sign(ctx, compressed, compressed_key(chip_ephemeral), NULL)))
        die("cannot sign");
    what = "EXTERNAL AUTHENTICATE";
    if ((status = tell(0x82, 0, 0, signature)) != 0x9000)
        goto refused;
    printf("ta done\n");
    return;
refused:
    printf("ta refused %04X at %s\n", status, what);
}

static void chip_authentication(const char *key_id)
{
    const ASN1_OBJECT *oid = OBJ_nid2obj(NID_id_CA_ECDH_AES_CBC_CMAC_128);
    BUF_MEM *data = buffer("", 0), *objects;
    unsigned status;
    if (!chip_key || !terminal_ephemeral)
        die("ca comes after security and ta");
    put(data, 0x80, OBJ_get0_data(oid), OBJ_length(oid));
    if (key_id) {
        BUF_MEM *id = from_hex(key_id);
        put(data, 0x84, id->data, id->length);
        BUF_MEM_free(id);
    }
    if ((status = tell(0x22, 0x41, 0xa4, data)) != 0x9000 ||
        !(objects = authenticate(0x80, terminal_ephemeral, 0, &status))) {
        printf("ca refused %04X\n", status);
        return;
    }
    if (!CA_STEP4_compute_shared_secret(ctx, chip_key) ||
        CA_STEP6_derive_keys(ctx, object_of(objects, 0x81), object_of(objects, 0x82)) != 1) {
        printf("ca incorrect\n");
        leave();
        return;
    }
    if (!EAC_CTX_set_encryption_ctx(ctx, EAC_ID_CA))
        die("no channel");
    printf("ca done\n");
}

static void transfer(const char *digits, int plain)
{
    BUF_MEM *bytes = from_hex(digits), *answer;
    struct command one;
    if (plain)
        answer = transmit(bytes);
    else if (parse_command((byte *)bytes->data, bytes->length, &one))
        answer = exchange(&one);
    else
        die("no command: %s", digits);
    if (answer)
        print_hex("answer", answer->data, answer->length);
    else
        printf("no answer\n");
    BUF_MEM_free(bytes);
    BUF_MEM_free(answer);
}

static void reset(void)
{
    LONG result;
    leave();
    result = SCardReconnect(card, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, SCARD_RESET_CARD, &protocol);
    if (result != SCARD_S_SUCCESS)
        die("SCardReconnect: %s", pcsc_stringify_error(result));
    printf("reset\n");
}

static void obey(char *line)
{
    char *words[40];
    int count = 0;
    for (char *word = strtok(line, " \n"); word && count < 40; word = strtok(NULL, " \n"))
        words[count++] = word;
    if (count == 0)
        return;
    if (strcmp(words[0], "send") == 0 && count == 2)
        transfer(words[1], 0);
    else if (strcmp(words[0], "plain") == 0 && count == 2)
        transfer(words[1], 1);
    else if (strcmp(words[0], "reset") == 0)
        reset();
    else if (strcmp(words[0], "pace") == 0 && count >= 3)
        pace((byte)atoi(words[1]), words[2], count > 3 ? words[3] : NULL);
    else if (strcmp(words[0], "signers") == 0 && count == 2)
        EAC_set_x509_default_dir(strdup(words[1]));
    else if (strcmp(words[0], "security") == 0 && channel)
        security(count > 1 ? words[1] : NULL);
    else if (strcmp(words[0], "ta") == 0 && count >= 4 && channel)
        terminal_authentication(atoi(words[1]), words[2], words + 3, count - 3);
    else if (strcmp(words[0], "ca") == 0 && channel)
        chip_authentication(count > 1 ? words[1] : NULL);
    else
        die("not understood, or not without a channel: %s", words[0]);
    fflush(stdout);
}

static LONG connect_to(SCARDCONTEXT context, const char *reader)
{
    return SCardConnect(context, reader, SCARD_SHARE_SHARED, SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card, &protocol);
}

int main(int count, char **values)
{
    static char line[70000];
    SCARDCONTEXT context;
    LONG result;
    if (count != 2)
        die("usage: eac-terminal READER");
    EAC_init();
    if ((result = SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context)) != SCARD_S_SUCCESS)
        die("SCardEstablishContext: %s", pcsc_stringify_error(result));
    result = connect_to(context, values[1]);
    /* A card that was put in just now: pcscd may still think of the one before. */
    for (int tries = 0; tries < 100 && result != SCARD_S_SUCCESS; tries++) {
        usleep(100000);
        result = connect_to(context, values[1]);
    }
    if (result != SCARD_S_SUCCESS)
        die("%s: %s", values[1], pcsc_stringify_error(result));
    while (fgets(line, sizeof line, stdin))
        obey(line);
    leave();
    SCardDisconnect(card, SCARD_RESET_CARD);
    SCardReleaseContext(context);
    return 0;
}
