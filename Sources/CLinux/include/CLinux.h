#ifndef QUIRE_CLINUX_H
#define QUIRE_CLINUX_H
#include "FileCalls.h"
#include "PollCalls.h"
#include "ProcessCalls.h"
#endif
