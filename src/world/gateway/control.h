// The control listener's routes: policies, counters, clock, flush, health, metrics. docs/formats/gateway-control.md.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "world/gateway/endpoint_runtime.h"
#include "world/net/router.h"

namespace firebreak::gateway {

// The endpoints of a gateway. Threads: any.
class Endpoints {
 public:
  using Map = std::map<std::string, std::shared_ptr<EndpointRuntime>>;
  // `changed` is called with all endpoints after one came or took a policy.
  Endpoints(EndpointRuntime::Context context, std::function<void(const Map&)> changed)
      : context_(std::move(context)), changed_(std::move(changed)) {}

  Result<void> load();  // every policy in DIR/policies
  Result<std::shared_ptr<EndpointRuntime>> take(EndpointPolicy policy);
  std::shared_ptr<EndpointRuntime> find(const std::string& name) const;
  Map all() const;
  // Tells `changed` again.
  void refresh() { changed_(all()); }

 private:
  Result<std::shared_ptr<EndpointRuntime>> find_or_open(const std::string& name);

  const EndpointRuntime::Context context_;
  const std::function<void(const Map&)> changed_;
  mutable std::mutex mutex_;
  Map endpoints_;
};

class Control {
 public:
  // `fed` is null with the system clock. `token_file` is read at every request, so a new token needs no restart.
  Control(Endpoints& endpoints, FedClock* fed, Files& files, const GatewayOptions& options);
  void end() { ending_ = true; }  // flushes under way answer within a second
  void handle(net::Request request, net::Responder responder) const { router_.handle(std::move(request), std::move(responder)); }

 private:
  using Answer = Result<net::Response>;
  void add(const char* method, const char* path, std::function<Answer(const net::Request&)> handler);
  Result<void> authorize(const net::Request& request) const;
  Answer put_policy(const net::Request& request);
  Answer extend_policy(const net::Request& request);
  Answer set_clock(const net::Request& request);
  Result<JsonObject> flush_all();
  Result<void> flush_one(EndpointRuntime& runtime) const;
  net::Response metrics() const;
  Result<std::shared_ptr<EndpointRuntime>> endpoint_of(const net::Request& request) const;

  Endpoints& endpoints_;
  FedClock* fed_;
  Files& files_;
  const GatewayOptions options_;
  std::atomic<bool> ending_{false};
  std::mutex clock_mutex_;
  net::Router router_;
};

// The last fed time survives a restart: records made before the next feed must not bear year 1970.
Path fed_time_path(const GatewayOptions& options);

}  // namespace firebreak::gateway
