#include "world/net/upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <deque>
#include <future>
#include <optional>
#include <unordered_set>

#include "world/net/connection.h"
#include "world/net/loop.h"

namespace firebreak::net {
namespace asio = boost::asio;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

struct Call {
  std::string bytes;  // head and body
  Upstream::Done done;
  std::int64_t deadline_us = 0;
  bool retried = false;

  void finish(Result<Response> result) {
    if (done) std::exchange(done, nullptr)(std::move(result));
  }
};

class Wire;

// The connections of one loop; touched on that loop only.
struct LoopPool {
  std::shared_ptr<Loop> loop;
  const UpstreamOptions* options = nullptr;
  std::string name;  // for messages
  tcp::endpoint endpoint;
  std::vector<std::shared_ptr<Wire>> idle;  // the warmest last
  std::unordered_set<std::shared_ptr<Wire>> all;
  std::deque<Call> waiting;
  std::unique_ptr<asio::steady_timer> sweep;
  bool closed = false;

  void start(Call call);
  void released(const std::shared_ptr<Wire>& wire, bool reusable);
  void check_deadlines();
  void arm(std::int64_t period_us);
  void close();
};

class Wire : public std::enable_shared_from_this<Wire> {
 public:
  explicit Wire(LoopPool& pool) : socket_(*pool.loop->context), pool_(pool) {}

  void run(Call call) {
    call_ = std::move(call);
    got_octets_ = false;
    if (connected_) return write();
    socket_.async_connect(pool_.endpoint, [self = shared_from_this()](ErrorCode ec) {
      if (self->dead_) return;
      if (ec) return self->broken(fmt::format("connect: {}", ec.message()));
      self->socket_.set_option(tcp::no_delay(true), ec);
      self->connected_ = true;
      self->write();
    });
  }

  std::int64_t deadline_us() const { return call_ ? call_->deadline_us : 0; }

  void time_out() {
    Call call = give_up();
    call.finish(fail(Code::kTimeout, fmt::format("{} did not answer in time", pool_.name)));
  }

  void abandon() {
    if (!call_) return static_cast<void>(kill());
    Call call = give_up();
    call.finish(fail(Code::kUnavailable, fmt::format("{}: the connection was closed", pool_.name)));
  }

 private:
  void write() {
    asio::async_write(socket_, asio::buffer(call_->bytes), [self = shared_from_this()](ErrorCode ec, std::size_t) {
      if (self->dead_) return;
      if (ec) return self->broken(fmt::format("write: {}", ec.message()));
      self->parser_.emplace();
      self->parser_->eager(true);
      self->parser_->body_limit(self->pool_.options->body_limit);
      self->buffer_.clear();
      self->read();
    });
  }

  void read() {
    socket_.async_read_some(buffer_.prepare(16 * limits::kKiB), [self = shared_from_this()](ErrorCode ec, std::size_t n) {
      if (!self->dead_) self->on_read(ec, n);
    });
  }

  void on_read(ErrorCode ec, std::size_t n) {
    if (ec == asio::error::eof && got_octets_ && parser_->is_header_done()) {
      ErrorCode ended;
      parser_->put_eof(ended);  // an answer may end with its connection
      if (!ended && parser_->is_done()) return answered();
    }
    if (ec) return broken(fmt::format("read: {}", ec.message()));
    got_octets_ = true;
    buffer_.commit(n);
    while (buffer_.size() > 0 && !parser_->is_done()) {
      buffer_.consume(parser_->put(buffer_.data(), ec));
      if (ec == http::error::need_more) break;
      if (ec) return broken(fmt::format("answer: {}", ec.message()));
    }
    if (parser_->is_done()) answered();
    else read();
  }

  void answered() {
    auto message = parser_->release();
    Response response;
    response.status = static_cast<int>(message.result_int());
    response.content_type = std::string(message[http::field::content_type]);
    response.body = std::move(message.body());
    served_ = true;
    const bool reusable = message.keep_alive() && buffer_.size() == 0;
    Call call = std::move(*call_);
    call_.reset();
    const auto self = shared_from_this();
    if (!reusable) kill();
    pool_.released(self, reusable);  // before the callback: it may send the next one
    call.finish(std::move(response));
  }

  void broken(std::string why) {
    const bool stale = served_ && !got_octets_ && !call_->retried && !pool_.closed;
    LoopPool& pool = pool_;
    Call call = give_up();
    if (stale) {
      // The server closed an idle connection: its idle siblings are as old, so go straight to a new one.
      call.retried = true;
      for (const auto& wire : std::exchange(pool.idle, {})) wire->abandon(), pool.all.erase(wire);
      return pool.start(std::move(call));
    }
    call.finish(fail(Code::kUnavailable, fmt::format("{}: {}", pool.name, why)));
  }

  Call give_up() {
    Call call = std::move(*call_);
    call_.reset();
    const auto self = shared_from_this();
    kill();
    pool_.released(self, false);
    return call;
  }

  bool kill() {
    dead_ = true;
    ErrorCode ec;
    socket_.close(ec);
    return true;
  }

  tcp::socket socket_;
  LoopPool& pool_;
  boost::beast::flat_buffer buffer_;
  std::optional<http::response_parser<http::string_body>> parser_;
  std::optional<Call> call_;
  bool connected_ = false, served_ = false, got_octets_ = false, dead_ = false;
};

void LoopPool::start(Call call) {
  if (closed) return call.finish(fail(Code::kUnavailable, fmt::format("{}: closed", name)));
  std::shared_ptr<Wire> wire;
  if (!idle.empty()) {
    wire = std::move(idle.back());
    idle.pop_back();
  } else if (all.size() < options->max_connections) {
    wire = std::make_shared<Wire>(*this);
    all.insert(wire);
  } else if (waiting.size() < options->max_waiting) {
    return waiting.push_back(std::move(call));
  } else {
    // Never inside post(): the caller may hold what `done` takes.
    auto refused = std::make_shared<Call>(std::move(call));
    asio::post(*loop->context, [refused, what = name] {
      refused->finish(fail(Code::kBusy, fmt::format("{}: too many requests wait for a connection", what)));
    });
    return;
  }
  wire->run(std::move(call));
}

void LoopPool::released(const std::shared_ptr<Wire>& wire, bool reusable) {
  if (!reusable || closed) all.erase(wire);
  else if (waiting.empty()) return idle.push_back(wire);
  if (waiting.empty() || closed) return;
  Call next = std::move(waiting.front());
  waiting.pop_front();
  if (reusable) wire->run(std::move(next));
  else start(std::move(next));
}

void LoopPool::check_deadlines() {
  const std::int64_t now = steady_us();
  std::vector<std::shared_ptr<Wire>> late;
  for (const auto& wire : all)
    if (wire->deadline_us() != 0 && wire->deadline_us() < now) late.push_back(wire);
  for (const auto& wire : late) wire->time_out();
  while (!waiting.empty() && waiting.front().deadline_us < now) {
    Call call = std::move(waiting.front());
    waiting.pop_front();
    call.finish(fail(Code::kTimeout, fmt::format("{}: no connection became free in time", name)));
  }
}

void LoopPool::arm(std::int64_t period_us) {
  sweep->expires_after(std::chrono::microseconds(period_us));
  sweep->async_wait([this, period_us](ErrorCode ec) {
    if (ec || closed) return;
    check_deadlines();
    arm(period_us);
  });
}

void LoopPool::close() {
  closed = true;
  ErrorCode ec;
  sweep->cancel(ec);
  const auto wires = std::exchange(all, {});
  idle.clear();
  for (const auto& wire : wires) wire->abandon();
  for (Call& call : std::exchange(waiting, {})) call.finish(fail(Code::kUnavailable, fmt::format("{}: closed", name)));
}

}  // namespace

struct Upstream::Impl {
  std::shared_ptr<IoThreads> io;
  UpstreamOptions options;
  std::string head;  // "Host: …" and what else is the same in every request
  std::string prefix;
  std::vector<std::unique_ptr<LoopPool>> pools;
  std::atomic<bool> closed{false};
};

Upstream::Upstream(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Upstream::~Upstream() { close(); }

Result<std::shared_ptr<Upstream>> Upstream::create(std::shared_ptr<IoThreads> io, std::string_view base,
                                                   const UpstreamOptions& options) {
  FIREBREAK_ASSIGN(const Url url, parse_url(base));
  auto impl = std::make_shared<Impl>();
  impl->io = std::move(io);
  impl->options = options;
  impl->prefix = url.target == "/" ? "" : url.target;
  impl->head = fmt::format("Host: {}:{}\r\nContent-Type: application/json\r\n", url.host, url.port);
  for (const auto& [name, value] : options.headers) impl->head += name + ": " + value + "\r\n";
  impl->head += "Content-Length: ";
  ErrorCode ec;
  asio::io_context scratch;
  tcp::resolver resolver(scratch);
  const auto found = resolver.resolve(url.host, std::to_string(url.port), ec);
  if (ec || found.empty())
    return fail(Code::kUnavailable, fmt::format("upstream {}: cannot resolve '{}': {}", base, url.host, ec.message()));
  for (std::size_t i = 0; i < impl->io->size(); ++i) {
    auto pool = std::make_unique<LoopPool>();
    pool->loop = impl->io->loop(i);
    pool->options = &impl->options;
    pool->name = std::string(base);
    pool->endpoint = found.begin()->endpoint();
    pool->sweep = std::make_unique<asio::steady_timer>(*pool->loop->context);
    impl->pools.push_back(std::move(pool));
  }
  const std::int64_t period = std::clamp<std::int64_t>(options.timeout_us / 8, 5'000, 100'000);
  for (const auto& pool : impl->pools)
    asio::post(*pool->loop->context, [raw = pool.get(), impl, period] { raw->arm(period); });
  return std::shared_ptr<Upstream>(new Upstream(std::move(impl)));
}

void Upstream::post(const std::string& path, std::string body, Done done) {
  Call call;
  call.bytes = fmt::format("POST {}{} HTTP/1.1\r\n{}{}\r\n\r\n", impl_->prefix, path, impl_->head, body.size());
  call.bytes += body;
  call.done = std::move(done);
  call.deadline_us = steady_us() + impl_->options.timeout_us;
  const std::size_t here = impl_->io->current();
  if (here < impl_->pools.size()) return impl_->pools[here]->start(std::move(call));
  auto moved = std::make_shared<Call>(std::move(call));
  asio::post(*impl_->pools[0]->loop->context, [impl = impl_, moved] { impl->pools[0]->start(std::move(*moved)); });
}

void Upstream::close() {
  if (impl_->closed.exchange(true)) return;
  for (const auto& pool : impl_->pools) {
    if (pool->loop->stopped) continue;
    // The Impl lives until the aborted operations have come back: two rounds of the loop.
    asio::post(*pool->loop->context, [impl = impl_, raw = pool.get()] {
      raw->close();
      asio::post(*raw->loop->context, [impl, raw] { asio::post(*raw->loop->context, [impl] {}); });
    });
  }
}

}  // namespace firebreak::net
