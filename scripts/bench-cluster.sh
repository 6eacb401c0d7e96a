# The cluster suite of scripts/bench: quire on hosts of cluster/testbed, which are namespaces of this machine. Sourced, never run.
# shellcheck shell=bash disable=SC2154
#
# Inputs are hidden from the hosts: they travel there and the outputs back. Head, sshd and hosts share this machine's cores, so
# every figure comes with the part of the machine that was idle meanwhile.

cluster_suite() {
    # What earlier runs know of hosts and bundles is not ours, and nobody else's jobs take our slots.
    export XDG_CACHE_HOME=$work/cache QUIRE_SLOTS=$work/slots
    mkdir -p "$XDG_CACHE_HOME" "$QUIRE_SLOTS"
    testbed=("$scripts/../cluster/testbed" --name "bench-$$")
    bed=$("${testbed[@]}" up 8 --slots 1 --disk 2g --hide "$data" --with-pid $$)
    for count in 1 2 4; do sed "/address: h$((count + 1))\$/,\$d" "$bed/hosts.yaml" >"$work/$count.yaml"; done
    sed '/slots:/d' "$work/1.yaml" >"$work/whole.yaml"
    shrunk=(--rotate auto --shrink 1600 --quality 85)
    vipsthumbnail --size 320 -o "$work/tiny.jpg" "${files[0]}"
    # The first job with a recipe sends agent and worker and compares the canary set; those measured find that done.
    for recipe in "" "--shrink 1600" "${shrunk[*]}" "--strip all"; do
        # shellcheck disable=SC2086 # Options, one word each.
        "${quire[@]}" run "$work/tiny.jpg" $recipe --hosts "$bed/hosts.yaml" --min-hosts 8 -o "$work/warm" "${quiet[@]}" --overwrite always
    done

    in_turn "one tiny photo on four hosts" nothing_to_do
    in_turn "24 photos of 12 megapixels to 1600 px on two hosts" beside_parallel
    make_copy_loop
    in_turn "200 photos of 12 megapixels to one host and back, metadata taken off" one_link
    "${testbed[@]}" slow h1 1gbit
    in_turn "the same photos to one host, not changed, by a link of 1 Gbit/s" one_slow_link
    "${testbed[@]}" slow h1 off
    rm "$work/copy-loop"
    rounds=1 in_turn "10^6 files of a byte that are no pictures, to four hosts" tiny_tasks
    for host in h1 h2 h3 h4 h5 h6 h7 h8; do "${testbed[@]}" cpu "$host" 20%; done
    in_turn "200 photos of 12 megapixels to 1600 px on 8 hosts of a fifth of a core each" eight_hosts
    "${testbed[@]}" down
}

# busy COMMAND...: runs COMMAND and leaves in $idle how many percent of the machine were idle meanwhile.
busy() {
    local idle_before all_before idle_after all
    read -r idle_before all_before < <(awk '/^cpu / { print $5 + $6, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat)
    "$@"
    read -r idle_after all < <(awk '/^cpu / { print $5 + $6, $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9 }' /proc/stat)
    idle=$((100 * (idle_after - idle_before) / (all - all_before)))
}

# last COLUMN LINE: a column (4 seconds, 5 user, 6 system) of the last but LINE results.
last() { tail -n "$2" "$results" | head -n 1 | cut -f "$1"; }

bytes_of() { du -cb "$@" | tail -n 1 | cut -f 1; }

# tell FORMAT EXPRESSION...: prints what python makes of the expressions.
tell() {
    local format=$1 values
    shift
    values=$(printf '%s, ' "$@")
    python3 -c "print('    ' + '$format' % ($values))" >&2
}

nothing_to_do() {
    measure "empty job" quire 1 1 "${quire[@]}" run "$work/tiny.jpg" "${shrunk[@]}" --hosts "$work/4.yaml" --min-hosts 4 -o "$out" "${quiet[@]}"
}

beside_parallel() {
    local few=("${files[@]:0:24}") host number parallel
    parallel=(parallel -0 -q -a "$work/list" --controlmaster --workdir ... --transferfile '{}' --return '{.}.out.jpg' --cleanup)
    measure parallel quire 1 24 "${quire[@]}" run "${few[@]}" --hosts "$work/2.yaml" "${shrunk[@]}" -o "$out" "${quiet[@]}"
    for host in h1 h2; do parallel+=(--sshlogin "1/$host"); done
    # It returns outputs beside the inputs, and finds few of those whose names have blanks: these are links of its own.
    rm -rf "$work/parallel"
    mkdir "$work/parallel"
    for number in "${!few[@]}"; do ln "${few[number]}" "$work/parallel/$number.jpg"; done
    (
        cd "$work/parallel" || exit
        find . -name '*.jpg' -printf '%P\0' >"$work/list"
        # Its rsync complains of attributes at times; what counts is what came back.
        # shellcheck disable=SC2016 # For the inner shell.
        PARALLEL_SSH="ssh -F $bed/ssh_config" measure parallel "GNU parallel --sshlogin --controlmaster" 1 0 \
            sh -c '"$@" || :' - "${parallel[@]}" vipsthumbnail --size '1600x1600>' -o '%s.out.jpg[Q=85,optimize_coding]' '{}'
        (($(find . -name '*.out.jpg' | wc -l) == 24)) || echo "    GNU parallel returned $(find . -name '*.out.jpg' | wc -l) of 24 files: $(tail -n 1 "$work/stderr")" >&2
    )
    rm -rf "$work/parallel"
}

# The loop that staging is measured by, here and on the host.
make_copy_loop() {
    # shellcheck disable=SC2046 # Options, one word each.
    gcc -O2 "$scripts/copy-loop.c" -o "$work/copy-loop" $(pkg-config --cflags --libs libssh libcrypto)
    ssh -F "$bed/ssh_config" h1 'mkdir -p /var/tmp/loop && cat >/var/tmp/copy-loop && chmod 700 /var/tmp/copy-loop' <"$work/copy-loop"
}

loop_up() { measure "$1" "libssh loop, file to file, there" 1 0 "$work/copy-loop" up "$bed/ssh_config" h1 /var/tmp/copy-loop /var/tmp/loop "${files[@]}"; }

# What a job costs before its first and after its last byte is no matter of the link: it is measured, and taken off.
nothing_staged() {
    measure "$1" "quire, one tiny photo" 1 1 "${quire[@]}" run "$work/tiny.jpg" "${@:2}" --hosts "$work/whole.yaml" -o "$out" "${quiet[@]}"
    nothing=$(last 4 1)
}

one_link() {
    local count=${#files[@]} bytes
    bytes=$(bytes_of "${files[@]}")
    nothing_staged "one link" --strip all
    busy measure "one link" quire 1 "$count" "${quire[@]}" run "$data/large" --strip all --hosts "$work/whole.yaml" -o "$out" "${quiet[@]}"
    loop_up "one link"
    mapfile -t names < <(seq -f /var/tmp/loop/%g 0 $((count - 1)))
    measure "one link" "libssh loop, file to file, and back" 1 "$count" "$work/copy-loop" down "$bed/ssh_config" h1 /var/tmp/copy-loop "$out" "${names[@]}"
    tell '%.2f of what the loop moves in a second; head %.2f CPU seconds per GB moved, loop %.2f; %d %% of the machine idle' \
        "($(last 4 2) + $(last 4 1)) / ($(last 4 3) - $nothing)" "($(last 5 3) + $(last 6 3)) / $bytes / 2 * 1e9" \
        "($(last 5 2) + $(last 6 2) + $(last 5 1) + $(last 6 1)) / $bytes / 2 * 1e9" "$idle"
    # shellcheck disable=SC2016 # For the inner shell.
    measure "one link" "ssh host cat >/dev/null" 1 0 sh -c 'ssh -F "$1" h1 cat /var/tmp/loop/* >/dev/null' - "$bed/ssh_config"
    tell '%d MB/s with ssh and cat' "$bytes / $(last 4 1) / 1e6"
    measure "one link" "bare libssh channel, 1 GiB each way" 1 0 "$programs/channel-bench" "$bed/ssh_config" h1 libssh 1024
    sed 's/^/    /' "$work/stdout" >&2
    ssh -F "$bed/ssh_config" h1 'rm -f /var/tmp/loop/*'
}

one_slow_link() {
    nothing_staged "slow link"
    busy measure "slow link" quire 1 "${#files[@]}" "${quire[@]}" run "$data/large" --hosts "$work/whole.yaml" -o "$out" "${quiet[@]}"
    loop_up "slow link"
    ssh -F "$bed/ssh_config" h1 'rm -f /var/tmp/loop/*'
    tell '%.2f of what the loop moves in a second; %d %% of the machine idle' "$(last 4 1) / ($(last 4 2) - $nothing)" "$idle"
}

# These are no pictures, which a worker finds out at once: what is left is dispatch, staging and recording.
tiny_tasks() {
    local watcher
    watch_head "run $data/tiny-1000000" &
    watcher=$!
    # shellcheck disable=SC2016 # For the inner shell.
    busy measure "tiny tasks" quire 1 0 sh -c '"$@"; [ $? = 3 ]' - \
        "${quire[@]}" run "$data/tiny-1000000" --shrink 1600 -o "$work/nowhere" --keep-going --hosts "$work/4.yaml" "${quiet[@]}"
    wait "$watcher"
    tell 'head %.0f CPU seconds per 10^6 tasks, %d MiB; %d %% of the machine idle' "$(last 5 1) + $(last 6 1)" "$(<"$work/head-memory")" "$idle"
}

# One host gets an eighth of the files; where work grows with the hosts it takes as long for them as eight hosts for all.
eight_hosts() {
    local count=${#files[@]} of_eight
    busy measure cluster quire 1 "$count" "${quire[@]}" run "$data/large" --hosts "$bed/hosts.yaml" "${shrunk[@]}" -o "$out" "${quiet[@]}"
    of_eight=$idle
    busy measure cluster "quire, one such host ($((count / 8)) photos, scaled)" "$((count / 8))/$count" "$((count / 8))" \
        "${quire[@]}" run "${files[@]:0:count/8}" --hosts "$work/1.yaml" "${shrunk[@]}" -o "$out" "${quiet[@]}"
    tell '%.3f of linear%s; head %.2f CPU seconds per GB of photos; idle %d %% with 8 hosts, %d %% with one' "$(last 4 1) / $(last 4 2)" \
        "'' if $of_eight > 5 else ', which does not count: the machine was busy'" "($(last 5 2) + $(last 6 2)) / $(bytes_of "${files[@]}") * 1e9" "$of_eight" "$idle"
}
