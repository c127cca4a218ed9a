// What an endpoint's detectors hold after so many records: must be flat. Twenty features (17 numbers, 3 categories in 24 combinations), a
// record each ten seconds of event time, 300 usual callers and always new ones, now and then a category that nobody has seen, and the truth
// about each answer 2,000 records later. Prints JSON at 1, 2, 5 and 10 million records.
//   state_bench [records in thousands, default 1000]
#include <fmt/core.h>

#include <chrono>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "base/json.h"
#include "fold/detect/detector.h"
#include "fraud/data/fraud_data.h"
#include "run/app/content.h"

namespace firebreak {
namespace {

constexpr std::size_t kNumbers = 17, kCategories = 3, kFeatures = kNumbers + kCategories, kReference = 5000, kLabelAfter = 2000;

class Traffic {
 public:
  FeatureRow row() {
    FeatureRow out;
    const double common = normal_(random_);
    for (std::size_t i = 0; i < kNumbers; ++i) out.numeric.push_back(0.3 * common + normal_(random_) * static_cast<double>(1 + i));
    for (const std::uint64_t values : {2u, 3u, 4u}) out.categories.push_back("value " + std::to_string(random_() % values));
    return out;
  }
  Observation next() {
    Observation seen;
    seen.index = index_++;
    seen.time = {static_cast<std::int64_t>(seen.index) * 10 * kSecond};
    seen.id = id_of(seen.index);
    seen.caller = random_() % 1000 == 0 ? "new-" + std::to_string(seen.index) : "usual-" + std::to_string(random_() % 300);
    seen.release = "1";
    seen.features = row();
    if (random_() % 10'000 == 0) seen.features.categories[2] = "unseen " + std::to_string(seen.index);
    seen.feature_digest = sha256(seen.id);  // no row comes twice
    seen.score = static_cast<double>(random_() % 1000) / 1000;
    seen.label = seen.score > 0.8 ? "decline" : "approve";
    return seen;
  }
  LabelObservation truth(std::uint64_t of) {
    return {index_, {static_cast<std::int64_t>(index_) * 10 * kSecond}, id_of(of), random_() % 5 == 0 ? "1" : "0"};
  }

 private:
  static std::string id_of(std::uint64_t index) { return "request-" + std::to_string(index); }
  std::mt19937_64 random_{1};
  std::normal_distribution<double> normal_;
  std::uint64_t index_ = 0;
};

detect::DetectorConfig config() {
  const std::string name = "content/detectors/default.yaml", path = std::string(FIREBREAK_SOURCE_DIR) + "/" + name;
  auto out = fraud::must(detect::detector_config_from_json(fraud::must(app::yaml_to_json(fraud::read_text(path), name))));
  out.performance.flagged_answer = "decline";
  out.performance.positive_label = "1";
  detect::fit_chains(out, kNumbers, true);
  return out;
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double pages = 0;
  file >> pages >> pages;
  return pages * 4096;
}

void run(std::uint64_t records) {
  Traffic traffic;
  FeatureSchema schema;
  for (std::size_t i = 0; i < kNumbers; ++i) schema.numeric.push_back("n" + std::to_string(i));
  for (std::size_t i = 0; i < kCategories; ++i) schema.categorical.push_back("c" + std::to_string(i));
  std::vector<FeatureRow> reference;
  for (std::size_t i = 0; i < kReference; ++i) reference.push_back(traffic.row());
  const auto profile = fraud::must(detect::build_profile(schema, reference));
  const detect::DetectorConfig settings = config();
  detect::StreamDetector detector(settings, profile);
  detect::FeatureWatches watches(settings, profile);  // fed alike: the detector tells no part's bytes
  const std::size_t shared = detect::FeatureWatches(settings, {}).bytes();
  std::vector<FindingUpdate> out;
  std::size_t updates = 0, watches_most = 0, detector_most = 0;
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 1; i <= records; ++i) {
    const Observation seen = traffic.next();
    updates += detector.observe(seen).size();
    watches.observe(seen, seen.time, out);
    out.clear();
    if (seen.index >= kLabelAfter) updates += detector.observe(traffic.truth(seen.index - kLabelAfter)).size();
    if (i % 1000 == 0) {
      watches_most = std::max(watches_most, watches.bytes());
      detector_most = std::max(detector_most, detector.bytes());
    }
    const std::uint64_t thousands = i / 1000;
    if (i % 1000 != 0 || (thousands != 1000 && thousands != 2000 && thousands != 5000 && thousands != 10'000 && i != records)) continue;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    fmt::print("{}\n", canonical_json(JsonObject{{"records", static_cast<double>(i)},
                                                 {"feature_bytes", static_cast<double>(watches.bytes() - shared) / kFeatures},
                                                 {"feature_bytes_most", static_cast<double>(watches_most - shared) / kFeatures},
                                                 {"features_shared_bytes", static_cast<double>(shared)},
                                                 {"endpoint_bytes", static_cast<double>(detector.bytes())},
                                                 {"endpoint_bytes_most", static_cast<double>(detector_most)},
                                                 {"process_bytes", resident_bytes()},
                                                 {"updates", static_cast<double>(updates)},
                                                 {"seconds", seconds}}));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace firebreak

int main(int argc, char** argv) {
  const int thousands = argc > 1 ? std::atoi(argv[1]) : 0;  // other flags of the bench runner count as 0
  firebreak::run(1000 * static_cast<std::uint64_t>(thousands > 0 ? thousands : 1000));
}
