# What setup, demo and test share: steps with their times, and what is there already. Sourced, never run.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
ROOT=$PWD
STAMPS=$ROOT/.venv/.ridewire
# Containers often forbid it. But a service has some six hundred files, and every process we start would compile them again.
unset PYTHONDONTWRITEBYTECODE
say() { printf '%s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# step "what it is" COMMAND...: one line with the time it took; the output is shown only when it fails.
step() {
    local what=$1 began=$EPOCHREALTIME log
    shift
    log=$(mktemp)
    printf '%s … ' "$what" >&2
    if "$@" >"$log" 2>&1; then
        say "$(seconds_since "$began") s"
        rm -f "$log"
        return
    fi
    say "failed after $(seconds_since "$began") s: $*"
    tail -n 40 "$log" >&2
    rm -f "$log"
    return 1
}

# Tenths of a second since an EPOCHREALTIME.
seconds_since() {
    local tenths=$(((${EPOCHREALTIME//[.,]/} - ${1//[.,]/}) / 100000))
    printf '%d.%d' $((tenths / 10)) $((tenths % 10))
}

# fingerprint PATH...: one hash over names and contents.
fingerprint() { find "$@" -type f -not -path '*/node_modules/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-16; }

# done_before NAME HASH and mark NAME HASH: whether a step was done for exactly this input.
done_before() { [ "$(cat "$STAMPS/$1" 2>/dev/null)" = "$2" ]; }
mark() { mkdir -p "$STAMPS" && printf '%s' "$2" >"$STAMPS/$1"; }
