#include "run/main/table_parts.h"

#include <fmt/format.h>

#include <algorithm>

#include "run/main/table_columns.h"

namespace firebreak::cli {
namespace {

constexpr std::string_view kNone = "none";

std::optional<std::size_t> place_of(const std::vector<std::string>& names, const std::string& name) {
  const auto at = std::find(names.begin(), names.end(), name);
  return at == names.end() ? std::nullopt : std::optional(static_cast<std::size_t>(at - names.begin()));
}

Result<std::optional<std::size_t>> named(const std::vector<std::string>& names, const std::string& wanted, std::vector<std::string> usual) {
  if (wanted == kNone) return std::nullopt;
  if (!wanted.empty()) {
    const auto at = place_of(names, wanted);
    if (!at) return fail(Code::kInvalid, fmt::format("there is no column '{}'; the columns are {}", wanted, fmt::join(names, ", ")));
    return at;
  }
  for (const std::string& one : usual)
    if (const auto at = place_of(names, one)) return at;
  return std::nullopt;
}

}  // namespace

Result<RowParts> parts_of(const std::vector<std::string>& names, const DetectOptions& options) {
  RowParts parts;
  const bool records = are_records(names);
  const auto usual = [records](std::vector<std::string> list) { return records ? std::move(list) : std::vector<std::string>(); };
  FIREBREAK_ASSIGN(parts.type, named(names, "", usual({"type"})));
  FIREBREAK_ASSIGN(parts.id, named(names, options.id, {"id"}));
  FIREBREAK_ASSIGN(parts.time, named(names, options.time, {"time", "timestamp"}));
  FIREBREAK_ASSIGN(parts.caller, named(names, options.caller, {"caller"}));
  FIREBREAK_ASSIGN(parts.label, named(names, options.label, usual({"label"})));
  FIREBREAK_ASSIGN(parts.prediction, named(names, options.prediction, usual({"output.label", "prediction"})));
  FIREBREAK_ASSIGN(parts.score, named(names, options.score, usual({"output.score", "score"})));
  return parts;
}

Result<std::vector<bool>> used_columns(const std::vector<std::string>& names, const RowParts& parts, const DetectOptions& options, JsonArray& not_watched) {
  std::vector<bool> used(names.size(), false);
  const auto leave = [&](const std::optional<std::size_t>& column, std::string_view why) {
    if (!column || used[*column]) return;
    used[*column] = true;
    not_watched.push_back(JsonObject{{"column", names[*column]}, {"reason", why}});
  };
  leave(parts.type, "says what a row is");
  leave(parts.id, "taken as a row's id; --id none makes it a column like the others");
  leave(parts.time, "taken as a row's time; --time none makes it a column like the others");
  leave(parts.caller, "taken as who asked; --caller none makes it a column like the others");
  if (has_performance(parts) || parts.type) {
    leave(parts.label, "taken as the truth");
    leave(parts.prediction, "taken as the model's answer");
    leave(parts.score, "taken as the model's score");
  }
  for (const std::string& name : options.ignore) {
    const auto at = place_of(names, name);
    if (!at) return fail(Code::kInvalid, fmt::format("there is no column '{}'; the columns are {}", name, fmt::join(names, ", ")));
    leave(at, "--ignore");
  }
  return used;
}

Json parts_json(const std::vector<std::string>& names, const RowParts& parts) {
  const auto name = [&names](const std::optional<std::size_t>& column) { return column ? Json(names[*column]) : Json(); };
  return JsonObject{{"id", name(parts.id)},       {"time", name(parts.time)},             {"caller", name(parts.caller)},
                    {"label", name(parts.label)}, {"prediction", name(parts.prediction)}, {"score", name(parts.score)}};
}

std::string no_performance(const std::vector<std::string>& names, const RowParts& parts) {
  if (has_performance(parts)) return {};
  if (are_records(names)) return parts.label ? "the records have labels, and no answers to hold them against" : "the records have no labels";
  if (parts.label)
    return fmt::format("--label without --prediction or --score says nothing of the model; '{}' is watched as a feature", names[*parts.label]);
  std::vector<std::string> answers;
  for (const auto& part : {parts.prediction, parts.score})
    if (part) answers.push_back(fmt::format("'{}'", names[*part]));
  if (answers.empty()) return "it needs --label with --prediction or --score";
  return fmt::format("there is no --label; {} {} watched as {}", fmt::join(answers, " and "), answers.size() > 1 ? "are" : "is",
                     answers.size() > 1 ? "features" : "a feature");
}

}  // namespace firebreak::cli
