golden-update:
	@echo 'there are no golden files yet' >&2; exit 1
