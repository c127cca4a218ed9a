// What a finding about a feature says: its figures and its sentence.
#include <fmt/core.h>

#include <algorithm>

#include "fold/detect/feature_watches.h"
#include "fold/detect/shift_size.h"

namespace firebreak::detect {
namespace {

double percent(double share) { return 100 * share; }

}  // namespace

void FeatureWatches::describe(const Watched& watched, FindingUpdate& update) const {
  const FeatureWatch& watch = watched.watch;
  const Open& open = *watched.open;
  update.feature = watched.name;
  update.onset = open.onset;
  constexpr std::uint64_t kFew = 512;
  // Of values that are rare the newest alone say nothing: as far back as the onset may lie.
  const std::uint64_t ages = open.sign == Sign::kShift ? open.ages.likeliest : std::max(open.ages.likeliest, std::min(open.ages.oldest, kFew));
  const std::uint64_t since = std::min<std::uint64_t>(position_ - open.position + ages, FeatureWatch::kRemembered);
  const ShiftSize size = shift_size(watch.cells().counts(), watch.cells_of_newest(since));
  const double hits = static_cast<double>(watch.hits_of_newest(open.sign, since)), values = static_cast<double>(std::max<std::uint64_t>(since, 1));
  const double share = hits / values;
  update.numbers = {{"log_evidence", open.evidence},   {"log_limit", open.limit},
                    {"values", static_cast<double>(since)}, {"reference_values", static_cast<double>(stats::total(watch.cells().counts()))},
                    {"psi", size.psi},                 {"psi_by_chance", size.psi_by_chance},
                    {"jensen_shannon", size.jensen_shannon}, {"total_variation", size.total_variation},
                    {"l_infinity", size.l_infinity},   {"chi_square", size.chi_square},
                    {"p_value", size.p_value}};
  if (open.sign != Sign::kShift) {
    update.numbers["share"] = share;
    update.numbers["usual_share_at_most"] = open.usual;
  }
  constexpr double kMuch = 0.05;
  update.severity = (open.sign == Sign::kShift ? size.total_variation : share) >= kMuch ? Severity::kMedium : Severity::kLow;
  if (open.unit) {
    update.numbers["factor"] = open.unit->factor;
    update.numbers["offset"] = open.unit->offset;
    update.summary = fmt::format("{} looks as if its unit had changed: {} (undone, its values lie in the reference's bins again)", watched.name, open.unit->name);
    return;
  }
  const std::string of = fmt::format("in {:.1f} % of the last {} requests ({:.2f} % at most are usual)", percent(share), since,
                                     percent(open.usual));
  switch (open.sign) {
    case Sign::kShift:
      update.summary = fmt::format("{} is distributed otherwise than in the reference: total variation {:.3f} over {} requests, p = {:.1g}", watched.name,
                                   size.total_variation, since, size.p_value);
      return;
    case Sign::kMissing: update.summary = fmt::format("{} is missing {}", watched.name, of); return;
    case Sign::kOutside:
      update.summary = watch.cells().numeric() ? fmt::format("{} lies outside the reference's range {}", watched.name, of)
                                               : fmt::format("{} has values the reference never showed, as '{}', {}", watched.name, watch.example(), of);
      return;
    case Sign::kMistyped:
      update.summary = watch.cells().has_shapes() ? fmt::format("{} has values of a form the reference never showed, as '{}', {}", watched.name, watch.example(), of)
                                                  : fmt::format("{} has a value of a wrong type {}", watched.name, of);
      return;
    case Sign::kStale: update.summary = fmt::format("{} does not change any more: equal to the value before {}", watched.name, of); return;
  }
}

}  // namespace firebreak::detect
