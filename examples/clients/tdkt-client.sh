#!/bin/sh
# Sends a request, waits for its document, fetches it and checks its hash; verifies webhooks. POSIX shell, curl, openssl.
#
#   tdkt-client.sh paper  DATA.json OUT.pdf                  needs TDKT_SERVICE, and TDKT_KEY where the service asks for keys
#   tdkt-client.sh verify ID TIMESTAMP SIGNATURES BODY       needs TDKT_WEBHOOK_SECRET (whsec_...)
#   tdkt-client.sh event  ID TIMESTAMP SIGNATURES BODY OUT.pdf   verifies a webhook, fetches the paper that it tells of
#
# Exit codes: 0 done, 1 the data or the message is refused, 75 try later.
set -eu

# curl tries again by itself where the service says 408, 429 or 503, after as long as Retry-After says.
call() {
    if [ -n "${TDKT_KEY:-}" ]; then
        # The key goes in by a file of headers: the list of processes shows arguments to everybody.
        printf 'Authorization: Bearer %s\n' "$TDKT_KEY" >"$folder/key"
        set -- -H "@$folder/key" "$@"
    fi
    status=0
    code=$(curl -sS --retry 8 --retry-connrefused --max-time 60 -D "$folder/headers" -o "$folder/answer" -w '%{http_code}' "$@") || status=$?
    [ "$status" -eq 0 ] || exit 75
    case $code in
        2*) ;;
        408 | 429 | 503) cat "$folder/answer" >&2; exit 75 ;;
        *) cat "$folder/answer" >&2; exit 1 ;;
    esac
}

# One member of the job or the event: its names stand once, but for "kind" and the like, which are not asked for.
member() {
    sed -n "s/.*\"$1\":\"\{0,1\}\([^\",}]*\).*/\1/p" "${2:-$folder/answer}" | head -n 1
}

begin() {
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
}

# The paper of a job, if it is the one that was named.
fetch() {
    call "$TDKT_SERVICE$1/document"
    if [ "$(openssl dgst -sha256 -r "$folder/answer" | cut -d ' ' -f 1)" != "$2" ]; then
        echo "the file is not the one that the job names" >&2
        exit 1
    fi
    mv "$folder/answer" "$3"
    echo "$1 $2"
}

paper() {
    begin
    # The same key in every try: a broken connection does not make a second job.
    key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
    call -H 'Content-Type: application/json' -H "Idempotency-Key: \"$key\"" -H 'Prefer: wait=10' \
        --data-binary "@$1" "$TDKT_SERVICE/v1/documents"
    job=$(tr -d '\r' <"$folder/headers" | sed -n 's/^[Ll]ocation: //p' | head -n 1)
    while [ "$(member done)" != true ]; do
        call "$TDKT_SERVICE$job?wait=20"
    done
    if [ "$(member state)" != succeeded ]; then
        cat "$folder/answer" >&2
        exit 1
    fi
    fetch "$job" "$(member sha256)" "$2"
}

# Standard Webhooks 1.0.0, HMAC-SHA256: is the message the service's own, and not older than five minutes?
verify() {
    now=${TDKT_NOW:-$(date +%s)}
    age=$((now - $2))
    if [ "$age" -gt 300 ] || [ "$age" -lt -300 ]; then
        echo "the message is too old" >&2
        exit 1
    fi
    key=$(printf %s "${TDKT_WEBHOOK_SECRET#whsec_}" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \n')
    expected=$({ printf '%s.%s.' "$1" "$2"; cat "$4"; } | openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | openssl base64 -A)
    # Several signatures while a secret is exchanged.
    for signature in $3; do
        [ "$signature" = "v1,$expected" ] && return 0
    done
    echo "the signature is wrong" >&2
    exit 1
}

# A message that is verified may be believed; one that tells of no paper is done with.
event() {
    verify "$1" "$2" "$3" "$4"
    begin
    [ "$(member type "$4")" = job.succeeded ] || return 0
    fetch "$(member href "$4")" "$(member sha256 "$4")" "$5"
}

case "${1:-} $#" in
    "paper 3") paper "$2" "$3" ;;
    "verify 5") verify "$2" "$3" "$4" "$5" ;;
    "event 6") event "$2" "$3" "$4" "$5" "$6" ;;
    *) sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
