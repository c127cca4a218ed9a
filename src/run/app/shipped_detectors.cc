#include "run/app/shipped_detectors.h"

#include "fold/detect/config.h"

namespace firebreak::app {
namespace {

// As content/detectors/default.yaml has them; a test holds them together.
constexpr std::string_view kAny = "onboarded", kAnswer = "1";
constexpr double kSurprise = 74;

}  // namespace

std::string endpoint_named(const Json& document) {
  std::string endpoint = string_or(document, "endpoint");
  return endpoint == kAny ? std::string() : endpoint;
}

Json complete_detectors(Json document, const Endpoint& endpoint) {
  if (!document.is_object()) return document;
  const bool for_any = string_or(document, "endpoint") == kAny;
  const bool of_its_stream = string_or(document, "endpoint") == endpoint.name && string_or(document, "stream") == kAny;
  if (!for_any && !of_its_stream) return document;
  JsonObject& top = document.as_object();
  top["endpoint"] = top["stream"] = endpoint.name;
  if (const std::string name = string_or(document, "name"); !name.empty() && !name.starts_with(endpoint.name + "-")) top["name"] = endpoint.name + "-" + name;
  if (const auto at = top.find("performance"); at != top.end() && at->value().is_object())
    for (const char* word : {"flagged_answer", "positive_label"})
      if (string_or(at->value(), word) == kAnswer) at->value().as_object()[word] = endpoint.positive_label;
  if (const auto at = top.find("chains"); at != top.end() && at->value().is_object() && number_or(at->value(), "link_surprise") == kSurprise) {
    detect::DetectorConfig fitted;
    detect::fit_chains(fitted, endpoint.features.numeric.size(), true);
    at->value().as_object()["link_surprise"] = fitted.chains.link_surprise;
  }
  return document;
}

}  // namespace firebreak::app
