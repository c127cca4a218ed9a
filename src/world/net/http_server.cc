#include "world/net/http_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <future>
#include <unordered_map>

#include "world/net/connection.h"
#include "world/net/io_threads.h"

namespace firebreak::net {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using ErrorCode = boost::system::error_code;

namespace {

// The connections of one loop; touched on that loop only.
struct LoopSessions {
  ConnectionHost host;
  std::unordered_map<Connection*, std::shared_ptr<Connection>> open;
  std::unique_ptr<asio::steady_timer> sweep;
};

}  // namespace

struct HttpServer::Impl {
  ServerOptions options;
  Handler handler;
  std::shared_ptr<IoThreads> io;
  bool own_io = false;
  std::vector<std::unique_ptr<LoopSessions>> loops;
  std::unique_ptr<tcp::acceptor> acceptor;
  std::unique_ptr<asio::steady_timer> retry;
  std::unique_ptr<asio::thread_pool> pool;
  std::uint16_t bound_port = 0;
  bool ipv6 = false;
  std::atomic<std::size_t> connections{0};
  std::atomic<bool> stopped{false};
  std::size_t next_loop = 0;  // loop 0's thread only
  std::int64_t sweep_us = 250'000;

  void accept();
  void sweep(LoopSessions& sessions);
  void stop_loop(LoopSessions& sessions);
  void on_each_loop(const std::function<void(LoopSessions&)>& task);  // and waits
};

void HttpServer::Impl::accept() {
  LoopSessions& home = *loops[next_loop++ % loops.size()];
  acceptor->async_accept([this, &home](ErrorCode ec, tcp::socket socket) {
    if (stopped || ec == asio::error::operation_aborted) return;
    if (ec) {  // out of descriptors: try again a little later
      retry->expires_after(std::chrono::milliseconds(50));
      retry->async_wait([this](ErrorCode failed) {
        if (!failed && !stopped) accept();
      });
      return;
    }
    if (connections.fetch_add(1) >= options.max_connections) {
      connections.fetch_sub(1);
      static constexpr std::string_view kFull =
          "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
      socket.non_blocking(true, ec);
      socket.write_some(asio::buffer(kFull), ec);
    } else {
      // Over to the loop it will live on.
      const int descriptor = socket.release(ec);
      asio::post(*home.host.loop->context, [descriptor, six = ipv6, &home] {
        const auto connection = make_connection(descriptor, six, home.host);
        home.open.emplace(connection.get(), connection);
        if (home.host.stopping) connection->close();
        else connection->start();
      });
    }
    accept();
  });
}

void HttpServer::Impl::sweep(LoopSessions& sessions) {
  sessions.sweep->expires_after(std::chrono::microseconds(sweep_us));
  sessions.sweep->async_wait([this, &sessions](ErrorCode ec) {
    if (ec || stopped) return;
    const std::int64_t now = steady_us();
    std::vector<std::shared_ptr<Connection>> open;  // a check may close and so erase
    open.reserve(sessions.open.size());
    for (const auto& [raw, session] : sessions.open) open.push_back(session);
    for (const auto& session : open) session->check_deadline(now);
    sweep(sessions);
  });
}

void HttpServer::Impl::stop_loop(LoopSessions& sessions) {
  sessions.host.stopping = true;
  ErrorCode ec;
  sessions.sweep->cancel(ec);
  if (&sessions == loops[0].get()) {
    acceptor->close(ec);
    retry->cancel(ec);
  }
  std::vector<std::shared_ptr<Connection>> open;
  for (const auto& [raw, session] : sessions.open) open.push_back(session);
  for (const auto& session : open) session->close();
}

void HttpServer::Impl::on_each_loop(const std::function<void(LoopSessions&)>& task) {
  for (const auto& sessions : loops) {
    auto done = std::make_shared<std::promise<void>>();
    auto ended = done->get_future();
    // Once more round the loop, and the operations that the task aborted have returned, too.
    asio::post(*sessions->host.loop->context, [&task, on = sessions.get(), done] {
      task(*on);
      asio::post(*on->host.loop->context, [on, done] {
        asio::post(*on->host.loop->context, [done] { done->set_value(); });
      });
    });
    ended.wait();
  }
}

HttpServer::HttpServer(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpServer::~HttpServer() { stop(); }
std::uint16_t HttpServer::port() const { return impl_->bound_port; }
std::size_t HttpServer::connections() const { return impl_->connections; }
std::string HttpServer::url() const {
  return impl_->ipv6 ? fmt::format("http://[{}]:{}", impl_->options.host, impl_->bound_port)
                     : fmt::format("http://{}:{}", impl_->options.host, impl_->bound_port);
}

Result<std::unique_ptr<HttpServer>> HttpServer::start(const ServerOptions& options, Handler handler) {
  ErrorCode ec;
  auto impl = std::make_shared<Impl>();
  impl->options = options;
  impl->handler = std::move(handler);
  const auto address = asio::ip::make_address(options.host == "localhost" ? "127.0.0.1" : options.host, ec);
  if (ec) return fail(Code::kInvalid, fmt::format("listen on '{}': not an IP address", options.host));
  if (!address.is_loopback())
    return fail(Code::kInvalid,
                fmt::format("listen on {}: refused, everybody on the network could read along. Without TLS only "
                            "loopback addresses are served; put a TLS proxy in front of 127.0.0.1",
                            options.host));
  impl->own_io = options.io == nullptr;
  impl->io = impl->own_io ? std::make_shared<IoThreads>(options.threads) : options.io;
  impl->ipv6 = address.is_v6();
  if (options.handler_threads > 0) impl->pool = std::make_unique<asio::thread_pool>(options.handler_threads);
  for (std::size_t i = 0; i < impl->io->size(); ++i) {
    auto sessions = std::make_unique<LoopSessions>();
    sessions->host.loop = impl->io->loop(i);
    sessions->host.options = &impl->options;
    sessions->host.handler = &impl->handler;
    sessions->host.pool = impl->pool.get();
    sessions->host.closed = [raw = impl.get(), on = sessions.get()](Connection* connection) {
      raw->connections.fetch_sub(1);
      on->open.erase(connection);
    };
    sessions->sweep = std::make_unique<asio::steady_timer>(*sessions->host.loop->context);
    impl->loops.push_back(std::move(sessions));
  }
  impl->sweep_us = std::clamp<std::int64_t>(std::min(options.request_timeout_us, options.idle_timeout_us) / 8, 5'000, 250'000);
  auto& context = *impl->loops[0]->host.loop->context;
  impl->acceptor = std::make_unique<tcp::acceptor>(context);
  impl->retry = std::make_unique<asio::steady_timer>(context);
  const tcp::endpoint endpoint(address, options.port);
  impl->acceptor->open(endpoint.protocol(), ec);
  if (!ec) impl->acceptor->set_option(asio::socket_base::reuse_address(true), ec);
  if (!ec) impl->acceptor->bind(endpoint, ec);
  if (!ec) impl->acceptor->listen(1'024, ec);
  if (ec) return fail(Code::kIo, fmt::format("listen on {}:{}: {}", options.host, options.port, ec.message()));
  impl->bound_port = impl->acceptor->local_endpoint().port();
  for (const auto& sessions : impl->loops)
    asio::post(*sessions->host.loop->context, [raw = impl.get(), on = sessions.get()] { raw->sweep(*on); });
  asio::post(context, [raw = impl.get()] { raw->accept(); });
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(impl)));
}

void HttpServer::drain() {
  if (impl_->stopped) return;
  for (const auto& sessions : impl_->loops)
    asio::post(*sessions->host.loop->context, [raw = impl_, on = sessions.get()] {
      if (raw->stopped) return;
      ErrorCode ec;
      if (on == raw->loops[0].get()) raw->acceptor->close(ec);
      on->host.stopping = true;
      std::vector<std::shared_ptr<Connection>> open;
      for (const auto& [key, connection] : on->open) open.push_back(connection);
      for (const auto& connection : open) connection->close_if_idle();
    });
}

void HttpServer::stop() {
  if (impl_->stopped.exchange(true)) return;
  if (impl_->pool) {
    // Without this a client that sends on and on would keep the pool from running dry.
    impl_->on_each_loop([this](LoopSessions& sessions) {
      sessions.host.stopping = true;
      ErrorCode ec;
      if (&sessions == impl_->loops[0].get()) impl_->acceptor->close(ec);
    });
    impl_->pool->join();  // what was taken is answered
  }
  impl_->on_each_loop([this](LoopSessions& sessions) { impl_->stop_loop(sessions); });
  if (impl_->own_io) impl_->io->stop();
}

}  // namespace firebreak::net
