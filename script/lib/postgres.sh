# A private PostgreSQL server for tests: its own files, a free port on 127.0.0.1, gone without a trace afterwards.
#
#   source script/lib/postgres.sh
#   url=$(postgres_start "$directory")    # an empty or absent directory; prints the URL of a database
#   postgres_stop "$directory"            # ends the server and leaves the directory to its owner
#   postgres_again "$directory"           # starts it again, as it was, after it was stopped or has crashed
#
# It trusts whoever can connect, so it listens on the loopback only. It syncs to disk like a real one, and its default
# collation is a language's (ICU, where the server knows it): a column that forgot COLLATE "C" then sorts differently
# from SQLite, and a test sees it.

# Runs a command as the user the server runs as: PostgreSQL refuses to run as root.
postgres_as() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid=postgres --regid=postgres --clear-groups "$@"
    else
        "$@"
    fi
}

postgres_start() {
    local directory=$1 bin port pid collation=() attempt
    # The newest of those installed.
    bin=$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -n 1)
    if [ -z "$bin" ]; then
        bin=$(dirname "$(command -v initdb)") || { echo "postgres_start: no PostgreSQL server installed" >&2; return 1; }
    fi
    mkdir -p "$directory" || return 1
    directory=$(cd "$directory" && pwd) || return 1
    # mktemp -d makes 0700 for root, where the server's user could not enter.
    if [ "$(id -u)" -eq 0 ]; then chown postgres:postgres "$directory" || return 1; fi

    if "$bin/initdb" --help | grep -q -- --icu-locale; then
        collation=(--locale-provider=icu --icu-locale=en)
    fi
    if ! postgres_as "$bin/initdb" -D "$directory/data" --username=muster --auth=trust --encoding=UTF8 --locale=C.UTF-8 \
        "${collation[@]}" --no-sync >"$directory/initdb.log" 2>&1; then
        cat "$directory/initdb.log" >&2
        return 1
    fi

    for attempt in 1 2 3 4 5 6 7 8 9 10; do
        # A port is only free until somebody else takes it, so a start that fails is tried again with another.
        port=$((20000 + (RANDOM * 32768 + RANDOM) % 40000))
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then continue; fi
        # Its output goes to a file, or who reads this function's output would wait for the server to end.
        if postgres_as "$bin/pg_ctl" -D "$directory/data" -l "$directory/server.log" -w -t 30 \
            -o "-c listen_addresses=127.0.0.1 -c port=$port -c unix_socket_directories= -c max_connections=200 \
                -c fsync=on -c synchronous_commit=on" start >"$directory/start.log" 2>&1; then
            echo "postgresql://muster@127.0.0.1:$port/postgres"
            return 0
        fi
    done
    cat "$directory/start.log" "$directory/server.log" >&2
    return 1
}

postgres_stop() {
    local directory=$1 pid attempt
    pid=$(head -n 1 "$directory/data/postmaster.pid" 2>/dev/null) || return 0
    [ -n "$pid" ] || return 0
    # INT is PostgreSQL's fast shutdown: sessions are ended, nothing is lost.
    kill -INT "$pid" 2>/dev/null || return 0
    for attempt in $(seq 300); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    echo "postgres_stop: server $pid does not end" >&2
    return 1
}

# Starts a server that postgres_start made and that has ended since, with the options and the port it had.
postgres_again() {
    local directory=$1 bin
    bin=$(dirname "$(head -n 1 "$directory/data/postmaster.opts" | cut -d ' ' -f 1)") || return 1
    # `restart` rather than `start`: only that takes the options from the file.
    postgres_as "$bin/pg_ctl" -D "$directory/data" -l "$directory/server.log" -w -t 30 restart >"$directory/start.log" 2>&1 && return 0
    tail -n 5 "$directory/start.log" "$directory/server.log" >&2
    return 1
}
