#!/bin/sh
# Runs an agent on documents, one after the other, and starts no task twice:
#
#     batch.sh AGENT RESULTS DOCUMENT...
#
# The output of each document is appended to the file RESULTS: a JSON object on a line, with the name of the document. A
# document that is there already is skipped, so the same command continues a batch that did not end.
#
# RESULTS.tasks has a line for each of the other documents that was sent: the id of its task, and its name. The next run
# waits for that task. To run such a document again, delete its line. The id is `unknown` if the answer was lost: the task
# may be running, and the next run looks for it. If it finds several, write the right id in place of `unknown`. If none is
# listed five minutes after the answer was lost, the document is run again. If this was killed, the five minutes count from the
# next run, and if the document is still being sent then, from the end of that.
#
# A record of each such run is in RESULTS.tasks.NUMBER.NAME. Keep these files: a document without a record was not sent, and of
# two commands that make the same record only the first one sends the document.
#
# Each prompt begins with a marker such as [run-6f1c2a9b3d4e5f60], by which a lost task is recognised among the others.
#
# It ends with 0 if every document is in RESULTS, with 1 if not, and with 2 if it can't write its files.
set -u

if [ $# -lt 3 ]; then
    echo "usage: $0 AGENT RESULTS DOCUMENT..." >&2
    exit 2
fi
agent=$1
results=$2
tasks=$2.tasks
shift 2
: >>"$results" && : >>"$tasks" || exit 2
# A line that was cut short ends here.
[ -z "$(tail -c 1 "$results")" ] || echo >>"$results" || exit 2

say() {
    printf '%s: %s\n' "$document" "$1" >&2
}

# A line is a whole JSON object if outside of strings as many brackets close as open: of a cut one, the first stays open.
is_in_results() {
    begin="{\"document\":\"$name\"," LC_ALL=C awk '
        index($0, ENVIRON["begin"]) == 1 {
            gsub(/\\./, ""); gsub(/"[^"]*"/, "")
            opened = gsub(/[[{]/, ""); closed = gsub(/[]}]/, "")
            if ($0 !~ /"/ && opened == closed) found = 1
        }
        END { exit !found }' "$results"
}

# Prints the lines of RESULTS.tasks that are about this document, or with `!=` those that are not.
lines() {
    name=$name awk "{ name = \$0; sub(/^[^ ]* /, \"\", name) } name $1 ENVIRON[\"name\"]" "$tasks"
}

# Notes the task of this document in the place of another, or that it needs none any more.
note() {
    {
        lines != && if [ -n "$1" ]; then printf '%s %s\n' "$1" "$name"; fi
    } >"$tasks.new" && mv "$tasks.new" "$tasks" || exit 2
}

id='s/.*"task_id":"\([^"]*\)".*/\1/p'
done=0 skipped=0 failed=0 person=0 running=0 refused=0
for document; do
    name=$(printf '%s' "$document" | sed 's/["\\]/\\&/g')
    case $document in
        *[[:cntrl:]]*)
            say 'not run: its name has a control character'
            refused=$((refused + 1))
            continue
            ;;
    esac
    if is_in_results; then
        skipped=$((skipped + 1))
        continue
    fi
    task=$(lines == | sed 's/ .*//')
    # Checksums of two names may be equal; then their ends differ.
    number=$(printf '%s' "$name" | cksum | sed 's/ .*//')
    record=$tasks.$number.$(printf '%s' "$name" | tail -c 100 | tr -c 'A-Za-z0-9.' _)

    # The record is written before the request is sent, by a command that may live longer than the script that started it.
    if [ -e "$record" ]; then
        task=${task:-unknown}
    elif [ "$task" = unknown ]; then
        task=''
    fi
    if [ "$task" = unknown ]; then
        line=$(nanonets runs find "$record" --jsonl --quiet)
        case $? in
            0) task=$(printf '%s' "$line" | sed -n "$id") && note "$task" ;;
            # No task was started.
            1) task='' && note '' && rm -f "$record" ;;
        esac
    fi
    if [ -z "$task" ]; then
        # If this script is killed now, the next run finds that a task may be running.
        note unknown
        line=$(nanonets run "$agent" --file="$document" --record="$record" --marker --no-wait --jsonl --quiet)
        code=$?
        # Another command has made the record.
        [ $code -ne 2 ] || [ ! -e "$record" ] || code=6
        case $code in
            1 | 2)
                # The reason is on stderr already.
                note ''
                say 'not run'
                refused=$((refused + 1))
                continue
                ;;
        esac
        task=$(printf '%s' "$line" | sed -n "$id")
        note "${task:=unknown}"
        # Somebody wants an end of this, not of one document.
        case $code in 129 | 130 | 143) exit 130 ;; esac
    fi
    if [ "$task" = unknown ]; then
        say "may be running: see $tasks"
        running=$((running + 1))
        continue
    fi
    rm -f "$record"

    # Of a task that does not complete, this is its id and status.
    line=$(nanonets tasks wait "$task" --jsonl --quiet --timeout 10m)
    case $? in
        0)
            printf '{"document":"%s","data":%s}\n' "$name" "$line" >>"$results" || exit 2
            note ''
            done=$((done + 1))
            ;;
        3)
            say "failed: $line"
            failed=$((failed + 1))
            ;;
        4)
            say "needs a person: $line"
            person=$((person + 1))
            ;;
        129 | 130 | 143)
            say "interrupted: the task is $task"
            exit 130
            ;;
        *)
            say "may be running: the task is $task"
            running=$((running + 1))
            ;;
    esac
done
echo "$done done, $skipped skipped, $failed failed, $person need a person, $running may be running, $refused not run" >&2
[ $((failed + person + running + refused)) -eq 0 ]
