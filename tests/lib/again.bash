# For tests/run and tests/vm/suite.sh: a few failures of a pass are tried once more, alone. A machine that is too busy
# for a deadline is not the end of a run, but both outcomes are said.

# With more than these, something else is wrong.
again_at_most=3

# The names of the tests that failed, of a TAP file with times, a line each; and a regular expression of such lines.
failed_names() { sed -nE 's/^not ok [0-9]+ (.*) in [0-9]+ms$/\1/p' "$1"; }
regex_of() { sed -e 's/[][(){}.*+?^$|\\]/\\&/g' | paste -sd '|'; }

# run_again LOG COMMAND... -- FILE...: the tests of LOG that failed, into LOG's name with "-again". COMMAND is bats,
# without a filter.
run_again() {
  local log=$1 command=() names
  shift
  names=$(failed_names "$log")
  [[ -n $names && $(wc -l <<<"$names") -le $again_at_most ]] || return 0
  while [[ $1 != -- ]]; do
    command+=("$1")
    shift
  done
  shift
  "${command[@]}" --filter "^($(regex_of <<<"$names"))\$" "$@" >"${log%.tap}-again.tap" 2>&1 </dev/null
  return 0
}

# repaired LOG: the names of those that passed then.
repaired() {
  [[ ! -e ${1%.tap}-again.tap ]] || sed -nE 's/^ok [0-9]+ (.*) in [0-9]+ms$/\1/p' "${1%.tap}-again.tap" | sort -u
}
