# What the security suites attack with; for containers that have nothing but busybox.
attack_flags = -std=gnu11 $(WARN_CFLAGS)

rootless_programs += tests/lib/attack-swap
tests_lib_attack_swap_SOURCES = tests/lib/attack-swap.c
tests_lib_attack_swap_CFLAGS = $(attack_flags)
tests_lib_attack_swap_LDADD =
tests_lib_attack_swap_LDFLAGS = -static

rootless_programs += tests/lib/attack-peek
tests_lib_attack_peek_SOURCES = tests/lib/attack-peek.c
tests_lib_attack_peek_CFLAGS = $(attack_flags)
tests_lib_attack_peek_LDADD =
tests_lib_attack_peek_LDFLAGS = -static

EXTRA_DIST += \
	tests/rootless/security-binary.bats \
	tests/rootless/security-paths.bats \
	tests/rootless/security-proc.bats \
	tests/rootless/security-input.bats \
	tests/rootless/security-process.bats
