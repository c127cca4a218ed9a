#include "fold/playbook/verbs.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <span>

#include "base/time.h"
#include "cacao/value.h"
#include "types/incident.h"

namespace firebreak::playbook {
namespace {

constexpr std::string_view kItems[] = {"model", "dataset", "policy", "inferences", "counters"};
constexpr std::string_view kGrammar =
    "capture ITEMS, options [DAYS], wait, contain MEASURE, lift ACTION, impact, replay2x2 OLD NEW, gate RELEASE, page WHO TEXT, notify WHO TEXT, "
    "deadline start NAME|REGIME, connector NAME DO, task OWNER TEXT, phase PHASE REASON";

template <std::size_t N>
bool is_in(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

bool is_open_word(std::string_view text) { return !cacao::references_in(text).empty(); }

// The words behind a verb: positional ones, and options by name. Checking: see parse_verb().
class Words {
 public:
  Words(std::string verb, std::span<const cacao::Word> words, bool checking) : verb_(std::move(verb)), checking_(checking) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      const std::string& text = words[i].text;
      if (words[i].from_variable || !text.starts_with("--") || text.size() < 3) {
        positional_.push_back(text);
        continue;
      }
      const std::size_t equal = text.find('=');
      if (equal != std::string::npos) options_[text.substr(2, equal - 2)].push_back(text.substr(equal + 1));
      else if (i + 1 < words.size()) options_[text.substr(2)].push_back(words[++i].text);
      else bare_ = text;
    }
  }

  bool checking(std::string_view text) const { return checking_ && is_open_word(text); }
  const std::vector<std::string>& positional() const { return positional_; }
  std::string at(std::size_t i) const { return i < positional_.size() ? positional_[i] : ""; }
  std::string rest(std::size_t from) const {
    std::string out;
    for (std::size_t i = from; i < positional_.size(); ++i) out += (out.empty() ? "" : " ") + positional_[i];
    return out;
  }
  std::optional<std::string> option(std::string_view name) const {
    const auto found = options_.find(std::string(name));
    return found == options_.end() ? std::nullopt : std::optional(found->second.back());
  }
  std::vector<std::string> all(std::string_view name) const {
    const auto found = options_.find(std::string(name));
    return found == options_.end() ? std::vector<std::string>{} : found->second;
  }
  const std::map<std::string, std::vector<std::string>>& options() const { return options_; }

  // Least and most positional words, and the options there are.
  Result<void> shape(std::size_t least, std::size_t most, std::initializer_list<std::string_view> allowed, std::string_view usage) const {
    if (!bare_.empty()) return fail(Code::kInvalid, fmt::format("{} has no value: {}", bare_, usage));
    if (positional_.size() < least || positional_.size() > most) return fail(Code::kInvalid, fmt::format("write {}", usage));
    for (const auto& [name, values] : options_)
      if (std::find(allowed.begin(), allowed.end(), name) == allowed.end()) return fail(Code::kInvalid, fmt::format("'{}' has no option --{}: write {}", verb_, name, usage));
    return {};
  }

 private:
  std::string verb_, bare_;
  bool checking_;
  std::vector<std::string> positional_;
  std::map<std::string, std::vector<std::string>> options_;
};

Result<double> number(const Words& words, std::string_view option, std::optional<double> fallback) {
  const auto text = words.option(option);
  if (!text) {
    if (fallback) return *fallback;
    return fail(Code::kInvalid, fmt::format("--{} is missing", option));
  }
  if (words.checking(*text)) return fallback.value_or(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size()) return fail(Code::kInvalid, fmt::format("--{} takes a number, not '{}'", option, *text));
  return value;
}

Result<std::int64_t> span_of(const Words& words, std::string_view option) {
  const auto text = words.option(option);
  if (!text) return fail(Code::kInvalid, fmt::format("--{} is missing: how long, as 4h, 30m or 14d", option));
  if (words.checking(*text)) return kHour;
  return parse_span(*text);
}

// ---- the verbs

Result<JsonObject> capture(const Words& words) {
  FIREBREAK_TRY(words.shape(1, 1, {}, "capture counters,inferences,policy,model,dataset"));
  if (words.checking(words.at(0))) return JsonObject{};
  FIREBREAK_ASSIGN(const auto items, parse_items(words.at(0)));
  return JsonObject{{"items", JsonArray(items.begin(), items.end())}};
}

Result<JsonObject> options(const Words& words) {
  FIREBREAK_TRY(words.shape(0, 1, {}, "options [DAYS]"));
  const std::string text = words.at(0);
  if (text.empty() || words.checking(text)) return JsonObject{{"days", 3}};
  std::int64_t days = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (error != std::errc{} || end != text.data() + text.size() || days < 1 || days > 30) return fail(Code::kInvalid, "options takes a number of days, 1..30");
  return JsonObject{{"days", days}};
}

Result<JsonObject> nothing(const Words& words) {
  FIREBREAK_TRY(words.shape(0, 0, {}, "the verb alone"));
  return JsonObject{};
}

Result<Json> measure_of(const std::string& kind, const Words& words) {
  const auto callers = [&] {
    const auto names = words.all("caller");
    return JsonArray(names.begin(), names.end());
  };
  if (kind == "quarantine") return Json(JsonObject{{"kind", "quarantine"}, {"callers", callers()}, {"digests", JsonArray{}}});
  if (kind == "block") {
    if (callers().empty()) return fail(Code::kInvalid, "contain block names at least one --caller");
    return Json(JsonObject{{"kind", "block"}, {"callers", callers()}});
  }
  if (kind == "limit") {
    const std::string scope = words.option("scope").value_or("caller");
    FIREBREAK_ASSIGN(const double rate, number(words, "per-minute", 60));
    FIREBREAK_ASSIGN(const double burst, number(words, "burst", 10));
    return Json(JsonObject{{"kind", "rate_limit"}, {"scope", scope}, {"per_minute", rate}, {"burst", burst}});
  }
  if (kind == "review") {
    FIREBREAK_ASSIGN(const double low, number(words, "low", std::nullopt));
    FIREBREAK_ASSIGN(const double high, number(words, "high", std::nullopt));
    return Json(JsonObject{{"kind", "review"}, {"low", low}, {"high", high}});
  }
  const auto to = words.option("to");
  if (!to) return fail(Code::kInvalid, fmt::format("contain {} needs --to RELEASE, or last-known-good{}", kind, kind == "route" ? ", or fallback" : ""));
  if (kind == "mirror") return Json(JsonObject{{"kind", "mirror"}, {"release", *to}});
  if (*to == "fallback") return Json(JsonObject{{"kind", "fallback"}});
  return Json(JsonObject{{"kind", "weights"}, {"weights", JsonObject{{*to, 100}}}});
}

Result<JsonObject> contain(const Words& words) {
  constexpr std::string_view kKinds[] = {"option", "quarantine", "limit", "review", "route", "block", "mirror"};
  const std::string kind = words.at(0);
  if (!is_in(kKinds, kind)) return fail(Code::kInvalid, fmt::format("'{}' is no measure (option, quarantine, limit, review, route, block, mirror)", kind));
  FIREBREAK_TRY(words.shape(kind == "option" ? 2 : 1, kind == "option" ? 3 : 2, {"for", "to", "caller", "scope", "per-minute", "burst", "low", "high"},
                            fmt::format("contain {} [ENDPOINT] … --for 4h", kind)));
  FIREBREAK_ASSIGN(const std::int64_t lease, span_of(words, "for"));
  JsonObject args{{"lease_s", lease / kSecond}};
  if (const std::string endpoint = words.at(kind == "option" ? 2 : 1); !endpoint.empty()) args["endpoint"] = endpoint;
  if (kind == "option") {
    args["option"] = words.at(1);
    return args;
  }
  FIREBREAK_ASSIGN(args["measure"], measure_of(kind, words));
  return args;
}

Result<JsonObject> lift(const Words& words) {
  FIREBREAK_TRY(words.shape(1, 1, {"reason"}, "lift ACTION [--reason TEXT]"));
  return JsonObject{{"action", words.at(0)}, {"reason", words.option("reason").value_or("lifted by the playbook")}};
}

Result<JsonObject> gate(const Words& words) {
  FIREBREAK_TRY(words.shape(1, 2, {}, "gate RELEASE [ENDPOINT]"));
  JsonObject args{{"release", words.at(0)}};
  if (words.positional().size() == 2) args["endpoint"] = words.at(1);
  return args;
}

Result<JsonObject> replay(const Words& words) {
  FIREBREAK_TRY(words.shape(2, 2, {}, "replay2x2 OLD NEW (two releases)"));
  return JsonObject{{"old", words.at(0)}, {"new", words.at(1)}};
}

Result<JsonObject> message(const Words& words) {
  FIREBREAK_TRY(words.shape(2, 2'000, {}, "page WHO TEXT, notify WHO TEXT"));
  return JsonObject{{"channel", words.at(0)}, {"text", words.rest(1)}};
}

// A reporting deadline: what happened when is looked at by who keeps them.
Result<JsonObject> regime_of(const Words& words) {
  FIREBREAK_TRY(words.shape(2, 2, {"from", "fact"}, "deadline start REGIME [--from EVENT=TIME]… [--fact FACT]…, or deadline start NAME --within 72h"));
  JsonObject events;
  for (const std::string& one : words.all("from")) {
    const std::size_t equal = one.find('=');
    if (equal == 0 || equal + 1 == one.size()) return fail(Code::kInvalid, fmt::format("--from takes EVENT=TIME, or EVENT for now; not '{}'", one));
    events[one.substr(0, equal)] = equal == std::string::npos ? "now" : one.substr(equal + 1);
  }
  const auto facts = words.all("fact");
  return JsonObject{{"regime", words.at(1)}, {"events", std::move(events)}, {"facts", JsonArray(facts.begin(), facts.end())}};
}

Result<JsonObject> deadline(const Words& words) {
  if (words.at(0) != "start") return fail(Code::kInvalid, "a playbook can start a deadline: deadline start NAME --within 72h, or deadline start REGIME --from EVENT");
  if (!words.option("within")) return regime_of(words);
  FIREBREAK_TRY(words.shape(2, 2, {"within", "owner"}, "deadline start NAME --within 72h [--owner WHO]"));
  FIREBREAK_ASSIGN(const std::int64_t within, span_of(words, "within"));
  return JsonObject{{"name", words.at(1)}, {"within_us", within}, {"owner", words.option("owner").value_or("legal")}};
}

Result<JsonObject> connector(const Words& words) {
  FIREBREAK_TRY(words.shape(2, 2, {"model", "alias", "to", "digest", "expect", "version", "key", "value", "endpoint", "weights", "bucket", "prefix", "since", "file", "on"},
                            "connector NAME DO [--KEY VALUE]…"));
  JsonObject request{{"do", words.at(1)}};
  for (const auto& [name, values] : words.options()) {
    if (name == "on" && (values.back() == "true" || values.back() == "false")) {
      request[name] = values.back() == "true";
      continue;
    }
    if (name != "weights") {
      request[name] = values.back();
      continue;
    }
    JsonObject weights;  // --weights VARIANT=WEIGHT, again for each
    for (const std::string& one : values) {
      const std::size_t equal = one.rfind('=');
      double weight = 0;
      const char* const end = one.data() + one.size();
      if (!words.checking(one) && (equal == std::string::npos || std::from_chars(one.data() + equal + 1, end, weight).ptr != end))
        return fail(Code::kInvalid, fmt::format("--weights takes VARIANT=WEIGHT, not '{}'", one));
      weights[one.substr(0, equal)] = weight;
    }
    request["weights"] = std::move(weights);
  }
  return JsonObject{{"connector", words.at(0)}, {"request", std::move(request)}};
}

Result<JsonObject> task(const Words& words) {
  FIREBREAK_TRY(words.shape(2, 2'000, {}, "task OWNER TEXT"));
  return JsonObject{{"owner", words.at(0)}, {"text", words.rest(1)}};
}

Result<JsonObject> phase(const Words& words) {
  FIREBREAK_TRY(words.shape(2, 2'000, {}, "phase PHASE REASON"));
  const std::string to = words.at(0);
  if (!words.checking(to) && (std::find(std::begin(words::kPhases), std::end(words::kPhases), to) == std::end(words::kPhases) || to == "closed"))
    return fail(Code::kInvalid, fmt::format("'{}' is no phase a playbook may ask for", to));
  return JsonObject{{"to", to}, {"reason", words.rest(1)}};
}

struct Row {
  std::string_view name, old_name;
  Result<JsonObject> (*read)(const Words&);
  std::string_view results;
};
constexpr Row kVerbs[] = {
    {"capture", "evidence.capture", capture, ""},
    {"options", "options.offer", options, ""},
    {"wait", "containment.wait", nothing, "__action__"},
    {"contain", "", contain, "__action__"},
    {"lift", "", lift, ""},
    {"impact", "", nothing, "__inferences__ __callers__ __caller_count__ __answers__"},
    {"replay2x2", "", replay, "__verdict__ __old_on_old__ __old_on_new__ __new_on_old__ __new_on_new__"},
    {"gate", "", gate, "__gates__"},
    {"page", "", message, ""},
    {"notify", "", message, ""},
    {"deadline", "", deadline, "__due__ __duty__ __task__"},
    {"connector", "", connector, ""},
    {"task", "task.open", task, "__task__"},
    {"phase", "", phase, ""},
};

const Row* row_of(std::string_view name) {
  for (const Row& row : kVerbs)
    if (row.name == name || (!row.old_name.empty() && row.old_name == name)) return &row;
  return nullptr;
}

}  // namespace

Result<std::vector<std::string>> parse_items(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view item = text.substr(0, end);
    if (!is_in(kItems, item)) return fail(Code::kInvalid, fmt::format("'{}' is no evidence item (model, dataset, policy, inferences, counters)", item));
    if (std::find(items.begin(), items.end(), item) == items.end()) items.emplace_back(item);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (items.empty()) return fail(Code::kInvalid, "name at least one evidence item");
  return items;
}

Result<std::int64_t> parse_span(std::string_view text) {
  constexpr std::pair<char, std::int64_t> kUnits[] = {{'s', kSecond}, {'m', kMinute}, {'h', kHour}, {'d', kDay}};
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  for (const auto& [letter, unit] : kUnits)
    if (error == std::errc{} && end == text.data() + text.size() - 1 && *end == letter && count > 0 && count <= 366 * kDay / unit) return count * unit;
  return fail(Code::kInvalid, fmt::format("'{}' is no span of time: write 4h, 30m, 90s or 14d", text));
}

Result<Verb> parse_verb(const std::vector<cacao::Word>& words, bool checking) {
  if (words.empty()) return fail(Code::kInvalid, fmt::format("the command is empty ({})", kGrammar));
  const bool two = words.size() == 2 && words[0].text == "contain" && words[1].text == "wait";
  const Row* const row = words[0].from_variable ? nullptr : row_of(two ? "wait" : words[0].text);
  if (row == nullptr) return fail(Code::kInvalid, fmt::format("'{}' is no command ({})", words[0].text, kGrammar));
  const Words rest(std::string(row->name), std::span(words).subspan(two ? 2 : 1), checking);
  FIREBREAK_ASSIGN(JsonObject args, row->read(rest));
  return Verb{std::string(row->name), std::move(args)};
}

Result<Verb> check_verb(std::string_view line) {
  const cacao::Lookup as_it_stands = [](std::string_view name) { return std::optional(cacao::Value{"string", std::string(name) + ":value"}); };
  FIREBREAK_ASSIGN(const auto words, cacao::insert_words(line, as_it_stands));
  return parse_verb(words, true);
}

std::vector<std::string> results_of(const Verb& verb) {
  std::vector<std::string> out;
  for (std::string_view rest = row_of(verb.name)->results; !rest.empty();) {
    const std::size_t end = std::min(rest.find(' '), rest.size());
    out.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return out;
}

}  // namespace firebreak::playbook
