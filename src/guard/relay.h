// Between client and server: lines in both directions, each looked at before it is passed on, byte for
// byte and in order. What one side does not take keeps the other side waiting, not our memory growing:
// at most a message of the largest size and a little more is held in each direction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "guard/envelope.h"
#include "guard/line_buffer.h"
#include "guard/settings.h"
#include "guard/stream.h"

namespace reaper::guard {

/// Who decides about messages.
class Listener {
  public:
    virtual ~Listener() = default;
    /// Whether messages of the client are taken now.
    [[nodiscard]] virtual bool takes() const = 0;
    /// A message, or one of a batch; false: it is not passed on (a batch always is).
    virtual bool from_client(std::string_view line, const Envelope& message) = 0;
    virtual bool from_server(std::string_view line, const Envelope& message) = 0;
    /// Too long; it is not passed on.
    virtual void over_long_from_client(const Line& line) = 0;
    virtual void over_long_from_server(const Line& line) = 0;
    /// No JSON-RPC; it is not passed on.
    virtual void garbage_from_server(std::string_view line) = 0;
};

class Relay {
  public:
    Relay(const Settings& settings, Listener& listener, Stream client_in, Stream client_out);

    void attach_server(UniqueFd input, UniqueFd output);
    /// What it has left half said is dropped.
    void detach_server();
    /// Once all has been written to it.
    void close_server_input();

    // What to wait for: descriptors, -1 where there is nothing to wait for.
    [[nodiscard]] int client_to_read() const;
    [[nodiscard]] int client_to_write() const;
    [[nodiscard]] int server_to_read() const;
    [[nodiscard]] int server_to_write() const;
    [[nodiscard]] int client_fd() const { return client_in_.fd(); }
    [[nodiscard]] int server_input_fd() const { return server_in_.fd(); }

    void pump_client();
    /// Messages were read that could not be taken then: pump_client() when they can.
    [[nodiscard]] bool holds() const { return holds_; }
    void pump_server();
    /// What a server that has ended has left in its pipe, though the client does not read.
    void drain_server();
    void flush_client() { client_out_.flush(); }
    void flush_server();
    /// Gives back the memory that large messages have taken; when nothing is said for a while.
    void relax();

    /// A message of our own, behind what was passed on before it.
    void to_client(std::string_view line);
    void to_server(std::string_view line);

    [[nodiscard]] bool client_ended() const { return client_ended_; }
    [[nodiscard]] bool server_ended() const { return server_ended_; }
    /// Nobody reads what we say.
    [[nodiscard]] bool client_deaf() const { return client_out_.over(); }
    [[nodiscard]] std::size_t waiting_for_client() const { return client_out_.waiting(); }
    /// Bytes, in all.
    [[nodiscard]] std::uint64_t read_of_client() const { return read_of_client_; }
    /// Bytes that the client has written and that are not read yet.
    [[nodiscard]] std::size_t unread_of_client() const;

    struct Counts {
        std::uint64_t from_client = 0;
        std::uint64_t from_server = 0;
        std::uint64_t garbage = 0;
        std::uint64_t over_long = 0;
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

  private:
    /// Lines that stand one behind the other and go the same way: one write.
    class Run {
      public:
        explicit Run(Outlet& outlet) : outlet_(outlet) {}
        void add(const Line& line);
        void flush();

      private:
        Outlet& outlet_;
        std::string_view bytes_;
    };

    void take_from_client(const Line& line);
    void take_from_server(const Line& line);
    bool lines_of_client();
    /// False where nothing more is there now. Adds to `taken`.
    bool read_server(std::size_t& taken);
    void lines_of_server();

    Listener& listener_;
    Stream client_in_;
    Outlet client_out_;
    Outlet server_in_;
    Stream server_out_;
    LineBuffer from_client_;
    LineBuffer from_server_;
    EnvelopeReader reader_;
    Run to_server_run_{server_in_};
    Run to_client_run_{client_out_};
    std::uint64_t read_of_client_ = 0;
    bool holds_ = false;
    bool client_ended_ = false;
    bool server_ended_ = true;
    bool close_input_ = false;
    Counts counts_;
};

}  // namespace reaper::guard
