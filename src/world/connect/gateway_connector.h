// Firebreak's own gateway, through its control listener (docs/formats/gateway-control.md).
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "world/connect/connector.h"
#include "world/net/http_client.h"

namespace firebreak::connect {

class GatewayConnector : public Connector {
 public:
  // `url`: the control listener, "http://127.0.0.1:8442"; `token`: its bearer token.
  GatewayConnector(std::string url, std::string token);
  ~GatewayConnector() override;

  Result<Held> apply(const EndpointPolicy& policy) override;
  Result<Held> extend(const QuarantineExtension& extension) override;
  Result<Held> held(const std::string& endpoint) override;
  Result<Json> read_policy(const std::string& endpoint) override;
  Result<Json> read_counters(const std::string& endpoint) override;
  Result<Json> feed_clock(Time to) override;
  void stop() override { stopped_ = true; }

 private:
  Result<Json> call(const std::string& method, const std::string& path, const std::string& body,
                    std::int64_t timeout_ms);

  const std::string url_;
  const std::string token_;
  std::atomic<bool> stopped_{false};
};

}  // namespace firebreak::connect
