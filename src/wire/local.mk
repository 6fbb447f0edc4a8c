runc_sources += src/wire/wire.c src/wire/wire.h
