# config.json: decoding, validation, the template of `spec`
runc_sources += \
	src/spec/decode-linux.c \
	src/spec/decode-process.c \
	src/spec/decode-resources.c \
	src/spec/decode-seccomp.c \
	src/spec/decode.c src/spec/decode.h \
	src/spec/decoder.c \
	src/spec/fail.c src/spec/fail.h \
	src/spec/id-list.c \
	src/spec/names.c src/spec/names.h \
	src/spec/spec.h \
	src/spec/template.c \
	src/spec/validate-linux.c \
	src/spec/validate-process.c \
	src/spec/validate-resources.c \
	src/spec/validate-seccomp.c \
	src/spec/validate.c src/spec/validate.h
