#include "run/drill/synthetic.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/json.h"
#include "base/random.h"
#include "run/drill/drill_reader.h"

namespace firebreak::drill {
namespace {

constexpr double kMostPerHour = 100'000;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  double uniform() { return (static_cast<double>(random_.next() >> 11) + 0.5) / 9007199254740992.0; }  // of 2^53, never 0 or 1
  double normal() { return std::sqrt(-2 * std::log(uniform())) * std::cos(2 * std::numbers::pi * uniform()); }
  const std::string& word(const Shares& shares) {
    double left = uniform();
    for (const auto& [text, share] : shares)
      if ((left -= share) < 0) return text;
    return shares.back().first;
  }

 private:
  SeededRandom random_;
};

const Feature& feature_of(const Feature& own, const Fault* fault) {
  if (fault != nullptr)
    for (const Feature& other : fault->features)
      if (other.name == own.name) return other;
  return own;
}

std::string number(double value) { return fmt::format("{:.3f}", value); }

std::string features_of(const Synthetic& made, const Fault* fault, Dice& dice) {
  std::string out;
  for (const Feature& own : made.features) {
    const Feature& feature = feature_of(own, fault);
    out += fmt::format(R"({}"{}":)", out.empty() ? "{" : ",", own.name);
    out += feature.words.empty() ? number(feature.mean + feature.spread * dice.normal()) : "\"" + dice.word(feature.words) + "\"";
  }
  return out + "}";
}

// The arrivals of one source: a Poisson process.
void add(const Synthetic& made, const Fault* fault, double per_hour, Time from, Time to, Dice& dice, std::vector<Event>& out) {
  const double step = 3'600e6 / per_hour;
  for (double at = -std::log(dice.uniform()) * step; at < static_cast<double>(to - from); at -= std::log(dice.uniform()) * step) {
    Event event;
    event.time = from + static_cast<std::int64_t>(at) / 1'000 * 1'000;
    event.caller = fault != nullptr ? fault->caller : fmt::format("caller-{:02}", 1 + static_cast<std::size_t>(dice.uniform() * static_cast<double>(made.callers)));
    event.features = features_of(made, fault, dice);
    event.label = dice.word(fault != nullptr && !fault->answers.empty() ? fault->answers : made.answers);
    event.score = number(dice.uniform());
    out.push_back(std::move(event));
  }
}

Result<Shares> read_shares(const Json& value, const std::string& place) {
  Shares out;
  double sum = 0;
  if (!value.is_object() || value.get_object().empty()) return fail(Code::kInvalid, "maps words to shares", place);
  for (const auto& member : value.get_object()) {
    const std::string word(member.key());
    const double share = member.value().is_number() ? member.value().to_number<double>() : -1;
    if (share < 0 || share > 1) return fail(Code::kInvalid, "is a share from 0 to 1", place + "/" + word);
    if (word.find_first_of("\"\\,\n") != std::string::npos) return fail(Code::kInvalid, "a word has no quotes, commas or breaks", place + "/" + word);
    out.emplace_back(word, share);
    sum += share;
  }
  if (std::abs(sum - 1) > 1e-6) return fail(Code::kInvalid, fmt::format("shares have the sum 1, not {:g}", sum), place);
  return out;
}

Result<std::vector<Feature>> read_features(const Reader& in) {
  std::vector<Feature> out;
  const Json* const map = in.member("features");
  if (map == nullptr) return out;
  if (!map->is_object()) return fail(Code::kInvalid, "'features' maps names to {mean, spread} or to words with their shares", in.at("features"));
  for (const auto& member : map->get_object()) {
    const std::string name(member.key()), place = in.at("features") + "/" + name;
    if (!is_name(name)) return fail(Code::kInvalid, fmt::format("'{}' is no name: 1 to 64 of a-z 0-9 . _ -", name), place);
    Feature feature{name, 0, 0, {}};
    if (find(member.value(), "mean") != nullptr) {
      const Reader one(member.value(), place);
      FIREBREAK_TRY(one.keys({"mean", "spread"}));
      for (auto& [key, into] : {std::pair("mean", &feature.mean), std::pair("spread", &feature.spread)}) {
        auto got = get_number(member.value(), key);
        if (!got || std::abs(*got) > 1e9) return fail(Code::kInvalid, fmt::format("'{}' is a number", key), one.at(key));
        *into = *got;
      }
      if (feature.spread < 0) return fail(Code::kInvalid, "'spread' is not below 0", one.at("spread"));
    } else {
      FIREBREAK_ASSIGN(feature.words, read_shares(member.value(), place));
    }
    out.push_back(std::move(feature));
  }
  return out;
}

Result<double> read_rate(const Reader& in) {
  auto rate = get_number(in.value(), "per_hour");
  if (!rate || !(*rate > 0) || *rate > kMostPerHour) return fail(Code::kInvalid, "'per_hour' is a number above 0, at most 100000", in.at("per_hour"));
  return *rate;
}

Result<Fault> read_fault(const Reader& in, const Synthetic& made) {
  Fault out;
  FIREBREAK_TRY(in.keys({"from", "to", "caller", "per_hour", "model", "features", "answers"}));
  FIREBREAK_ASSIGN(out.from, in.time("from"));
  FIREBREAK_ASSIGN(out.to, in.time("to"));
  if (!(out.from < out.to)) return fail(Code::kInvalid, "'to' must lie behind 'from'", in.at("to"));
  FIREBREAK_ASSIGN(out.model, in.text_or("model", ""));
  FIREBREAK_ASSIGN(out.features, read_features(in));
  for (const Feature& feature : out.features) {
    const auto own = std::find_if(made.features.begin(), made.features.end(), [&](const Feature& known) { return known.name == feature.name; });
    if (own == made.features.end() || own->words.empty() != feature.words.empty()) return fail(Code::kInvalid, "the stream has no such feature of this type", in.at("features") + "/" + feature.name);
  }
  if (const Json* answers = in.member("answers")) {
    FIREBREAK_ASSIGN(out.answers, read_shares(*answers, in.at("answers")));
  }
  if (!out.model.empty()) {
    for (const char* key : {"caller", "per_hour", "features"})
      if (in.member(key) != nullptr) return fail(Code::kInvalid, "another model answers whoever asks: no caller, rate or features", in.at(key));
    return out;
  }
  FIREBREAK_ASSIGN(out.caller, in.name("caller"));
  FIREBREAK_ASSIGN(out.per_hour, read_rate(in));
  return out;
}

}  // namespace

Result<Synthetic> read_synthetic(const Reader& in) {
  Synthetic out;
  FIREBREAK_TRY(in.keys({"seed", "per_hour", "callers", "features", "answers", "faults"}));
  auto seed = get_int(in.value(), "seed"), callers = get_int(in.value(), "callers");
  if (!seed || *seed < 0) return fail(Code::kInvalid, "'seed' is a whole number from 0", in.at("seed"));
  if (!callers || *callers < 1 || *callers > 200) return fail(Code::kInvalid, "'callers' is 1 to 200: how many honest ones there are", in.at("callers"));
  out.seed = static_cast<std::uint64_t>(*seed);
  out.callers = static_cast<std::size_t>(*callers);
  FIREBREAK_ASSIGN(out.per_hour, read_rate(in));
  FIREBREAK_ASSIGN(out.features, read_features(in));
  if (out.features.empty()) return fail(Code::kInvalid, "'features' is missing", in.at("features"));
  if (in.member("answers") == nullptr) return fail(Code::kInvalid, "'answers' is missing: words with their shares", in.at("answers"));
  FIREBREAK_ASSIGN(out.answers, read_shares(*in.member("answers"), in.at("answers")));
  FIREBREAK_TRY(in.each("faults", 16, [&](const Reader& item) -> Result<void> {
    FIREBREAK_ASSIGN(Fault one, read_fault(item, out));
    out.faults.push_back(std::move(one));
    return {};
  }));
  return out;
}

std::vector<Event> synthesize(const Synthetic& made, const std::string& name, Time from, Time to) {
  std::vector<Event> out;
  Dice honest(made.seed);
  add(made, nullptr, made.per_hour, from, to, honest, out);
  for (std::size_t i = 0; i < made.faults.size(); ++i) {
    const Fault& fault = made.faults[i];
    const Time begin = std::max(from, fault.from), end = std::min(to, fault.to);
    if (fault.caller.empty() || !(begin < end)) continue;
    Dice own(made.seed + 7'919 * (i + 1));
    add(made, &fault, fault.per_hour, begin, end, own, out);
  }
  std::stable_sort(out.begin(), out.end(), [](const Event& a, const Event& b) { return a.time < b.time; });
  Dice told(made.seed ^ 0x5eed);
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i].id = fmt::format("{}-{:06}", name, i);
    for (const Fault& fault : made.faults) {
      if (fault.model.empty() || out[i].time < fault.from || !(out[i].time < fault.to)) continue;
      out[i].model = fault.model;
      if (!fault.answers.empty()) out[i].label = told.word(fault.answers);
    }
  }
  return out;
}

std::string synthetic_rows(const Synthetic& made, std::size_t rows, std::uint64_t salt) {
  Dice dice(made.seed + salt);
  std::string out;
  for (const Feature& feature : made.features) out += feature.name + ",";
  out += "label\n";
  for (std::size_t i = 0; i < rows; ++i) {
    for (const Feature& feature : made.features) out += (feature.words.empty() ? number(feature.mean + feature.spread * dice.normal()) : dice.word(feature.words)) + ",";
    out += dice.uniform() < 0.2 ? "1\n" : "0\n";
  }
  return out;
}

}  // namespace firebreak::drill
