#include "fraud/player/attacker.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>

namespace firebreak::example {
namespace {

struct Knob {
  std::string feature;
  double step, least, most;
};

// What the API takes: whole numbers, limits in steps of 10,000. Steps are about half a standard deviation.
const std::vector<Knob>& knobs() {
  static const std::vector<Knob> all = [] {
    std::vector<Knob> out{{"limit_bal", 60'000, 10'000, 1'000'000}, {"age", 5, 21, 79}};
    for (int month = 1; month <= 6; ++month) {
      out.push_back({fmt::format("pay_{}", month), 1, -2, 8});
      out.push_back({fmt::format("bill_{}", month), 30'000, -300'000, 1'600'000});
      out.push_back({fmt::format("paid_{}", month), 10'000, 0, 1'600'000});
    }
    return out;
  }();
  return all;
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

bool is_word(const std::string& name) { return name == "sex" || name == "education" || name == "marriage"; }

}  // namespace

Result<std::vector<Target>> find_targets(const std::string& data, const std::string& models, std::size_t count) {
  FIREBREAK_ASSIGN(const std::string csv, read_data(data + "/credit_test.csv.zst"));
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> header = cells_of(line);
  net::HttpClient http;
  std::vector<Target> targets;
  while (targets.size() < count && std::getline(lines, line)) {
    const std::vector<std::string> cells = cells_of(line);
    Target target;
    bool positive = false;
    for (std::size_t i = 0; i < header.size(); ++i) {
      if (header[i] == "label") {
        positive = cells[i] == "1";
      } else if (header[i] != "source_row") {
        target.features[header[i]] = is_word(header[i]) ? Json(cells[i]) : Json(std::stoll(cells[i]));
      }
    }
    if (!positive) continue;
    FIREBREAK_ASSIGN(const Json answer, net::json_of(http.post(models + "/1.0.0/score",
                                                              canonical_json(JsonObject{{"features", target.features}}))));
    if (number_or(answer, "score") >= 0.5) targets.push_back(std::move(target));
  }
  if (targets.size() < count) return fail(Code::kNotFound, "the holdout has too few targets for the live attacker");
  return targets;
}

std::uint64_t Attacker::next() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

std::vector<std::size_t> Attacker::shuffled(std::size_t count) {
  std::vector<std::size_t> order(count);
  for (std::size_t i = 0; i < count; ++i) order[i] = i;
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[next() % i]);
  return order;
}

Result<AttackResult> Attacker::attack(ScoringClient& client, const std::vector<Target>& targets,
                                      const std::vector<std::string>& callers, int every,
                                      const std::function<Result<void>()>& pause) {
  AttackResult result;
  result.targets = targets.size();
  for (std::size_t t = 0; t < targets.size(); ++t) {
    JsonObject at = targets[t].features;
    const std::string& caller = callers[t % callers.size()];
    int spent = 0;
    double best = 2;
    bool reached = false;
    // True when the attack on this target is over.
    const auto ask = [&](const JsonObject& candidate) -> Result<bool> {
      const Answered answer = client.ask(caller, fmt::format("live-{}-{}", seed_, ++serial_), canonical_json(candidate));
      ++spent;
      ++result.queries;
      if (pause && result.queries % static_cast<std::uint64_t>(every) == 0) FIREBREAK_TRY(pause());
      if (answer.status == 200 && answer.label == "approve") {
        reached = true;
        return true;
      }
      if (answer.status == 200 && answer.score < best) {
        best = answer.score;
        at = candidate;
      }
      return spent >= kBudget;
    };
    FIREBREAK_ASSIGN(bool over, ask(at));
    while (!over) {
      for (const std::size_t k : shuffled(knobs().size())) {
        const Knob& knob = knobs()[k];
        for (const double sign : {-1.0, 1.0}) {
          const double before = at[knob.feature].to_number<double>();
          const double after = std::clamp(before + sign * knob.step, knob.least, knob.most);
          if (after == before) continue;
          JsonObject candidate = at;
          candidate[knob.feature] = static_cast<std::int64_t>(after);
          const double best_before = best;
          FIREBREAK_ASSIGN(over, ask(candidate));
          if (over || best < best_before) break;
        }
        if (over) break;
      }
    }
    result.succeeded += reached;
  }
  return result;
}

}  // namespace firebreak::example
