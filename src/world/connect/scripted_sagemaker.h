// The simulated sibling of SageMaker's endpoints, in memory: weights that take a while to come into force (as at AWS, unlike moto),
// updates that fail, requests and answers that are lost. Signatures are looked at, not checked. For tests; thread-safe.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "world/net/message.h"

namespace firebreak::connect {

class ScriptedSageMaker {
 public:
  // kFail: the endpoint ends as Failed; kThrottle: 400 ThrottlingException; kPage: 500 with a page, as moto for what it does not know.
  enum class Next { kAnswer, kLoseRequest, kLoseAnswer, kFail, kThrottle, kPage };

  void have_endpoint(const std::string& name, std::map<std::string, double> weights);
  void take(int looks);                        // an update is in force after so many looks at it (0: at once)
  void script_updates(std::vector<Next> next);
  void lose_looks(int count);                  // so many coming DescribeEndpoint are answered 503
  void set_status(const std::string& name, std::string status);
  void set_weight(const std::string& name, const std::string& variant, double weight);  // somebody else's hand
  int updates() const;

  net::Response answer(const net::Request& request);

 private:
  struct Endpoint {
    std::map<std::string, double> current, desired;
    std::string status = "InService";
    int looks_left = 0;
    bool fails = false;
  };
  net::Response describe(const std::string& name);
  net::Response update(const Json& body);

  mutable std::mutex mutex_;
  std::map<std::string, Endpoint> endpoints_;
  std::vector<Next> next_;
  std::size_t at_ = 0;
  int takes_ = 0, lost_looks_ = 0, updates_ = 0;
};

}  // namespace firebreak::connect
