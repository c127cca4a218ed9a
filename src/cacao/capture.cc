// What is taken from a response into variables (http_request.h).
#include <fmt/core.h>
#include <re2/re2.h>

#include <algorithm>
#include <optional>
#include <set>

#include "cacao/diagnostic.h"
#include "cacao/http_request.h"
#include "cacao/insert_parts.h"
#include "cacao/value.h"

namespace firebreak::cacao {
namespace {

constexpr std::size_t kMostRules = 32;
constexpr std::size_t kLongestRegex = 1024;
constexpr std::int64_t kRegexMemory = 1 << 20;
constexpr std::string_view kSources[] = {"pointer", "regex", "header", "status"};

RE2::Options regex_options() {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kRegexMemory);
  return options;
}

Result<void> check_source(const Json& rule, std::string_view source) {
  const Json& value = *find(rule, source);
  if (source == "status") {
    if (!value.is_bool() || !value.get_bool()) return fail(Code::kInvalid, "'status' is true", "/status");
    return {};
  }
  if (!value.is_string()) return fail(Code::kInvalid, fmt::format("'{}' is text", source), child("", source));
  const std::string text(value.get_string());
  if (source == "pointer" && !text.empty() && !text.starts_with('/')) return fail(Code::kInvalid, "a JSON Pointer is empty or begins with '/'", "/pointer");
  if (source == "header" && (text.empty() || text.find_first_of(" :\r\n") != std::string::npos)) return fail(Code::kInvalid, "no name of a header", "/header");
  if (source != "regex") return {};
  if (text.size() > kLongestRegex) return fail(Code::kInvalid, fmt::format("a regular expression has at most {} octets", kLongestRegex), "/regex");
  const RE2 regex(text, regex_options());
  if (!regex.ok()) return fail(Code::kInvalid, fmt::format("no regular expression that RE2 takes: {}", regex.error()), "/regex");
  if (regex.NumberOfCapturingGroups() < 1) return fail(Code::kInvalid, "the regular expression has no group: what stands in ( ) is taken", "/regex");
  return {};
}

// The one source of a rule, or nothing when there is none or more.
std::optional<std::string_view> source_of(const Json& rule) {
  std::optional<std::string_view> found;
  for (const std::string_view source : kSources) {
    if (find(rule, source) == nullptr) continue;
    if (found) return std::nullopt;
    found = source;
  }
  return found;
}

Result<void> check_rule(const Json& rule, std::set<std::string>& names) {
  FIREBREAK_TRY(only_keys(rule, {"to", "pointer", "regex", "header", "status"}));
  const std::string to = string_or(rule, "to");
  if (!is_variable_name(to)) return fail(Code::kInvalid, "'to' is a variable's name: __name__", "/to");
  if (!names.insert(to).second) return fail(Code::kInvalid, fmt::format("{} is taken twice", to), "/to");
  const auto source = source_of(rule);
  if (!source) return fail(Code::kInvalid, "a rule has one of pointer, regex, header and status");
  return check_source(rule, *source);
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}

// What a rule finds; an error says what there was none of.
class Source {
 public:
  explicit Source(const Response& response) : response_(response) {}

  Result<std::string> found(const Json& rule, std::string_view source) {
    if (source == "status") return std::to_string(response_.status);
    const std::string what = string_or(rule, source);
    if (source == "pointer") return at_pointer(what);
    if (source == "header") return header(what);
    return group(what);
  }

 private:
  Result<std::string> at_pointer(const std::string& pointer) {
    if (!body_) body_ = parse_json(response_.body);
    if (!*body_) return fail(Code::kInvalid, fmt::format("the body is no JSON ({})", body_->error().message));
    const Json* const value = find_pointer(**body_, pointer);
    if (value == nullptr || value->is_null()) return fail(Code::kInvalid, fmt::format("the body has nothing at '{}'", pointer));
    return value->is_string() ? std::string(value->get_string()) : canonical_json(*value);
  }

  Result<std::string> header(const std::string& name) const {
    std::optional<std::string> out;
    for (const auto& [key, value] : response_.headers)
      if (same_name(key, name)) out = out ? *out + ", " + value : value;
    if (!out) return fail(Code::kInvalid, fmt::format("the response has no header '{}'", name));
    return std::move(*out);
  }

  Result<std::string> group(const std::string& pattern) const {
    const RE2 regex(pattern, regex_options());
    re2::StringPiece groups[2];
    const re2::StringPiece body(response_.body.data(), response_.body.size());
    const bool matches = regex.Match(body, 0, body.size(), RE2::UNANCHORED, groups, 2);
    if (!matches || groups[1].data() == nullptr) return fail(Code::kInvalid, fmt::format("'{}' matches nothing in the body", pattern));
    return std::string(groups[1].data(), groups[1].size());
  }

  const Response& response_;
  std::optional<Result<Json>> body_;  // read when the first rule asks for it
};

}  // namespace

Result<void> check_captures(const Json& rules) {
  if (!rules.is_array()) return fail(Code::kInvalid, "what to take from a response is a list of rules");
  if (rules.get_array().size() > kMostRules) return fail(Code::kInvalid, fmt::format("at most {} rules", kMostRules));
  std::set<std::string> names;
  for (std::size_t i = 0; i < rules.get_array().size(); ++i)
    if (auto checked = check_rule(rules.get_array()[i], names); !checked) return fail(std::move(checked.error()).at(child("", i)));
  return {};
}

Result<std::map<std::string, std::string>> capture(const Json& rules, const Response& response) {
  FIREBREAK_TRY(check_captures(rules));
  std::map<std::string, std::string> out;
  Source source(response);
  for (std::size_t i = 0; i < rules.get_array().size(); ++i) {
    const Json& rule = rules.get_array()[i];
    const std::string to = string_or(rule, "to");
    const auto wrong = [&](Error error) { return fail(std::move(error).with(fmt::format("rule {} for {}", i + 1, to)).at(child("", i))); };
    auto found = source.found(rule, *source_of(rule));
    if (!found) return wrong(std::move(found.error()));
    if (auto sized = check_inserted_size(found->size()); !sized) return wrong(Error{Code::kTooLarge, fmt::format("what it finds is longer than {} octets", kLongestInserted), {}, 0});
    if (!is_utf8(*found)) return wrong(Error{Code::kInvalid, "what it finds is no UTF-8", {}, 0});
    out[to] = std::move(*found);
  }
  return out;
}

}  // namespace firebreak::cacao
