#include "world/net/connection.h"

#include <fmt/format.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <mutex>
#include <optional>

namespace firebreak::net {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

std::int64_t steady_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

namespace {

class Session;

std::string head_of(const Response& response, std::size_t length, bool keep_alive, bool chunked) {
  std::string out;
  out.reserve(192);
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status, status_text(response.status));
  if (!response.content_type.empty()) out.append("Content-Type: ").append(response.content_type).append("\r\n");
  for (const auto& [name, value] : response.headers) out.append(name).append(": ").append(value).append("\r\n");
  if (chunked) out += "Transfer-Encoding: chunked\r\n";
  else if (length != std::string::npos) fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", length);
  out += keep_alive ? "\r\n" : "Connection: close\r\n\r\n";
  return out;
}

// Fills `out`; the reason why not as text.
Result<void> to_request(http::request<http::string_body>& from, std::string peer, Request& out) {
  out.method = std::string(from.method_string());
  FIREBREAK_TRY(read_target({from.target().data(), from.target().size()}, out));
  for (const auto& field : from) {
    std::string name(field.name_string());
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    out.headers.emplace_back(std::move(name), std::string(field.value()));
  }
  out.body = std::move(from.body());
  out.peer = std::move(peer);
  return {};
}

}  // namespace

struct StreamState {
  std::weak_ptr<Loop> loop;
  std::weak_ptr<Session> session;
  std::size_t limit = 0;
  std::atomic<bool> closed{false};
  std::atomic<std::size_t> queued{0};
  std::mutex mutex;
  std::function<void()> callback, drained;

  void mark_closed() {
    std::function<void()> call;
    {
      const std::lock_guard lock(mutex);
      closed = true;
      call = std::move(callback);
      callback = drained = nullptr;
    }
    if (call) call();
  }
  void mark_sent(std::size_t octets) {
    queued.fetch_sub(std::min(octets, queued.load()));
    std::function<void()> call;
    if (queued == 0) {
      const std::lock_guard lock(mutex);
      call = drained;
    }
    if (call) call();
  }
};

struct Exchange {
  std::weak_ptr<Loop> loop;
  std::weak_ptr<Session> session;
  std::atomic<bool> answered{false};
  std::size_t stream_limit = 0;

  ~Exchange();
  // Runs `task(Session&)` on the session's loop, if both still exist. The session is only ever locked there, so
  // its socket cannot outlive the loop's io_context.
  template <class Task>
  static void on_session(const std::weak_ptr<Loop>& loop, const std::weak_ptr<Session>& session, Task task) {
    const auto alive = loop.lock();
    if (!alive || alive->stopped) return;
    auto run = [session, task = std::move(task)]() mutable {
      if (const auto locked = session.lock()) task(*locked);
    };
    if (alive->is_current()) run();
    else asio::post(*alive->context, std::move(run));
  }
};

namespace {

// One connection. All of it runs on its loop.
class Session : public Connection, public std::enable_shared_from_this<Session> {
 public:
  Session(int descriptor, bool ipv6, ConnectionHost& host)
      : socket_(*host.loop->context), host_(host), options_(*host.options), buffer_(64 * limits::kMiB) {
    ErrorCode ec;
    socket_.assign(ipv6 ? tcp::v6() : tcp::v4(), descriptor, ec);
  }

  void start() override {
    ErrorCode ec;
    socket_.set_option(tcp::no_delay(true), ec);
    const auto remote = socket_.remote_endpoint(ec);
    if (!ec) peer_ = fmt::format("{}:{}", remote.address().to_string(), remote.port());
    next_request();
  }

  void check_deadline(std::int64_t now) override {
    if (deadline_us_ == 0 || now < deadline_us_) return;
    if (state_ == State::kReading) {
      state_ = State::kLate;
      ErrorCode ec;
      socket_.cancel(ec);  // on_read answers 408
    } else {
      close();
    }
  }

  void close_if_idle() override {
    if (state_ == State::kIdle) close();
  }

  void close() override {
    if (state_ == State::kClosed) return;
    state_ = State::kClosed;
    ErrorCode ec;
    socket_.close(ec);
    if (stream_) std::exchange(stream_, nullptr)->mark_closed();
    const auto self = shared_from_this();
    host_.closed(this);
  }

  void respond(Response response) {
    if (state_ != State::kHandling) return;
    write_response(response, keep_alive_);
  }

  void start_stream(Response head, std::shared_ptr<StreamState> stream) {
    if (state_ != State::kHandling) return stream->mark_closed();
    state_ = State::kStreaming;
    stream_ = std::move(stream);
    deadline_us_ = 0;
    pending_ = head_of(head, std::string::npos, false, chunked_);
    if (!head.body.empty()) frame(head.body);
    watch_for_close();
    flush_stream();
  }

  void push(std::string chunk, bool last) {
    if (state_ != State::kStreaming) return;
    if (!chunk.empty()) frame(chunk);
    if (last) {
      if (chunked_) pending_ += "0\r\n\r\n";
      last_ = true;
    }
    flush_stream();
  }

 private:
  enum class State { kIdle, kReading, kLate, kHandling, kWriting, kStreaming, kDraining, kClosed };

  void next_request() {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(static_cast<std::uint32_t>(options_.header_limit));
    parser_->body_limit(options_.body_limit);
    continued_ = false;
    state_ = State::kIdle;
    deadline_us_ = steady_us() + options_.idle_timeout_us;
    if (buffer_.size() > 0) parse();
    else read();
  }

  void read() {
    socket_.async_read_some(buffer_.prepare(16 * limits::kKiB),
                            [self = shared_from_this()](ErrorCode ec, std::size_t n) { self->on_read(ec, n); });
  }

  void on_read(ErrorCode ec, std::size_t n) {
    if (state_ == State::kClosed) return;
    if (state_ == State::kLate)
      return refuse(408, {Code::kTimeout, "the request did not arrive in time", "", 0});
    if (ec) return close();  // a request may be half here, but nobody is left to hear so
    buffer_.commit(n);
    parse();
  }

  void parse() {
    if (state_ == State::kIdle) {
      state_ = State::kReading;
      deadline_us_ = steady_us() + options_.request_timeout_us;
    }
    ErrorCode ec;
    while (buffer_.size() > 0 && !parser_->is_done()) {
      const std::size_t used = parser_->put(buffer_.data(), ec);
      buffer_.consume(used);
      if (ec == http::error::need_more) {
        ec = {};
        break;
      }
      if (ec) return refuse_parse(ec);
    }
    if (parser_->is_done()) return handle();
    if (!parser_->is_header_done() && buffer_.size() > options_.header_limit)
      return refuse_parse(http::error::header_limit);
    if (parser_->is_header_done() && !continued_ && parser_->get().count(http::field::expect) > 0) return go_on();
    read();
  }

  void refuse_parse(ErrorCode ec) {
    if (ec == http::error::body_limit)
      return refuse(413, {Code::kTooLarge, fmt::format("the body is longer than {} octets", options_.body_limit), "", 0});
    if (ec == http::error::header_limit)
      return refuse(431, {Code::kTooLarge, fmt::format("the header is longer than {} octets", options_.header_limit), "", 0});
    refuse(400, {Code::kInvalid, fmt::format("not a valid HTTP request: {}", ec.message()), "", 0});
  }

  // Expect: 100-continue: the client waits with its body.
  void go_on() {
    continued_ = true;
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(socket_, asio::buffer(kContinue), [self = shared_from_this()](ErrorCode ec, std::size_t) {
      if (self->state_ == State::kClosed) return;
      if (ec) self->close();
      else self->read();
    });
  }

  void handle() {
    auto message = parser_->release();
    keep_alive_ = message.keep_alive();
    chunked_ = message.version() >= 11;
    head_only_ = message.method() == http::verb::head;
    state_ = State::kHandling;
    deadline_us_ = 0;
    Request request;
    if (auto converted = to_request(message, peer_, request); !converted)
      return write_response(problem(converted.error()), false);
    auto exchange = std::make_shared<Exchange>();
    exchange->loop = host_.loop;
    exchange->session = weak_from_this();
    exchange->stream_limit = options_.stream_buffer;
    Responder responder(std::move(exchange));
    if (host_.pool == nullptr) return run_handler(*host_.handler, std::move(request), responder);
    asio::post(*host_.pool, [handler = host_.handler, request = std::move(request), responder]() mutable {
      run_handler(*handler, std::move(request), responder);
    });
  }

  static void run_handler(const Handler& handler, Request request, const Responder& responder) {
    try {
      handler(std::move(request), responder);
    } catch (const std::exception& e) {
      responder.fail(Error{Code::kInternal, e.what(), "", 0});
    }
  }

  void refuse(int status, const Error& error) { write_response(problem(status, error), false); }

  void write_response(const Response& response, bool keep_alive) {
    state_ = State::kWriting;
    deadline_us_ = steady_us() + options_.write_timeout_us;
    const bool bare = response.status == 204 || response.status == 304;
    out_ = head_of(response, bare ? std::string::npos : response.body.size(), keep_alive, false);
    if (!head_only_ && !bare) out_ += response.body;  // one buffer: one packet, one call
    asio::async_write(socket_, asio::buffer(out_), [self = shared_from_this(), keep_alive](ErrorCode ec, std::size_t) {
      if (self->state_ == State::kClosed) return;
      if (ec) return self->close();
      if (self->host_.stopping) return self->close();
      self->head_only_ = false;
      if (keep_alive) self->next_request();
      else self->drain();
    });
  }

  // Closing with unread octets would send a reset that can overtake the answer: say goodbye, then read it away.
  void drain() {
    state_ = State::kDraining;
    deadline_us_ = steady_us() + 2'000'000;
    ErrorCode ec;
    socket_.shutdown(tcp::socket::shutdown_send, ec);
    if (ec) return close();
    buffer_.clear();
    drain_some();
  }

  void drain_some() {
    socket_.async_read_some(buffer_.prepare(16 * limits::kKiB), [self = shared_from_this()](ErrorCode ec, std::size_t) {
      if (self->state_ == State::kClosed) return;
      if (ec) self->close();
      else self->drain_some();
    });
  }

  void frame(const std::string& chunk) {
    if (chunked_) {
      fmt::format_to(std::back_inserter(pending_), "{:x}\r\n", chunk.size());
      pending_ += chunk;
      pending_ += "\r\n";
    } else {
      pending_ += chunk;
    }
    in_pending_ += chunk.size();
  }

  void flush_stream() {
    if (writing_) return;
    if (pending_.empty()) {
      if (last_) close();
      return;
    }
    writing_ = true;
    out_.swap(pending_);
    pending_.clear();
    const std::size_t count = std::exchange(in_pending_, 0);
    deadline_us_ = steady_us() + options_.write_timeout_us;
    asio::async_write(socket_, asio::buffer(out_), [self = shared_from_this(), count](ErrorCode ec, std::size_t) {
      if (self->state_ == State::kClosed) return;
      self->writing_ = false;
      self->deadline_us_ = 0;
      if (ec) return self->close();
      if (self->stream_) self->stream_->mark_sent(count);
      self->flush_stream();
    });
  }

  void watch_for_close() {
    socket_.async_read_some(buffer_.prepare(limits::kKiB), [self = shared_from_this()](ErrorCode ec, std::size_t) {
      if (self->state_ == State::kClosed) return;
      if (ec) self->close();
      else self->watch_for_close();  // nothing a client says during a stream counts
    });
  }

  tcp::socket socket_;
  ConnectionHost& host_;
  const ServerOptions& options_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::string peer_, out_, pending_;
  std::size_t in_pending_ = 0;
  std::shared_ptr<StreamState> stream_;
  State state_ = State::kIdle;
  std::int64_t deadline_us_ = 0;
  bool keep_alive_ = true, chunked_ = true, head_only_ = false, continued_ = false, writing_ = false, last_ = false;
};

}  // namespace

std::shared_ptr<Connection> make_connection(int descriptor, bool ipv6, ConnectionHost& host) {
  return std::make_shared<Session>(descriptor, ipv6, host);
}

Exchange::~Exchange() {
  if (answered) return;
  on_session(loop, session, [](Session& on) {
    on.respond(problem(Error{Code::kInternal, "the request was dropped without an answer", "", 0}));
  });
}

void Responder::respond(Response response) const {
  if (!exchange_ || exchange_->answered.exchange(true)) return;
  Exchange::on_session(exchange_->loop, exchange_->session,
                       [response = std::move(response)](Session& on) mutable { on.respond(std::move(response)); });
}

StreamWriter Responder::start_stream(Response head) const {
  if (!exchange_ || exchange_->answered.exchange(true)) return {};
  auto state = std::make_shared<StreamState>();
  state->loop = exchange_->loop;
  state->session = exchange_->session;
  state->limit = exchange_->stream_limit;
  Exchange::on_session(state->loop, state->session, [head = std::move(head), state](Session& on) mutable {
    on.start_stream(std::move(head), std::move(state));
  });
  return StreamWriter(std::move(state));
}

bool StreamWriter::write(std::string chunk) {
  if (!state_ || state_->closed) return false;
  if (chunk.empty()) return true;
  const std::size_t before = state_->queued.fetch_add(chunk.size());
  if (before > 0 && before + chunk.size() > state_->limit) {
    Exchange::on_session(state_->loop, state_->session, [](Session& on) { on.close(); });
    return false;
  }
  Exchange::on_session(state_->loop, state_->session, [chunk = std::move(chunk)](Session& on) mutable {
    on.push(std::move(chunk), false);
  });
  return true;
}

void StreamWriter::close() {
  if (state_) Exchange::on_session(state_->loop, state_->session, [](Session& on) { on.push({}, true); });
}

bool StreamWriter::closed() const { return !state_ || state_->closed; }

std::size_t StreamWriter::queued() const { return state_ ? state_->queued.load() : 0; }

void StreamWriter::on_drained(std::function<void()> callback) {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  if (!state_->closed) state_->drained = std::move(callback);
}

void StreamWriter::on_closed(std::function<void()> callback) {
  if (state_) {
    const std::lock_guard lock(state_->mutex);
    if (!state_->closed) {
      state_->callback = std::move(callback);
      return;
    }
  }
  callback();
}

}  // namespace firebreak::net
