#include "world/gateway/gateway.h"

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cstdio>

#include "base/encoding.h"
#include "world/gateway/control.h"
#include "world/gateway/data_path.h"

namespace firebreak::gateway {
namespace {

// A secret of one line; made when it is missing.
Result<Bytes> secret(Files& files, Random& random, const Path& path) {
  if (!exists(files, path)) FIREBREAK_TRY(write_atomic(files, path, to_hex(random.bytes(32)) + "\n"));
  FIREBREAK_ASSIGN(Bytes text, read_all(files, path));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.size() < 16) return fail(Code::kInvalid, fmt::format("{}: a secret has at least 16 octets", path));
  return text;
}

Result<std::unique_ptr<Clock>> make_clock(Files& files, const GatewayOptions& options) {
  if (!options.fed_clock) return std::unique_ptr<Clock>(std::make_unique<SystemClock>());
  Time start;
  if (exists(files, fed_time_path(options))) {
    FIREBREAK_ASSIGN(Bytes text, read_all(files, fed_time_path(options)));
    while (!text.empty() && text.back() == '\n') text.pop_back();
    FIREBREAK_ASSIGN(start, parse_time(text));
  }
  return std::unique_ptr<Clock>(std::make_unique<FedClock>(start));
}

}  // namespace

struct Gateway::Impl {
  GatewayOptions options;
  PosixFiles files;
  SystemRandom random;
  std::unique_ptr<FileLock> lock;
  std::unique_ptr<Clock> clock;
  std::shared_ptr<net::IoThreads> io;
  std::unique_ptr<DataPath> data_path;
  std::unique_ptr<Endpoints> endpoints;
  std::unique_ptr<Control> control;
  std::unique_ptr<net::HttpServer> data_server, control_server;
  std::atomic<bool> stopped{false};

  Result<void> prepare();
  Result<void> listen();
};

Result<void> Gateway::Impl::prepare() {
  if (!is_name(options.name))
    return fail(Code::kInvalid, fmt::format("'{}' is no name for a gateway: [a-z0-9._-], at most 64", options.name));
  if (options.data_dir.empty()) return fail(Code::kInvalid, "a gateway needs a data folder");
  if (!options.server_url.empty() && options.server_token_file.empty())
    return fail(Code::kInvalid, "delivering to a server needs a token file");
  FIREBREAK_TRY(files.make_dir(options.data_dir));
  FIREBREAK_ASSIGN(lock, files.lock(options.data_dir + "/LOCK"));
  if (options.control_token_file.empty()) options.control_token_file = options.data_dir + "/control.token";
  if (options.pepper_file.empty()) options.pepper_file = options.data_dir + "/pepper";
  FIREBREAK_TRY(secret(files, random, options.control_token_file));
  FIREBREAK_ASSIGN(Bytes pepper, secret(files, random, options.pepper_file));
  FIREBREAK_ASSIGN(clock, make_clock(files, options));
  io = std::make_shared<net::IoThreads>(options.threads);
  data_path = std::make_unique<DataPath>(options.name, std::move(pepper), *clock, random);
  endpoints = std::make_unique<Endpoints>(EndpointRuntime::Context{&files, clock.get(), io, options},
                                          [this](const Endpoints::Map& all) { data_path->set_routes(make_routes(all)); });
  FIREBREAK_TRY(endpoints->load());
  control = std::make_unique<Control>(*endpoints, dynamic_cast<FedClock*>(clock.get()), files, options);
  return {};
}

Result<void> Gateway::Impl::listen() {
  FIREBREAK_ASSIGN(const auto data_address, net::parse_host_port(options.listen));
  FIREBREAK_ASSIGN(const auto control_address, net::parse_host_port(options.control));
  net::ServerOptions data;
  data.host = data_address.first;
  data.port = data_address.second;
  data.io = io;
  data.body_limit = options.body_limit;
  data.max_connections = 4'096;
  FIREBREAK_ASSIGN(data_server, net::HttpServer::start(data, [this](net::Request request, net::Responder responder) {
    data_path->handle(std::move(request), std::move(responder));
  }));
  net::ServerOptions controls;
  controls.host = control_address.first;
  controls.port = control_address.second;
  controls.threads = 1;
  controls.handler_threads = 4;  // a flush waits for the server, and must not stand in the way of a policy
  controls.body_limit = limits::kDocumentBytes;
  FIREBREAK_ASSIGN(control_server,
                   net::HttpServer::start(controls, [this](net::Request request, net::Responder responder) {
                     control->handle(std::move(request), std::move(responder));
                   }));
  return {};
}

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() { stop(); }
std::uint16_t Gateway::port() const { return impl_->data_server->port(); }
std::uint16_t Gateway::control_port() const { return impl_->control_server->port(); }

Result<std::unique_ptr<Gateway>> Gateway::start(const GatewayOptions& options) {
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  std::unique_ptr<Gateway> gateway(new Gateway(std::move(impl)));
  if (auto ok = gateway->impl_->prepare(); !ok) return fail(std::move(ok.error()).with("start gateway"));
  if (auto ok = gateway->impl_->listen(); !ok) return fail(std::move(ok.error()).with("start gateway"));
  return gateway;
}

void Gateway::stop(std::int64_t grace_us) {
  Impl& impl = *impl_;
  if (impl.stopped.exchange(true)) return;
  if (impl.control) impl.control->end();
  if (impl.control_server) impl.control_server->stop();
  if (impl.data_server) impl.data_server->drain();
  if (impl.endpoints) {
    const std::int64_t limit = impl.clock->steady_us() + grace_us;
    for (const auto& [name, runtime] : impl.endpoints->all())
      // What cannot be delivered now stays in the spool for the next start.
      static_cast<void>(runtime->flush(std::max<std::int64_t>(1, limit - impl.clock->steady_us())));
  }
  if (impl.data_server) impl.data_server->stop();
  if (impl.data_path) impl.data_path->set_routes(std::make_shared<const Routes>());
  if (impl.endpoints)
    for (const auto& [name, runtime] : impl.endpoints->all()) runtime->close_upstreams();
  if (impl.io) impl.io->stop();
  if (impl.endpoints)
    for (const auto& [name, runtime] : impl.endpoints->all()) runtime->stop();
}

int run_gateway(const GatewayOptions& options) {
  // Blocked before any thread starts, so that only sigwait() takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  auto gateway = Gateway::start(options);
  if (!gateway) {
    fmt::print(stderr, "firebreak gateway: {}\n", gateway.error().message);
    return gateway.error().code == Code::kInvalid ? 2 : 1;
  }
  fmt::print("{{\"control\":\"127.0.0.1:{}\",\"listen\":\"127.0.0.1:{}\"}}\n", (*gateway)->control_port(), (*gateway)->port());
  std::fflush(stdout);
  int received = 0;
  sigwait(&signals, &received);
  (*gateway)->stop();
  return 0;
}

}  // namespace firebreak::gateway
