#!/bin/sh
# Runs an agent on documents, one after the other:
#
#     batch.sh AGENT RESULTS DOCUMENT...
#
# What is extracted goes to the file RESULTS, one JSON object per document with its name. What is not goes to stderr, with
# the reason: the exit code of `nanonets run` tells them apart. It goes on after a document that fails, and ends with 1 if
# there was one.
set -u

if [ $# -lt 3 ]; then
    echo "usage: $0 AGENT RESULTS DOCUMENT..." >&2
    exit 2
fi
agent=$1
results=$2
shift 2

: >"$results" || exit 2
done=0 failed=0 person=0 late=0 refused=0
for document; do
    # Of a task that does not complete, this is its id and status.
    line=$(nanonets run "$agent" --file="$document" --jsonl --quiet --timeout 10m)
    case $? in
        0)
            name=$(printf '%s' "$document" | sed 's/["\\]/\\&/g' | tr -d '\000-\037')
            printf '{"document":"%s","data":%s}\n' "$name" "$line" >>"$results"
            done=$((done + 1))
            ;;
        3)
            printf '%s: failed: %s\n' "$document" "$line" >&2
            failed=$((failed + 1))
            ;;
        4)
            printf '%s: needs a person: %s\n' "$document" "$line" >&2
            person=$((person + 1))
            ;;
        5)
            printf '%s: not done yet: %s\n' "$document" "$line" >&2
            late=$((late + 1))
            ;;
        130 | 143)
            # Somebody wants an end of this, not of one document.
            printf '%s: interrupted: %s\n' "$document" "$line" >&2
            exit 130
            ;;
        *)
            # The reason is on stderr already.
            printf '%s: not run\n' "$document" >&2
            refused=$((refused + 1))
            ;;
    esac
done
echo "$done done, $failed failed, $person need a person, $late not done yet, $refused not run" >&2
[ $((failed + person + late + refused)) -eq 0 ]
