// The sealed part of a drill: what really happens, and what is expected of whom.
#include "base/digest.h"
#include "run/drill/drill_reader.h"
#include "types/exercise.h"

namespace firebreak::drill {
namespace {

Result<Limits> read_limits(const Reader& in, std::string_view key, bool times, bool needed) {
  Limits limits;
  const Json* const given = in.member(key);
  if (given == nullptr && !needed) return limits;
  if (given == nullptr) return fail(Code::kInvalid, fmt::format("'{}' is missing: {{full, none}}", key), in.at(key));
  const Reader reader(*given, in.at(key));
  FIREBREAK_TRY(reader.keys({"full", "none"}));
  for (auto& [name, value] : {std::pair("full", &limits.full), std::pair("none", &limits.none)}) {
    if (times) {
      FIREBREAK_ASSIGN(const std::int64_t us, reader.span(name));
      *value = static_cast<double>(us) / kSecond;
    } else {
      auto got = get_number(*given, name);
      if (!got || *got < 0 || *got > 1) return fail(Code::kInvalid, fmt::format("'{}' is a share from 0 to 1", name), reader.at(name));
      *value = *got;
    }
  }
  if (limits.full >= limits.none) return fail(Code::kInvalid, "'full' must lie below 'none'", in.at(key));
  return limits;
}

Result<Expected> read_expected(const Reader& in) {
  Expected out;
  FIREBREAK_TRY(in.keys({"id", "what", "role", "made_by", "within", "reason", "approves"}));
  FIREBREAK_ASSIGN(out.id, in.name("id"));
  FIREBREAK_ASSIGN(out.what, in.text("what"));
  FIREBREAK_ASSIGN(out.role, in.name("role"));
  FIREBREAK_ASSIGN(out.pattern, read_pattern(in, "made_by", true));
  FIREBREAK_ASSIGN(out.within_us, in.span("within"));
  FIREBREAK_ASSIGN(out.reason, in.flag("reason"));
  FIREBREAK_ASSIGN(out.approves, in.text_or("approves", ""));
  return out;
}

Result<void> read_decisions(const Reader& in, Truth& out) {
  FIREBREAK_TRY(in.each("decisions", 64, [&](const Reader& item) -> Result<void> {
    FIREBREAK_ASSIGN(Expected one, read_expected(item));
    for (const Expected& other : out.decisions)
      if (other.id == one.id) return fail(Code::kInvalid, fmt::format("decision '{}' stands twice", one.id), item.at("id"));
    const auto known = std::any_of(out.decisions.begin(), out.decisions.end(), [&](const Expected& other) { return other.id == one.approves; });
    if (!one.approves.empty() && !known) return fail(Code::kInvalid, fmt::format("'approves' names no earlier decision: '{}'", one.approves), item.at("approves"));
    out.decisions.push_back(std::move(one));
    return {};
  }));
  if (out.decisions.empty()) return fail(Code::kInvalid, "'decisions' is missing: what is expected of whom", in.at("decisions"));
  return {};
}

Result<void> read_vectors(const Reader& in, Truth& out) {
  const auto read = [&](const Reader& item) -> Result<void> {
    Vector one;
    FIREBREAK_TRY(item.keys({"id", "endpoint", "kinds"}));
    FIREBREAK_ASSIGN(one.id, item.name("id"));
    FIREBREAK_ASSIGN(one.endpoint, item.name("endpoint"));
    FIREBREAK_ASSIGN(one.kinds, item.texts("kinds"));
    for (const Vector& other : out.vectors)
      if (other.id == one.id) return fail(Code::kInvalid, fmt::format("vector '{}' stands twice", one.id), item.at("id"));
    out.vectors.push_back(std::move(one));
    return {};
  };
  FIREBREAK_TRY(in.each("vectors", 8, read));
  if (!out.vectors.empty() && !out.attacks(out.endpoint)) return fail(Code::kInvalid, "the attacked endpoint is none of the vectors'", in.at("vectors"));
  return {};
}

}  // namespace

bool Truth::attacks(std::string_view other) const {
  if (vectors.empty()) return !endpoint.empty() && endpoint == other;
  return std::any_of(vectors.begin(), vectors.end(), [&](const Vector& one) { return one.endpoint == other; });
}

Result<Truth> parse_truth(const Json& truth) {
  const Reader in(truth, "/truth");
  Truth out;
  FIREBREAK_TRY(in.keys({"start", "endpoint", "kinds", "triage", "severity", "limits", "evidence", "audiences", "gates", "decisions", "card", "vectors", "kill_switch"}));
  FIREBREAK_ASSIGN(out.start, in.time("start"));
  FIREBREAK_ASSIGN(out.endpoint, in.text_or("endpoint", ""));
  FIREBREAK_ASSIGN(out.triage, in.text_or("triage", ""));
  FIREBREAK_ASSIGN(out.severity, in.text_or("severity", ""));
  for (const auto& [key, list] : {std::pair("kinds", &out.kinds), std::pair("evidence", &out.evidence), std::pair("audiences", &out.audiences), std::pair("gates", &out.gates)}) {
    FIREBREAK_ASSIGN(*list, in.texts(key));
  }
  static const Json kNone = JsonObject{};
  const Reader limits(in.member("limits") != nullptr ? *in.member("limits") : kNone, in.at("limits"));
  FIREBREAK_TRY(limits.keys({"detect", "declare", "contain", "safe", "first_update", "honest_failed"}));
  const bool attacked = !out.endpoint.empty();  // where nothing is attacked nothing is detected or contained
  FIREBREAK_ASSIGN(out.detect_s, read_limits(limits, "detect", true, attacked));
  FIREBREAK_ASSIGN(out.declare_s, read_limits(limits, "declare", true, attacked));
  FIREBREAK_ASSIGN(out.contain_s, read_limits(limits, "contain", true, attacked));
  FIREBREAK_ASSIGN(out.safe_s, read_limits(limits, "safe", true, attacked));
  FIREBREAK_ASSIGN(out.update_s, read_limits(limits, "first_update", true, true));
  FIREBREAK_ASSIGN(out.honest_failed, read_limits(limits, "honest_failed", false, attacked));
  FIREBREAK_TRY(read_decisions(in, out));
  FIREBREAK_TRY(read_vectors(in, out));
  if (const Json* given = in.member("kill_switch")) {
    const Reader reader(*given, in.at("kill_switch"));
    FIREBREAK_TRY(reader.keys({"endpoint", "measure", "time"}));
    FIREBREAK_ASSIGN(out.kill_switch.endpoint, reader.name("endpoint"));
    FIREBREAK_ASSIGN(out.kill_switch.measure, reader.one_of("measure", {"fallback"}));
    FIREBREAK_ASSIGN(out.kill_switch.seconds, read_limits(reader, "time", true, true));
  }
  FIREBREAK_ASSIGN(out.card, in.text_or("card", ""));
  return out;
}

Json sealed_part(const Drill& drill, const std::string& salt) {
  JsonObject sealed{{"format", "firebreak-drill-seal/1"}, {"salt", salt}};
  for (const char* key : {"objectives", "injects", "truth"})
    if (const Json* part = find(drill.document, key)) sealed[key] = *part;
  return sealed;
}

std::vector<std::string> decision_digests(const Drill& drill, const std::string& truth_digest) {
  std::vector<std::string> out;
  for (const Expected& expected : drill.truth.decisions)
    for (const auto& [place, value] : expected.pattern.where)
      if (expected.pattern.entry == "exercise_decided" && place == "/decision" && value.is_string()) out.push_back(exercise_decision_digest(truth_digest, std::string(value.get_string())));
  std::sort(out.begin(), out.end());
  return out;
}

std::string digest_of_seal(const Json& sealed) { return sha256(canonical_json(sealed)).hex(); }

}  // namespace firebreak::drill
