// An impact question and its answer as JSON.
#include <fmt/core.h>

#include <algorithm>

#include "read/archive/impact.h"

namespace firebreak::archive {
namespace {

// Heaviest first, then by name.
JsonArray ranked(const std::map<std::string, CubeCell>& cells, const char* name) {
  std::vector<const std::pair<const std::string, CubeCell>*> order;
  for (const auto& one : cells) order.push_back(&one);
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->second.count > b->second.count; });
  JsonArray out;
  for (const auto* one : order)
    out.push_back(JsonObject{{name, one->first},
                             {"count", one->second.count},
                             {"first_index", one->second.first},
                             {"last_index", one->second.last},
                             {"first", format_time({one->second.first_us})},
                             {"last", format_time({one->second.last_us})}});
  return out;
}

Json question_json(const Question& q) {
  JsonObject out{{"stream", q.stream}, {"release", q.release}, {"caller", q.caller}};
  if (q.from) out["from"] = format_time(*q.from);
  if (q.to) out["to"] = format_time(*q.to);
  return out;
}

}  // namespace

Json to_json(const Question& q, const Impact& impact) {
  CubeCell all;
  std::map<std::string, CubeCell> releases, callers, dispositions, answers;
  std::map<std::int64_t, CubeCell> hours;
  for (const auto& [key, cell] : impact.cells) {
    all.add(cell);
    releases[key.release].add(cell);
    callers[key.caller].add(cell);
    dispositions[key.disposition].add(cell);
    answers[key.answer].add(cell);
    hours[key.hour].add(cell);
  }
  JsonArray by_hour;
  for (const auto& [hour, cell] : hours)
    by_hour.push_back(JsonObject{{"hour", format_time({hour * kHour})}, {"count", cell.count}});
  JsonObject out{{"question", question_json(q)},
                 {"count", all.count},
                 {"releases", ranked(releases, "release")},
                 {"callers", ranked(callers, "caller")},
                 {"dispositions", ranked(dispositions, "disposition")},
                 {"answers", ranked(answers, "answer")},
                 {"by_hour", std::move(by_hour)},
                 {"covered_end", impact.covered_end}};
  if (all.count != 0) {
    out["first"] = JsonObject{{"index", all.first}, {"admitted", format_time({all.first_us})}};
    out["last"] = JsonObject{{"index", all.last}, {"admitted", format_time({all.last_us})}};
  }
  return out;
}

Result<Question> question_from_json(const Json& document) {
  Question q;
  FIREBREAK_ASSIGN(q.stream, get_string(document, "stream"));
  q.release = string_or(document, "release");
  q.caller = string_or(document, "caller");
  if (find(document, "from") != nullptr) {
    FIREBREAK_ASSIGN(q.from, get_time(document, "from"));
  }
  if (find(document, "to") != nullptr) {
    FIREBREAK_ASSIGN(q.to, get_time(document, "to"));
  }
  return q;
}

}  // namespace firebreak::archive
