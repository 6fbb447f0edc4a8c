# For image.sh and kernel.sh: where packages come from.

suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")

indexed_mirror() {
  apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    awk -v suite="$suite" '$1 == suite && $2 == "main" { print $3; exit }'
}

# own_mirror: print the URL from which apt gets this machine's own suite; other archives stay out.
own_mirror() {
  local mirror=${RUNC_VM_MIRROR:-$(indexed_mirror)}
  # apt only tells this of lists that it has.
  [[ -n $mirror ]] || { apt-get -qq update >&2 && mirror=$(indexed_mirror); }
  if [[ -z $mirror ]]; then
    echo "tests/vm: none of apt's sources is a mirror of '$suite'; name one with RUNC_VM_MIRROR" >&2
    return 1
  fi
  echo "$mirror"
}
