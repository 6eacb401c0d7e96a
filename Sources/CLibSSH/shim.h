#ifndef QUIRE_CLIBSSH_SHIM_H
#define QUIRE_CLIBSSH_SHIM_H
#include <libssh/callbacks.h>
#include <libssh/libssh.h>
#endif
