// The way of one scoring request: who asks, what, what the policy says, the model's answer, the record.
//
// Everything of one request happens on one io thread; nothing waits but, for an endpoint whose capture is `required`,
// at most 5 ms for room in the spool's queue. The model's copy for a shadow release is sent at the same time; its
// answer goes into the same record and never to the caller.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <unordered_map>

#include "base/random.h"
#include "world/gateway/endpoint_runtime.h"
#include "world/net/http_server.h"

namespace firebreak::gateway {

// Path -> endpoint. Immutable; made anew when an endpoint comes or its wire changes.
using Routes = std::unordered_map<std::string, std::shared_ptr<EndpointRuntime>>;
// "/{endpoint}{wire.path}" for each, and "{wire.path}" when there is only one endpoint.
std::shared_ptr<const Routes> make_routes(const std::map<std::string, std::shared_ptr<EndpointRuntime>>& endpoints);

class DataPath {
 public:
  // `pepper`: the key of HMAC-SHA256(pepper, caller key).
  DataPath(std::string gateway_name, Bytes pepper, const Clock& clock, Random& random);

  void set_routes(std::shared_ptr<const Routes> routes) { routes_.store(std::move(routes)); }
  void handle(net::Request request, net::Responder responder);

 private:
  struct Exchange;
  using ExchangePtr = std::shared_ptr<Exchange>;

  void identify(Exchange& exchange, const net::Request& request) const;
  bool parse(Exchange& exchange, const net::Request& request);  // false: answered
  void draw(Exchange& exchange, RequestFacts& facts) const;
  void enforce(const ExchangePtr& exchange, const Decision& decision, std::string body);
  void forward(const ExchangePtr& exchange, const Decision& decision, std::string body);
  void on_answer(const ExchangePtr& exchange, Result<net::Response> answer);
  void on_shadow(const ExchangePtr& exchange, Result<net::Response> answer);
  void finish(Exchange& exchange, Disposition disposition, net::Response response);
  void record(Exchange& exchange);

  const std::string name_;
  const Bytes pepper_;
  const Clock& clock_;
  const std::string boot_;  // makes generated ids unique over restarts
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::shared_ptr<const Routes>> routes_;
};

}  // namespace firebreak::gateway
