// The simulated sibling of the connectors: an outside system in memory that can be told to fail, to lose an
// answer after acting, or to be away. For tests of the effects worker; thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "world/connect/connector.h"

namespace firebreak::connect {

class ScriptedConnector : public Connector {
 public:
  enum class Next { kAnswer, kRefuse, kLoseRequest, kLoseAnswer };

  void script(std::vector<Next> next);  // one per coming apply/extend; afterwards kAnswer
  void set_counters(Json counters);
  std::vector<std::string> calls() const;  // "apply fraud-api 12", in order

  Result<Held> apply(const EndpointPolicy& policy) override;
  Result<Held> extend(const QuarantineExtension& extension) override;
  Result<Held> held(const std::string& endpoint) override;
  Result<Json> read_policy(const std::string& endpoint) override;
  Result<Json> read_counters(const std::string& endpoint) override;
  Result<Json> feed_clock(Time to) override;

 private:
  Next take_next();

  mutable std::mutex mutex_;
  std::vector<Next> next_;
  std::size_t at_ = 0;
  std::map<std::string, EndpointPolicy> policies_;
  Json counters_ = JsonObject{};
  std::vector<std::string> calls_;
};

}  // namespace firebreak::connect
