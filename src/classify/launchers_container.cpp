// docker, podman, nerdctl: the program is an image, and its processes are no descendants.
#include <algorithm>
#include <array>
#include <cctype>

#include "classify/launchers.h"

namespace reaper::classify {
namespace {

using std::string_view;

/// "ghcr.io/github/github-mcp-server:1.2@sha256:…" -> "ghcr.io/github/github-mcp-server".
std::string image_name(string_view image) {
    image = image.substr(0, image.find('@'));
    const std::size_t slash = image.rfind('/');
    const std::size_t tag = image.find(':', slash == string_view::npos ? 0 : slash);
    return std::string(image.substr(0, tag));
}

bool is_word(string_view text) {  // "…" stands for options in what people paste
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
}

std::size_t next_word(Words words, std::size_t at) {
    while (at < words.size() && !is_word(words[at])) ++at;
    return at;
}

constexpr auto kRunOptions = std::to_array<string_view>({"-e",
                                                         "--env",
                                                         "-v",
                                                         "--volume",
                                                         "-p",
                                                         "--publish",
                                                         "--name",
                                                         "--network",
                                                         "--net",
                                                         "-w",
                                                         "--workdir",
                                                         "-u",
                                                         "--user",
                                                         "--mount",
                                                         "-l",
                                                         "--label",
                                                         "--env-file",
                                                         "--entrypoint",
                                                         "--add-host",
                                                         "-h",
                                                         "--hostname",
                                                         "--cpus",
                                                         "-m",
                                                         "--memory",
                                                         "--memory-swap",
                                                         "--platform",
                                                         "--restart",
                                                         "--gpus",
                                                         "--device",
                                                         "--cap-add",
                                                         "--cap-drop",
                                                         "--security-opt",
                                                         "--log-driver",
                                                         "--log-opt",
                                                         "--tmpfs",
                                                         "--ulimit",
                                                         "--shm-size",
                                                         "--ip",
                                                         "--dns",
                                                         "--runtime",
                                                         "--cidfile",
                                                         "--volumes-from",
                                                         "--userns",
                                                         "--pid",
                                                         "--ipc",
                                                         "--group-add",
                                                         "--stop-signal",
                                                         "--stop-timeout",
                                                         "--pids-limit",
                                                         "-c",
                                                         "--cpu-shares",
                                                         "--cpuset-cpus",
                                                         "--expose",
                                                         "--link",
                                                         "--sysctl",
                                                         "--uts",
                                                         "--detach-keys",
                                                         "-a",
                                                         "--attach",
                                                         "--annotation",
                                                         "--cgroup-parent",
                                                         "--health-cmd",
                                                         "--isolation",
                                                         "--mac-address"});

Program image_program(Words words, std::size_t at) {
    Program program;
    program.kind = NameOf::image;
    program.path = words[at];
    program.slot = image_name(words[at]);
    program.arguments = rest_of(words, at + 1);
    return program;
}

Reading run_image(string_view launcher, Words words, std::size_t from) {
    const std::size_t at = next_word(words, skip_options(words, from, kRunOptions));
    if (at >= words.size()) return {LauncherKind::container, std::string(launcher), {}};
    return launched(LauncherKind::container, launcher, image_program(words, at));
}

/// `docker exec -i CONTAINER COMMAND`: the container's name may tell, or the command in it.
Reading exec_in_container(string_view launcher, Words words, std::size_t from, int depth) {
    const std::size_t at = skip_options(words, from, kRunOptions);
    if (at + 1 >= words.size()) return {LauncherKind::container, std::string(launcher), {}};
    Reading reading = launched(LauncherKind::container, launcher, words.subspan(at + 1), depth);
    const std::string container = words[at];
    for (Program& program : reading.programs) {
        if (program.interpreted) program.also.push_back(container);
    }
    return reading;
}

}  // namespace

Reading read_docker(Words words, int depth) {
    const std::string name = program_name(words[0]);
    std::size_t at = skip_options(words, 1, {"--context", "-c", "-H", "--host", "--config", "-l"});
    if (at < words.size() && words[at] == "container") ++at;
    if (at >= words.size()) return {};
    const string_view verb = words[at];
    if (verb == "run") return run_image(name + " run", words, at + 1);
    if (verb == "exec") return exec_in_container(name + " exec", words, at + 1, depth);
    if (verb == "compose") {
        const std::size_t sub = skip_options(
            words, at + 1,
            {"-f", "--file", "-p", "--project-name", "--env-file", "--profile", "--project-directory"});
        if (sub >= words.size()) return {};
        if (words[sub] == "run") return run_image(name + " compose run", words, sub + 1);
        if (words[sub] == "exec")
            return exec_in_container(name + " compose exec", words, sub + 1, depth);
        return {};
    }
    if (verb == "mcp" && at + 2 < words.size() && words[at + 1] == "gateway" && words[at + 2] == "run") {
        Program program;  // Docker's own gateway runs on this host.
        program.slot = "docker-mcp-gateway";
        program.path = words[0];
        program.arguments = rest_of(words, at + 3);
        return {LauncherKind::none, {}, {std::move(program)}};
    }
    return {};
}

}  // namespace reaper::classify
