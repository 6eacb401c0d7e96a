/* The ceiling for staged files in scripts/bench: a plain loop that copies files over one libssh channel and takes SHA-256 at both ends.
 *
 *   copy-loop up|down CONFIG HOST PROGRAM FOLDER FILE...   here; CONFIG is a testbed's ssh_config, PROGRAM this one on
 *                                                         HOST, FOLDER takes the files there (up) or here (down)
 *   copy-loop receive FOLDER COUNT | send FILE...          there, on standard input and output
 *
 * A file travels as its length (8 bytes), its content and its digest (32 bytes). */
#include <fcntl.h>
#include <libssh/libssh.h>
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static ssh_channel channel;
static char buffer[256 << 10];

static void check(int fine, const char *what) {
    if (fine) return;
    fprintf(stderr, "copy-loop: %s\n", what);
    exit(1);
}

static void put(const void *bytes, size_t count) {
    for (const char *next = bytes; count;) {
        ssize_t done = channel ? ssh_channel_write(channel, next, count) : write(1, next, count);
        check(done > 0, "cannot write");
        next += done, count -= done;
    }
}

static void take(void *bytes, size_t count) {
    for (char *next = bytes; count;) {
        ssize_t done = channel ? ssh_channel_read(channel, next, count, 0) : read(0, next, count);
        check(done > 0, "cannot read");
        next += done, count -= done;
    }
}

static void send_files(int count, char **names) {
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned char digest[32];
    for (int i = 0; i < count; i++) {
        int file = open(names[i], O_RDONLY);
        struct stat facts;
        check(file >= 0 && !fstat(file, &facts), names[i]);
        uint64_t rest = facts.st_size;
        put(&rest, sizeof rest);
        EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
        while (rest) {
            ssize_t found = read(file, buffer, rest < sizeof buffer ? rest : sizeof buffer);
            check(found > 0, names[i]);
            EVP_DigestUpdate(hash, buffer, found);
            put(buffer, found);
            rest -= found;
        }
        EVP_DigestFinal_ex(hash, digest, NULL);
        put(digest, sizeof digest);
        close(file);
    }
}

static void receive_files(const char *folder, int count) {
    EVP_MD_CTX *hash = EVP_MD_CTX_new();
    unsigned char digest[32], told[32];
    for (int i = 0; i < count; i++) {
        char name[4096];
        uint64_t rest;
        snprintf(name, sizeof name, "%s/%d", folder, i);
        int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        check(file >= 0, name);
        take(&rest, sizeof rest);
        EVP_DigestInit_ex(hash, EVP_sha256(), NULL);
        while (rest) {
            size_t part = rest < sizeof buffer ? rest : sizeof buffer;
            take(buffer, part);
            EVP_DigestUpdate(hash, buffer, part);
            check(write(file, buffer, part) == (ssize_t)part, name);
            rest -= part;
        }
        EVP_DigestFinal_ex(hash, digest, NULL);
        take(told, sizeof told);
        check(!memcmp(digest, told, sizeof told), "other bytes came than were sent");
        close(file);
    }
}

int main(int argc, char **argv) {
    check(argc > 2, "see the top of copy-loop.c");
    if (!strcmp(argv[1], "send")) return send_files(argc - 2, argv + 2), 0;
    if (!strcmp(argv[1], "receive")) return receive_files(argv[2], atoi(argv[3])), put("k", 1), 0;
    check(argc > 6, "see the top of copy-loop.c");
    int up = !strcmp(argv[1], "up"), count = argc - 6;
    ssh_session session = ssh_new();
    ssh_options_set(session, SSH_OPTIONS_HOST, argv[3]);
    check(!ssh_options_parse_config(session, argv[2]), argv[2]);
    ssh_options_set(session, SSH_OPTIONS_CIPHERS_C_S, "aes128-gcm@openssh.com");
    ssh_options_set(session, SSH_OPTIONS_CIPHERS_S_C, "aes128-gcm@openssh.com");
    check(ssh_connect(session) == SSH_OK, ssh_get_error(session));
    /* The host key is not looked at: HOST is one of cluster/testbed, on this machine. */
    char file[4096];
    ssh_key key;
    snprintf(file, sizeof file, "%.*s/user_key", (int)(strrchr(argv[2], '/') - argv[2]), argv[2]);
    check(ssh_pki_import_privkey_file(file, NULL, NULL, NULL, &key) == SSH_OK, file);
    check(ssh_userauth_publickey(session, NULL, key) == SSH_AUTH_SUCCESS, "the login is refused");
    ssh_channel opened = ssh_channel_new(session);
    check(ssh_channel_open_session(opened) == SSH_OK, ssh_get_error(session));
    char *command = NULL;
    size_t size = 0;
    FILE *words = open_memstream(&command, &size);
    fprintf(words, "%s %s", argv[4], up ? "receive" : "send");
    if (up) fprintf(words, " %s %d", argv[5], count);
    for (int i = 0; !up && i < count; i++) fprintf(words, " %s", argv[6 + i]);
    fclose(words);
    check(ssh_channel_request_exec(opened, command) == SSH_OK, ssh_get_error(session));
    channel = opened;
    if (up) {
        char fine;
        send_files(count, argv + 6);
        take(&fine, 1);
    } else {
        receive_files(argv[5], count);
    }
    ssh_disconnect(session);
    return 0;
}
