#include "run/app/deadlines.h"

#include "run/app/content.h"

namespace firebreak::app {

std::string_view reporting_regimes();  // content/deadlines/regimes.yaml, embedded

Result<std::vector<deadline::Regime>> load_regimes(Files& files, const std::string& path) {
  const std::string name = path.empty() ? "content/deadlines/regimes.yaml" : path;
  FIREBREAK_ASSIGN(const Json document, path.empty() ? yaml_to_json(reporting_regimes(), name) : load_document(files, path));
  auto regimes = deadline::regimes_from_json(document);
  if (!regimes) return fail(std::move(regimes.error()).with(name));
  return regimes;
}

Result<std::set<deadline::Day>> load_holidays(Files& files, const std::string& path) {
  FIREBREAK_ASSIGN(const Json document, load_document(files, path));
  if (!document.is_array()) return fail(Code::kInvalid, path + ": holidays are a list of days: [\"2026-12-25\", \"2027-01-01\"]");
  std::set<deadline::Day> days;
  for (std::size_t i = 0; i < document.get_array().size(); ++i) {
    const Json& one = document.get_array()[i];
    auto day = deadline::parse_day(one.is_string() ? std::string_view(one.get_string()) : std::string_view());
    if (!day) return fail(std::move(day.error()).with(path).at("/" + std::to_string(i)));
    days.insert(*day);
  }
  return days;
}

}  // namespace firebreak::app
