# What relay/run, tests/run and tests/lint share. Sourced by bash, which has set $root: the top of
# the tree.
# shellcheck shell=bash disable=SC2154
say() {
    printf '%s\n' "$*" >&2
}

# packages_missing KIND...: the packages of these kinds in packages.txt that are not installed.
packages_missing() {
    local kind name status
    while read -r kind name _; do
        [[ " $* " == *" $kind "* ]] || continue
        status=$(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null || true)
        [[ $status == installed ]] || printf '%s\n' "$name"
    done < <(sed 's/#.*//' "$root/cmake/packages.txt")
}

# packages_install KIND...: asks apt-get only if something is missing.
packages_install() {
    local missing sudo=()
    mapfile -t missing < <(packages_missing "$@")
    ((${#missing[@]})) || return 0
    say "installing ${missing[*]}"
    ((EUID == 0)) || sudo=(sudo)
    "${sudo[@]}" apt-get update -qq >&2
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2
}

# quietly NAME COMMAND...: shows what the command wrote only if it failed.
quietly() {
    local name=$1 log status=0
    shift
    log=$(mktemp)
    "$@" >"$log" 2>&1 || status=$?
    if ((status)); then
        say "$name failed:"
        cat "$log" >&2
    fi
    rm -f "$log"
    return "$status"
}

# is_configured PRESET: build/PRESET is there, and of this place. A tree that was moved or copied
# since is not: CMake refuses a cache of another place.
is_configured() {
    local dir=$root/build/$1
    [[ -f $dir/build.ninja ]] &&
        grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$dir/CMakeCache.txt"
}

# configure PRESET [-DNAME=VALUE...]: into build/PRESET.
configure() {
    local preset=$1
    shift
    is_configured "$preset" || rm -rf "$root/build/$preset"
    (cd "$root" && quietly "configuring $preset" cmake --preset "$preset" "$@")
}

# build PRESET [TARGET...]
build() {
    local preset=$1 targets=()
    shift
    (($# == 0)) || targets=(--target "$@")
    quietly "building $preset" cmake --build "$root/build/$preset" "${targets[@]}"
}
