doc_files += docs/security.md
doc_files += docs/cgroups.md
