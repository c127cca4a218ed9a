#include "fraud/player/story.h"

#include <fmt/core.h>
#include <zstd.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

namespace firebreak::example {
namespace {

struct Truth {
  bool attack = false;
  std::string kind;
};

// id,truth,kind,…
std::map<std::string, Truth> read_truth(const std::string& csv) {
  std::map<std::string, Truth> truth;
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    std::istringstream cells(line);
    std::string id, what, kind;
    std::getline(cells, id, ',');
    std::getline(cells, what, ',');
    std::getline(cells, kind, ',');
    truth[id] = {what == "attack", kind};
  }
  return truth;
}

Result<Event> read_event(const std::string& line, const std::map<std::string, Truth>& truth) {
  FIREBREAK_ASSIGN(const Json document, parse_json(line));
  Event event;
  FIREBREAK_ASSIGN(event.time, get_time(document, "time"));
  FIREBREAK_ASSIGN(event.id, get_string(document, "id"));
  event.is_label = string_or(document, "type") == "label";
  if (event.is_label) {
    event.label = std::to_string(int_or(document, "label"));
    return event;
  }
  FIREBREAK_ASSIGN(event.caller, get_string(document, "caller"));
  const Json* features = find(document, "features");
  if (features == nullptr) return fail(Code::kInvalid, "an inference has no features");
  event.features = canonical_json(*features);
  event.score = canonical_json(*find(document, "score"));
  event.prediction = string_or(document, "prediction");
  const auto known = truth.find(event.id);
  if (known == truth.end()) return fail(Code::kInvalid, fmt::format("no truth for {}", event.id));
  event.attack = known->second.attack;
  event.kind = known->second.kind;
  return event;
}

}  // namespace

Result<std::string> read_data(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fail(Code::kNotFound, fmt::format("cannot read {}", path));
  std::string content((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!path.ends_with(".zst")) return content;
  const unsigned long long size = ZSTD_getFrameContentSize(content.data(), content.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN || size > (1ULL << 30))
    return fail(Code::kCorrupt, fmt::format("{} is no zstd file with a size", path));
  std::string out(size, '\0');
  const std::size_t got = ZSTD_decompress(out.data(), out.size(), content.data(), content.size());
  if (ZSTD_isError(got) != 0 || got != size) return fail(Code::kCorrupt, fmt::format("{} does not unpack", path));
  return out;
}

Result<Story> load_story(const std::string& dir) {
  FIREBREAK_ASSIGN(const std::string truth_csv, read_data(dir + "/credit_truth.csv.zst"));
  FIREBREAK_ASSIGN(const std::string stream, read_data(dir + "/credit_stream.ndjson.zst"));
  const auto truth = read_truth(truth_csv);
  Story story;
  std::set<std::string> callers;
  std::istringstream lines(stream);
  for (std::string line; std::getline(lines, line);) {
    FIREBREAK_ASSIGN(Event event, read_event(line, truth));
    if (!event.is_label) callers.insert(event.caller);
    story.events.push_back(std::move(event));
  }
  story.callers.assign(callers.begin(), callers.end());
  return story;
}

}  // namespace firebreak::example
