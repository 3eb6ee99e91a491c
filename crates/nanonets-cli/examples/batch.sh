#!/bin/sh
# Runs an agent on documents, one after the other:
#
#     batch.sh AGENT RESULTS DOCUMENT...
#
# What is extracted goes to the file RESULTS, one JSON object per line. What is not goes to stderr, with the reason: the
# exit code of `nanonets run` tells them apart. It goes on after a document that fails, and ends with 1 if there was one.
set -u

if [ $# -lt 3 ]; then
    echo "usage: $0 AGENT RESULTS DOCUMENT..." >&2
    exit 2
fi
agent=$1
results=$2
shift 2

: >"$results" || exit 2
done=0 failed=0 person=0 late=0
for document; do
    # Of a task that does not complete, this is its id and status.
    line=$(nanonets run "$agent" --file "$document" --jsonl --quiet --timeout 10m)
    case $? in
        0)
            printf '%s\n' "$line" >>"$results"
            done=$((done + 1))
            ;;
        3)
            echo "$document: failed: $line" >&2
            failed=$((failed + 1))
            ;;
        4)
            echo "$document: needs a person: $line" >&2
            person=$((person + 1))
            ;;
        5)
            echo "$document: not done yet" >&2
            late=$((late + 1))
            ;;
        *)
            # The key, the network or the command line: the next document would fare no better.
            echo "$document: given up" >&2
            exit 1
            ;;
    esac
done
echo "$done done, $failed failed, $person need a person, $late not done yet" >&2
[ $((failed + person + late)) -eq 0 ]
