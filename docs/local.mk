doc_files += docs/security.md docs/spec-conformance.md
doc_files += docs/cgroups.md
doc_files += docs/rootless.md docs/ci.md docs/nested.md
