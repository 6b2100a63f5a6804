#include "host_lines.h"

#include <algorithm>
#include <sstream>

namespace reaper::bench {
namespace {

constexpr std::size_t kServerShare = 20;  // One process in so many belongs to a server.

std::vector<std::string> words(const std::string& text) {
    std::istringstream stream(text);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

Line plain(const std::string& comm, const std::string& text, unsigned descriptors = 4) {
    return {comm, words(text), descriptors};
}

Line title(const std::string& comm, const std::string& text, std::size_t padding,
           unsigned descriptors = 4) {
    return {comm, {text}, descriptors, padding};
}

const std::string kChrome =
    "/opt/google/chrome/chrome --type=renderer --crashpad-handler-pid=4% "
    "--enable-crash-reporter=6f1b3c5e-7d21-4a0b-9a57-2b0f3e6c1d44, --change-stack-guard-on-fork=enable "
    "--lang=en-US --num-raster-threads=4 --enable-main-frame-before-activation --renderer-client-id=% "
    "--time-ticks-at-unix-epoch=-1791834207163892 --launch-time-ticks=84261% "
    "--shared-files=v8_context_snapshot_data:100 "
    "--metrics-shmem-handle=4,i,11683427816253890731,13924510877034210987,2097152 "
    "--field-trial-handle=3,i,8401837263557714820,5092371184463720918,262144 "
    "--enable-features=ReadAnything,TabHoverCardImageSettings,VaapiVideoDecoder "
    "--disable-features=AutofillServerCommunication,OptimizationHints,MediaRouter "
    "--variations-seed-version=20261118-050041.527000 --trace-process-track-uuid=3190708990060038890";

const std::string kCode =
    "/usr/share/code/code --type=utility --utility-sub-type=node.mojom.NodeService --lang=en-US "
    "--service-sandbox-type=none --no-sandbox --dns-result-order=ipv4first "
    "--experimental-network-inspection "
    "--inspect-port=0 --crashpad-handler-pid=5% "
    "--enable-crash-reporter=0b5e7d1c-f2e9-44e7-8d0f-77f6a6d1a3c2 "
    "--user-data-dir=/home/dev/.config/Code --standard-schemes=vscode-webview,vscode-file "
    "--secure-schemes=vscode-webview,vscode-file --cors-schemes=vscode-webview,vscode-file "
    "--fetch-schemes=vscode-webview,vscode-file --service-worker-schemes=vscode-webview "
    "--code-cache-schemes=vscode-webview,vscode-file --shared-files=v8_context_snapshot_data:100 "
    "--field-trial-handle=3,i,1472913309482716023,9120381120934756128,262144";

const std::string kJava =
    "/usr/share/elasticsearch/jdk/bin/java -Xshare:auto -Des.networkaddress.cache.ttl=60 "
    "-Des.networkaddress.cache.negative.ttl=10 -XX:+AlwaysPreTouch -Xss1m -Djava.awt.headless=true "
    "-Dfile.encoding=UTF-8 -Djna.nosys=true -XX:-OmitStackTraceInFastThrow -Dio.netty.noUnsafe=true "
    "-Dio.netty.noKeySetOptimization=true -Dio.netty.recycler.maxCapacityPerThread=0 "
    "-Dlog4j.shutdownHookEnabled=false -Dlog4j2.disable.jmx=true -Xms1g -Xmx1g -XX:+UseG1GC "
    "-Djava.io.tmpdir=/tmp/elasticsearch-% -XX:+HeapDumpOnOutOfMemoryError "
    "-XX:HeapDumpPath=/var/lib/elasticsearch -XX:ErrorFile=/var/log/elasticsearch/hs_err_pid%p.log "
    "--module-path /usr/share/elasticsearch/lib -m "
    "org.elasticsearch.server/org.elasticsearch.bootstrap.Elasticsearch";

/// Ordinary families; the number says how many children of the kind there are. '%' becomes a number
/// that is different for every process.
struct Kind {
    Line head;
    std::vector<std::pair<unsigned, Line>> children;
};

std::vector<Kind> ordinary_kinds() {
    const Line bash = plain("bash", "-bash");
    return {
        {plain("chrome", "/opt/google/chrome/chrome --profile-directory=Default", 300),
         {{1, plain("chrome",
                    "/opt/google/chrome/chrome --type=zygote --no-zygote-sandbox "
                    "--crashpad-handler-pid=4% --enable-crash-reporter=6f1b3c5e,")},
          {1, plain("chrome",
                    "/opt/google/chrome/chrome --type=gpu-process --gpu-preferences=YAAAAAAAAAAgAAA% "
                    "--shared-files --field-trial-handle=3,i,8401837263557714820,5092371184463720918",
                    40)},
          {22, plain("chrome", kChrome, 40)}}},
        {plain("code", "/usr/share/code/code --unity-launch /home/dev/src/project%", 120),
         {{6, plain("code", kCode, 60)},
          {1,
           plain("node",
                 "/usr/share/code/code /usr/share/code/resources/app/extensions/node_modules/typescript/"
                 "lib/tsserver.js --useInferredProjectPerProjectRoot --enableTelemetry "
                 "--cancellationPipeName /tmp/vscode-typescript1000/%/tscancellation.tmp* --locale en",
                 25)},
          {1, plain("gopls", "/home/dev/go/bin/gopls -mode=stdio", 12)},
          {1, plain("clangd", "/usr/bin/clangd --background-index --clang-tidy --header-insertion=never",
                    12)},
          {3, plain("bash",
                    "/bin/bash --init-file /usr/share/code/resources/app/out/vs/shellIntegration.sh")}}},
        {plain("postgres",
               "/usr/lib/postgresql/15/bin/postgres -D /var/lib/postgresql/15/main -c "
               "config_file=/etc/postgresql/15/main/postgresql.conf"),
         {{1, title("postgres", "postgres: 15/main: checkpointer ", 20, 10)},
          {1, title("postgres", "postgres: 15/main: walwriter ", 23, 10)},
          {14, title("postgres", "postgres: 15/main: app appdb 10.0.3.7(5%) idle", 10, 14)}}},
        {title("nginx", "nginx: master process /usr/sbin/nginx -g daemon on; master_process on;", 8, 12),
         {{8, title("nginx", "nginx: worker process", 40, 30)}}},
        {title("php-fpm8.2", "php-fpm: master process (/etc/php/8.2/fpm/php-fpm.conf)", 22, 8),
         {{10, title("php-fpm8.2", "php-fpm: pool www", 60, 8)}}},
        {plain("gunicorn",
               "/srv/api/.venv/bin/python3 /srv/api/.venv/bin/gunicorn api.wsgi:application "
               "--bind 0.0.0.0:80% --workers 8 --timeout 60",
               8),
         {{8, plain("gunicorn",
                    "/srv/api/.venv/bin/python3 /srv/api/.venv/bin/gunicorn api.wsgi:application "
                    "--bind 0.0.0.0:80% --workers 8 --timeout 60",
                    12)}}},
        {plain("celery",
               "/srv/api/.venv/bin/python3 -m celery -A api worker --loglevel=INFO --concurrency=8 -n "
               "w%@h",
               12),
         {{8, plain("celery",
                    "/srv/api/.venv/bin/python3 -m celery -A api worker --loglevel=INFO --concurrency=8 "
                    "-n w%@h",
                    12)}}},
        {title("npm run dev", "npm run dev", 12, 20),
         {{1, {"sh", {"sh", "-c", "next dev --port 3%"}}},
          {1, plain("node", "node /home/dev/site%/node_modules/.bin/next dev --port 3000", 24)},
          {1, title("next-server (v1", "next-server (v16.2.11)", 60, 32)},
          {1,
           plain(
               "esbuild",
               "/home/dev/site%/node_modules/@esbuild/linux-x64/bin/esbuild --service=0.25.5 --ping")}}},
        {plain("node", "node /srv/app%/dist/index.js --port 3000", 24),
         {{2, plain("node", "/usr/bin/node /srv/app%/dist/worker.js", 24)}}},
        {plain("sshd", "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups", 6),
         {{4, title("sshd", "sshd: dev [priv]", 30, 8)},
          {4, title("sshd", "sshd: dev@pts/%", 30, 12)},
          {4, bash}}},
        {title("tmux: server", "tmux new-session -s work%", 2, 12),
         {{6, bash},
          {1, plain("vim", "vim src/mcp-server.ts")},
          {1, plain("tail", "tail -f /var/log/mcp-server-fetch.log")},
          {1, plain("less", "less /var/log/syslog")},
          {1, plain("htop", "htop")},
          {1, {"bash", {"/bin/bash", "-c", "while sleep 60; do git -C /home/dev/src/% fetch; done"}}},
          {1, plain("sleep", "sleep 60")}}},
        {plain("jupyter-lab",
               "/home/dev/.venv/bin/python3 /home/dev/.venv/bin/jupyter-lab --no-browser --port=88%",
               20),
         {{4, plain("python3",
                    "/home/dev/.venv/bin/python3 -m ipykernel_launcher -f "
                    "/home/dev/.local/share/jupyter/runtime/kernel-7a3f-%.json",
                    40)}}},
        {plain("containerd-shim",
               "/usr/bin/containerd-shim-runc-v2 -namespace moby -id "
               "9b0a4c1de7f24c6c8a5b1d3e2f60718293a4b5c6d7e8f9000111222333444555 -address "
               "/run/containerd/containerd.sock",
               12),
         {{1, plain("redis-server", "redis-server *:6379", 8)}}},
        {plain("containerd-shim",
               "/usr/bin/containerd-shim-runc-v2 -namespace moby -id "
               "1f2e3d4c5b6a79808f9e0d1c2b3a495867768594a3b2c1d0e0f1a2b3c4d5e6f7 -address "
               "/run/containerd/containerd.sock",
               12),
         {{1, plain("java", kJava, 300)}}},
        {plain("gnome-session-b", "/usr/libexec/gnome-session-binary --session=gnome", 12),
         {{1, plain("gnome-shell", "/usr/bin/gnome-shell", 80)},
          {1, plain("Xwayland",
                    "/usr/bin/Xwayland :0 -rootless -noreset -accessx -core -auth "
                    "/run/user/1000/.mutter-Xwaylandauth.% -listenfd 4 -listenfd 5",
                    60)},
          {1, plain("gsd-media-keys", "/usr/libexec/gsd-media-keys", 12)}}},
        {plain("dbus-daemon",
               "/usr/bin/dbus-daemon --session --address=systemd: --nofork --nopidfile "
               "--systemd-activation --syslog-only",
               60),
         {}},
        {plain("pipewire", "/usr/bin/pipewire", 40), {}},
        {plain("gvfsd", "/usr/libexec/gvfsd", 12), {}},
        {plain("cron", "/usr/sbin/cron -f", 4), {}},
        {plain("agetty", "/sbin/agetty -o -p -- \\u --noclear tty% linux", 4), {}},
        {plain("dockerd", "/usr/sbin/dockerd -H fd:// --containerd=/run/containerd/containerd.sock", 60),
         {{4, plain("docker-proxy",
                    "/usr/bin/docker-proxy -proto tcp -host-ip 127.0.0.1 -host-port 6% "
                    "-container-ip 172.18.0.4 -container-port 6379",
                    8)}}},
    };
}

Launch by_npx(const std::string& package, const std::string& binary, const std::string& arguments) {
    const std::string tail = arguments.empty() ? "" : ' ' + arguments;
    return {false,
            {title("npm exec " + package, "npm exec " + package + tail, 13, 20),
             {"sh", {"sh", "-c", "'" + binary + "'" + tail}},
             plain("node",
                   "node /home/dev/.npm/_npx/15b07286cbcc3329/node_modules/.bin/" + binary + tail, 22)}};
}

/// What clients start, in turn.
std::vector<Launch> launches() {
    const std::string pnpm =
        "/home/dev/app%/node_modules/.pnpm/@modelcontextprotocol+server-memory@2026.8.31/";
    return {
        by_npx("@modelcontextprotocol/server-filesystem", "mcp-server-filesystem",
               "/home/dev/src/project%"),
        by_npx("@playwright/mcp@latest", "playwright-mcp", "--headless"),
        by_npx("@modelcontextprotocol/server-sequential-thinking", "mcp-server-sequential-thinking", ""),
        {true,
         {plain("uv", "/home/dev/.local/bin/uv tool uvx mcp-server-fetch", 10),
          plain("python",
                "/home/dev/.cache/uv/archive-v0/Xk3%/bin/python "
                "/home/dev/.cache/uv/archive-v0/Xk3%/bin/mcp-server-fetch",
                10)}},
        by_npx("@supabase/mcp-server-supabase@latest", "mcp-server-supabase",
               "--read-only --project-ref=abc%"),
        by_npx("@upstash/context7-mcp", "context7-mcp", ""),
        {false,
         {title("npm exec chrome-devtools-mcp", "npm exec chrome-devtools-mcp@latest", 13, 20),
          {"sh", {"sh", "-c", "'chrome-devtools-mcp'"}},
          title("chrome-devtools", "chrome-devtools-mcp", 60, 24)}},
        {true, {plain("python3", "/home/dev/.venv/bin/python3 -m duckduckgo_mcp_server", 10)}},
        {false,
         {plain("node",
                "node " + pnpm + "node_modules/@modelcontextprotocol/server-memory/dist/index.js", 22)}},
    };
}

std::vector<Line> clients() {
    return {plain("claude", "claude --dangerously-skip-permissions --resume 5d0c%", 40),
            plain("codex",
                  "/usr/lib/node_modules/@openai/codex/vendor/x86_64-unknown-linux-musl/codex/codex "
                  "--model gpt-5.2-codex",
                  40),
            plain("MainThread", "node /home/dev/.nvm/versions/node/v24.16.0/bin/gemini --yolo", 40),
            plain("opencode", "opencode --session ses_%", 40)};
}

Line numbered(Line line, std::size_t number) {
    for (std::string& argument : line.argv) {
        for (std::size_t at = argument.find('%'); at != std::string::npos; at = argument.find('%', at))
            argument.replace(at, 1, std::to_string(number));
    }
    return line;
}

/// Hands out families one after the other and numbers their processes.
class Growth {
  public:
    Family next_client() {
        constexpr std::size_t kServersOfAClient = 6;
        static const std::vector<Line> kClients = clients();
        static const std::vector<Launch> kLaunches = launches();
        Family family{number(kClients[clients_++ % kClients.size()]), {}, {}};
        for (std::size_t i = 0; i < kServersOfAClient; ++i) {
            Launch launch = kLaunches[launches_++ % kLaunches.size()];
            const std::size_t same_for_all = numbers_++;
            for (Line& line : launch.chain) line = numbered(line, same_for_all);
            family.launches.push_back(std::move(launch));
        }
        return family;
    }

    Family next_ordinary() {
        static const std::vector<Kind> kKinds = ordinary_kinds();
        const Kind& kind = kKinds[kinds_++ % kKinds.size()];
        Family family{number(kind.head), {}, {}};
        for (const auto& [count, line] : kind.children) {
            for (unsigned i = 0; i < count; ++i) family.children.push_back(number(line));
        }
        return family;
    }

  private:
    Line number(const Line& line) { return numbered(line, numbers_++); }

    std::size_t clients_ = 0;
    std::size_t launches_ = 0;
    std::size_t kinds_ = 0;
    std::size_t numbers_ = 1000;
};

}  // namespace

std::string Line::bytes() const {
    std::string bytes;
    for (const std::string& argument : argv) bytes.append(argument).push_back('\0');
    return bytes.append(padding, '\0');
}

std::string Line::text() const {
    std::string text;
    for (const std::string& argument : argv) text.append(text.empty() ? "" : " ").append(argument);
    return text;
}

std::size_t Family::size() const {
    std::size_t size = 1 + children.size();
    for (const Launch& launch : launches) size += launch.chain.size();
    return size;
}

std::vector<Family> host_families(std::size_t processes) {
    Growth growth;
    std::vector<Family> families;
    std::size_t grown = 0;
    std::size_t of_servers = 0;
    while (grown < processes) {
        const std::size_t left = processes - grown;
        const bool wants_servers = of_servers * kServerShare <= grown;
        Family family = wants_servers ? growth.next_client() : growth.next_ordinary();
        // The last family may be cut short, but no server is: half a chain is another thing.
        if (family.size() > left) {
            if (wants_servers) family = growth.next_ordinary();
            family.children.resize(std::min(family.children.size(), left - 1));
        }
        grown += family.size();
        if (!family.launches.empty()) of_servers += family.size() - 1;
        families.push_back(std::move(family));
    }
    return families;
}

std::vector<Line> host_lines(std::size_t processes) {
    std::vector<Line> lines;
    for (Family& family : host_families(processes)) {
        lines.push_back(std::move(family.head));
        std::move(family.children.begin(), family.children.end(), std::back_inserter(lines));
        for (Launch& launch : family.launches)
            std::move(launch.chain.begin(), launch.chain.end(), std::back_inserter(lines));
    }
    return lines;
}

}  // namespace reaper::bench
