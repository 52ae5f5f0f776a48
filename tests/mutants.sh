#!/usr/bin/env bash
# Changes what fills the hole of an exercise, in every way that cargo-mutants knows, and
# lets the judge look.
#
# A mutant that its judge accepts is either caught by a better judge, or stands in
# tests/mutants.txt, with the reason why it is no mistake. Takes about half an hour:
#
#     bash tests/mutants.sh [TOPIC…]
#
# Needs cargo-mutants (cargo install cargo-mutants --locked).
set -euo pipefail
cd "$(dirname "$0")/.."

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git archive HEAD | tar -x -C "$copy"
# The judges run as the tests of the solutions' programs.
sed -i.bak 's/, test = false }/ }/' "$copy/Cargo.toml"

topics=("$@")
if [ ${#topics[@]} -eq 0 ]; then
    mapfile -t topics < <(ls solutions)
fi

missed=$copy/missed.txt
: > "$missed"
for topic in "${topics[@]}"; do
    for solution in "$copy/solutions/$topic"/*.rs; do
        name=$(basename "$solution" .rs)
        # What was given is not on trial.
        file=$topic/$name.rs
        diff -u --label "a/solutions/$file" --label "b/solutions/$file" \
            "$copy/exercises/$file" "$solution" > "$copy/hole.diff" || true
        (cd "$copy" && cargo mutants --in-place --package exercises \
            --file "solutions/$file" --in-diff "$copy/hole.diff" \
            --baseline skip --timeout 60 --no-shuffle --colors never \
            --output "$copy/out" --cargo-arg "--bin=${name}_sol") || true
        # Where there was nothing to change there is no such file.
        cat "$copy/out/mutants.out/missed.txt" >> "$missed" 2> /dev/null || true
        rm -rf "$copy/out"
    done
done

# Without line numbers, which change with every comment.
sed -E 's/\.rs:[0-9]+:[0-9]+: /.rs: /' "$missed" | sort > "$copy/found.txt"
known=$(sed -E '/^(#|$)/d; s/ +# .*//' tests/mutants.txt | sort)
unknown=$(comm -23 "$copy/found.txt" <(printf '%s\n' "$known"))
if [ -n "$unknown" ]; then
    printf 'error: these changes pass their judges:\n%s\n' "$unknown" >&2
    exit 1
fi
echo "ok: every change that matters is rejected"
