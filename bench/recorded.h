// The story's requests as a gateway would record them: the load of several benchmarks.
#pragma once

#include <functional>
#include <sstream>
#include <string>

#include "base/digest.h"
#include "base/json.h"
#include "fraud/data/fraud_data.h"

namespace firebreak::bench {

// Gives out inferences of the stream, in order, until `take` says that it has enough.
inline void recorded(const std::function<bool(const JsonObject& record)>& take) {
  std::istringstream events(fraud::read_zst(std::string(FIREBREAK_SOURCE_DIR) + "/examples/fraud/data/credit_stream.ndjson.zst"));
  const std::string model = sha256(fraud::read_text(std::string(FIREBREAK_SOURCE_DIR) + "/examples/fraud/data/credit_releases/model_1.0.0.json")).hex();
  for (std::string line; std::getline(events, line);) {
    const Json event = fraud::must(parse_json(line));
    if (string_or(event, "type") != "inference") continue;
    const bool more = take({{"id", string_or(event, "id")},
                            {"time", string_or(event, "time")},
                            {"caller", string_or(event, "caller")},
                            {"source", "bench"},
                            {"endpoint", "fraud-api"},
                            {"release", "1.0.0"},
                            {"model", JsonObject{{"name", "fraud-scorer"}, {"version", "1.0.0"}, {"digest", model}}},
                            {"features", *find(event, "features")},
                            {"output", JsonObject{{"label", string_or(event, "prediction")}, {"score", number_or(event, "score")}}},
                            {"disposition", "served"},
                            {"latency_us", 812}});
    if (!more) return;
  }
}

}  // namespace firebreak::bench
