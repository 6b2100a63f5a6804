// Stands between a client and its server, passes on every byte, and keeps what it has passed:
//   integration_tap FILE COMMAND…   writes FILE.from-client and FILE.from-server
// Its channel to the command is what its own is, pipes or sockets. It ends with the command.
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace {

[[noreturn]] void give_up(const char* what) {
    std::perror(what);
    std::exit(127);
}

bool is_socket(int fd) {
    struct stat status {};
    return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

struct Channel {
    int read_end;
    int write_end;
};

Channel channel_like(int fd) {
    int ends[2];
    const int made = is_socket(fd) ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)
                                   : pipe2(ends, O_CLOEXEC);
    if (made != 0) give_up("channel");
    return {ends[0], ends[1]};
}

bool write_all(int fd, const char* bytes, ssize_t count) {
    while (count > 0) {
        const ssize_t written = write(fd, bytes, static_cast<std::size_t>(count));
        if (written < 0) return false;
        bytes += written;
        count -= written;
    }
    return true;
}

/// Until one side is gone. It is on file before anybody can answer it.
void pass(int from, int to, const std::string& file) {
    const int kept = open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (kept < 0) give_up(file.c_str());
    char bytes[65536];
    for (ssize_t count = 0; (count = read(from, bytes, sizeof bytes)) > 0;) {
        if (!write_all(kept, bytes, count)) give_up(file.c_str());
        if (!write_all(to, bytes, count)) break;
    }
    close(kept);
    close(to);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    const std::string file = argv[1];
    signal(SIGPIPE, SIG_IGN);
    signal(SIGTERM, SIG_IGN);  // What its command still says belongs to the record.
    const Channel input = channel_like(STDIN_FILENO), output = channel_like(STDOUT_FILENO);
    const pid_t child = fork();
    if (child < 0) give_up("fork");
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        if (dup2(input.read_end, STDIN_FILENO) < 0 || dup2(output.write_end, STDOUT_FILENO) < 0)
            give_up("dup2");
        execvp(argv[2], argv + 2);
        give_up(argv[2]);
    }
    close(input.read_end);
    close(output.write_end);
    std::thread(pass, STDIN_FILENO, input.write_end, file + ".from-client").detach();
    pass(output.read_end, STDOUT_FILENO, file + ".from-server");
    int status = 0;
    waitpid(child, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}
