bench: all $(bench_programs)
	@echo 'there is no benchmark yet' >&2; exit 1
