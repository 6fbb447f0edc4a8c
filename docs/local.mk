doc_files += docs/security.md
