doc_files += docs/security.md docs/spec-conformance.md
doc_files += docs/cgroups.md docs/checkpoint.md
doc_files += docs/network.md docs/rootless.md docs/overlay.md docs/ci.md docs/nested.md
