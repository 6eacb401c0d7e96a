# What quire's scripts need, and how it comes onto a machine: Debian packages and the release build. Sourced, never run.
# shellcheck shell=bash disable=SC2034

build_packages=(git g++ pkg-config libvips-dev libexif-dev libturbojpeg0-dev libdcmtk-dev libopenjp2-7-dev libraw-dev libsqlite3-dev libssh-dev)
test_packages=(
    qpdf poppler-utils mupdf-tools libimage-exiftool-perl imagemagick libvips-tools libjpeg-turbo-progs
    libheif-examples libopenjp2-tools webp libtiff-tools img2pdf ghostscript jq sqlite3 tmux strace shellcheck fish csh python3 python3-venv python3-pil
    openssh-server openssh-client ffmpeg flac cmake dcmtk parallel python3-jsonschema
    xvfb xdotool zenity desktop-file-utils xdg-utils
)
cluster_packages=(openssh-server openssh-client iproute2 util-linux procps)
cluster_bench_packages=(rsync parallel libssh-dev libssl-dev)
bench_packages=(gcc jq time parallel procps libvips-tools imagemagick img2pdf qpdf mupdf-tools poppler-utils sqlite3 python3 python3-pil)

# need_packages ALLOWED WHY PACKAGE... installs what is missing of PACKAGE..., after showing the line that does it.
# It goes ahead as root, in CI or when ALLOWED is "yes"; else it asks; without a terminal it returns 2.
# Where there is no dpkg it names the packages only: another system spells them differently.
need_packages() {
    local allowed=$1 why=$2
    shift 2
    local missing=() answer
    if ! command -v dpkg-query >/dev/null; then
        echo "This is no Debian or Ubuntu; $why needs what they call: $*" >&2
        return 0
    fi
    mapfile -t missing < <(missing_packages "$@")
    ((${#missing[@]})) || return 0

    local line=(apt-get install -y --no-install-recommends "${missing[@]}")
    ((EUID == 0)) || line=(sudo "${line[@]}")
    printf '%s needs Debian packages that are not here yet:\n  %s\n' "$why" "${line[*]}" >&2
    if ((EUID != 0)) && ! command -v sudo >/dev/null; then
        echo "There is no sudo here: run the line above as root (without sudo), then try again." >&2
        return 2
    fi
    if ((EUID != 0)) && [[ $allowed != yes && -z ${CI:-} ]]; then
        if ! [[ -t 2 ]] || ! { : </dev/tty; } 2>/dev/null; then
            echo "Run that line, or repeat the command with --yes as its first argument." >&2
            return 2
        fi
        read -r -p "Install them now? [Y/n] " answer </dev/tty
        [[ -z $answer || $answer == [yY]* ]] || return 2
    fi
    install_packages "${missing[@]}"
}

missing_packages() {
    local name
    for name in "$@"; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$name" 2>/dev/null) == installed* ]] || echo "$name"
    done
}

# A new machine has no package lists yet, an old one may have outdated ones: then they are fetched and the install is tried again.
install_packages() {
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q) log
    ((EUID == 0)) || apt=(sudo "${apt[@]}")
    log=$(mktemp) || return 1
    if "${apt[@]}" install -y --no-install-recommends "$@" </dev/null >"$log" 2>&1 ||
        { "${apt[@]}" update </dev/null >>"$log" 2>&1 &&
            "${apt[@]}" install -y --no-install-recommends "$@" </dev/null >>"$log" 2>&1; }; then
        rm -f "$log"
        return 0
    fi
    cat "$log" >&2
    rm -f "$log"
    echo "apt-get could not install: $*" >&2
    return 2
}

# ready_build ALLOWED SCRIPTS makes the release build fit the sources; says nothing when it does already.
ready_build() {
    local scripts=$2 log note="" status=0
    "$scripts/build" --current && return
    if command -v swift >/dev/null; then
        need_packages "$1" quire "${build_packages[@]}" || return
        [[ -x $scripts/../.build/release/quire ]] || note=" (some minutes, only the first time)"
        echo "Building quire$note ..." >&2
    fi
    log=$(mktemp) || return
    "$scripts/build" </dev/null >"$log" 2>&1 || {
        status=$?
        cat "$log" >&2
    }
    rm -f "$log"
    return "$status"
}
