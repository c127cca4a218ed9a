// Endpoints of SageMaker: how its traffic is shared between an endpoint's variants (JSON 1.1, signed with SigV4).
//
//   weights {endpoint, weights: {variant: weight}}  UpdateEndpointWeightsAndCapacities with these variants alone; waits until the
//           endpoint is InService with them -> {before, after, changed}, both of all variants
//   read    {endpoint} -> {weights, status, config, instances: {variant: count}}
//
// Refused before anything is asked for: a variant that the endpoint does not have, an endpoint that is not InService, weights of which
// none would be above 0 (nobody would answer). `before` as `weights` is the way back. Instances are left alone: a count that was read
// a moment ago would undo what autoscaling did since.
// kTimeout also means: it took the change and is not InService yet; a later call with the same key waits on.
// Facts: SageMaker's API reference; moto 5.2.5, seen in test/counterpart/callers. moto applies weights at once, so the wait is shown by
// the room's own tests alone.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

#include "base/clock.h"
#include "world/connect/befores.h"
#include "world/connect/caller.h"
#include "world/net/http_client.h"

namespace firebreak::connect {

struct SageMakerPlace {
  std::string url;  // "https://api.sagemaker.eu-central-1.amazonaws.com", without '/' at its end
  std::string region = "us-east-1";
  std::string access_key_id, secret;
  std::string tls_ca_file;
  std::int64_t timeout_us = 30'000'000;  // of a request
  std::int64_t wait_us = 900'000'000;    // for InService; AWS takes minutes
  std::int64_t poll_us = 5'000'000;
};

class SageMaker : public Caller {
 public:
  // `clock` outlives this.
  SageMaker(SageMakerPlace place, const Clock& clock);

  Result<JsonObject> call(const Json& request, const std::string& key) override;
  void stop() override;

 private:
  using Weights = std::map<std::string, double>;
  struct Variant {
    double current = 0, desired = 0;
    std::int64_t instances = 0;
  };
  struct Endpoint {
    std::string status, config, reason;  // reason: why it failed
    std::map<std::string, Variant> variants;
  };

  Result<Json> ask(const std::string& operation, const JsonObject& arguments);
  Result<Endpoint> describe(const std::string& name);
  Result<JsonObject> weights(const Json& request, const std::string& key);
  Result<JsonObject> read(const Json& request);
  Result<Endpoint> wait_for(const std::string& name, const Weights& wanted);
  bool pause();  // false: stop() was called

  static JsonObject weights_of(const Endpoint& endpoint);
  static bool desires(const Endpoint& endpoint, const Weights& wanted);  // they are ordered
  static bool has(const Endpoint& endpoint, const Weights& wanted);      // … and in force

  const SageMakerPlace place_;
  const Clock& clock_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable stopped_;
  net::HttpClient http_;
  Befores befores_;
};

}  // namespace firebreak::connect
