# The exec suite of scripts/bench: quire exec beside xargs and GNU parallel. Sourced, never run.
# shellcheck shell=bash disable=SC2154

exec_suite() {
    once lines seq_lines 5000
    list=$data/lines
    once tiny-5000 tiny_files 5000
    list_files "$data/tiny-5000"
    in_turn "true, once for each of 5,000 lines" many_trues
    in_turn "wc, once for each of 5,000 files, what it prints collected in the order of the files" many_counts
    once million seq_lines 1000000
    rounds=1 in_turn "10^6 lines planned and journalled for a program, and the first tasks done" a_million_lines
    ((EUID == 0)) || { echo "as root it measures hosts of cluster/testbed, too" >&2 && return; }
    need_packages "$allowed" "scripts/bench exec" "${cluster_packages[@]}"
    export XDG_CACHE_HOME=$work/cache QUIRE_SLOTS=$work/slots
    mkdir -p "$XDG_CACHE_HOME" "$QUIRE_SLOTS"
    testbed=("$scripts/../cluster/testbed" --name "bench-exec-$$")
    bed=$("${testbed[@]}" up 4 --slots 2 --hide "$data" --with-pid $$)
    "${quire[@]}" exec --args-from <(seq 8) --hosts "$bed/hosts.yaml" --min-hosts 4 "${quiet[@]}" -- true
    in_turn "echo, once for each of 5,000 lines, on four hosts" many_echoes_on_hosts
    in_turn "wc, once for each of 500 files that travel to four hosts" many_counts_on_hosts
    "${testbed[@]}" down
}

seq_lines() { seq "$1" >"$2"; }

many_trues() {
    measure exec quire 1 0 "${quire[@]}" exec --args-from "$list" "${quiet[@]}" -- true
    measure exec "xargs -P" 1 0 xargs -a "$list" -n 1 -P "$slots" true
    measure exec "GNU parallel" 1 0 parallel -a "$list" true
}

# The lines of a result must be there, in order where the peer keeps one.
many_counts() {
    printf '%s\0' "${files[@]}" >"$work/list"
    measure counts quire 1 0 "${quire[@]}" exec --args-from "$work/list" -0 "${quiet[@]}" -- wc
    expect_lines 5000
    measure counts "xargs -P (not in order)" 1 0 xargs -0 -a "$work/list" -n 1 -P "$slots" wc
    measure counts "GNU parallel --keep-order" 1 0 parallel -0 --keep-order -a "$work/list" wc
    expect_lines 5000
}

expect_lines() {
    local lines
    lines=$(wc -l <"$work/stdout")
    ((lines == $1)) || { echo "$1 lines expected, $lines came: $(tail -n 1 "$work/stderr")" >&2 && exit 1; }
}

# Stopped once tasks end: what is measured is the plan, the journal and the memory of the head.
a_million_lines() {
    local watcher
    watch_head "exec --args-from $data/million" &
    watcher=$!
    # shellcheck disable=SC2016 # For the inner shell.
    measure "million lines" quire 1 0 sh -c \
        'mkfifo "$0"; "$@" 2>"$0" & head=$!; grep -m 1 -q "\"event\": *\"file\"" <"$0"; kill -TERM $head; wait $head; [ $? = 75 ]' \
        "$work/events" "${quire[@]}" exec --args-from "$data/million" --state-dir "$work/state" --progress json -- true
    wait "$watcher"
    printf '10^6 tasks: head %d MiB\n' "$(<"$work/head-memory")"
    rm -f "$work/events"
}

# Without --controlmaster: with it, it runs a few of the tasks and says nothing of the others.
on_four_hosts() {
    local host words=()
    for host in h1 h2 h3 h4; do words+=(--sshlogin "2/$host"); done
    PARALLEL_SSH="ssh -F $bed/ssh_config" parallel "${words[@]}" "$@"
}

many_echoes_on_hosts() {
    measure "exec on hosts" quire 1 0 "${quire[@]}" exec --args-from "$list" --hosts "$bed/hosts.yaml" --min-hosts 4 "${quiet[@]}" -- echo
    expect_lines 5000
    export -f on_four_hosts
    export bed
    # shellcheck disable=SC2016 # For the inner shell.
    measure "exec on hosts" "GNU parallel --sshlogin (200 lines, scaled)" 200/5000 0 \
        bash -c 'on_four_hosts -a <(head -n 200 "$0") echo' "$list"
    expect_lines 200
}

many_counts_on_hosts() {
    local few=("${files[@]:0:500}")
    printf '%s\0' "${few[@]}" >"$work/list"
    measure "counts on hosts" quire 1 0 "${quire[@]}" exec "${few[@]}" --hosts "$bed/hosts.yaml" --min-hosts 4 "${quiet[@]}" -- wc
    expect_lines 500
    rm -rf "$work/parallel"
    mkdir "$work/parallel"
    ln "${few[@]}" "$work/parallel/"
    export -f on_four_hosts
    export bed
    # shellcheck disable=SC2016 # For the inner shell.
    measure "counts on hosts" "GNU parallel --sshlogin (50 files, scaled)" 50/500 0 \
        bash -c 'cd "$0" && find . -type f -printf "%P\0" | head -z -n 50 | on_four_hosts -0 --workdir ... --transferfile {} --cleanup wc {}' \
        "$work/parallel"
    expect_lines 50
    rm -rf "$work/parallel"
}
