#include "profile/diff.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

#include "stats/special.h"

namespace firebreak::profile {
namespace {

constexpr std::size_t kNamed = 10;  // new and vanished categories that are named
constexpr const char* kNotCompared =
    "a profile names its most frequent categories alone and has no 'folded' counts of the rest: build it anew from its rows to compare them";

RateDiff rate(std::uint64_t hits_then, std::uint64_t all_then, std::uint64_t hits_now, std::uint64_t all_now) {
  RateDiff out;
  if (all_then == 0 || all_now == 0) return out;
  const auto a = static_cast<double>(hits_then), n = static_cast<double>(all_then), b = static_cast<double>(hits_now),
             m = static_cast<double>(all_now);
  out.then = a / n;
  out.now = b / m;
  const double hits = std::min(a + b, n + m - a - b);
  if (hits > 0)
    out.p_value = hits <= kFisherMost ? stats::fisher_exact({hits_then, all_then - hits_then}, {hits_now, all_now - hits_now}).p_value
                                      : stats::two_proportions_p(a, n, b, m);
  return out;
}

std::uint64_t not_finite(const NumericProfile& numeric) { return numeric.nan + numeric.plus_infinity + numeric.minus_infinity; }

struct Binned {
  stats::Counts counts;
  std::vector<double> sums;
};

// `now` over the edges of `then`: its own bins, or read off its sketch and scaled to what the sketch is worth.
Binned binned_over(const std::vector<double>& edges, const NumericProfile& now, bool& exact) {
  if (now.edges == edges) return {now.bins, now.sums};
  const auto n = static_cast<double>(now.moments.n()), bins = static_cast<double>(edges.size() + 1);
  Binned out{stats::Counts(edges.size() + 1), std::vector<double>(edges.size() + 1)};
  for (const auto& point : now.quantiles.points()) {
    const auto bin = static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), point.value) - edges.begin());
    out.counts[bin] += point.weight;
    out.sums[bin] += static_cast<double>(point.weight) * point.value;
  }
  const double s = now.quantiles.rank_error() / std::sqrt(2 * std::log(2 / 0.01));
  exact = s == 0;
  const double worth = 1 / (1 + 2 * n * s * s * bins);
  for (std::size_t i = 0; i < out.counts.size(); ++i) {
    const auto whole = static_cast<double>(out.counts[i]);
    out.counts[i] = static_cast<std::uint64_t>(std::llround(whole * worth));
    out.sums[i] *= whole == 0 ? 0 : static_cast<double>(out.counts[i]) / whole;
  }
  return out;
}

// P(at least k of m values lie above the largest of n), all drawn alike: the k largest of all are of the m.
double beyond_p(double k, double n, double m) {
  double p = 1;
  for (double i = 0; i < k && p > 1e-300; ++i) p *= (m - i) / (n + m - i);
  return p;
}

std::optional<RangeDiff> range_of(const NumericProfile& then, const NumericProfile& now) {
  if (now.quantiles.n() == 0) return std::nullopt;
  const auto n = static_cast<double>(then.moments.n()), m = static_cast<double>(now.moments.n());
  const double error = now.quantiles.rank_error();
  const double low = std::nextafter(then.moments.min(), -HUGE_VAL), high = then.moments.max();
  RangeDiff out{now.quantiles.rank(low), 1 - now.quantiles.rank(high), 1};
  const auto count = [&](double share, bool any) { return any ? std::max(1.0, std::floor((share - error) * m + 0.5)) : 0.0; };
  const double below = count(out.below, now.moments.min() < then.moments.min()), above = count(out.above, now.moments.max() > high);
  out.p_value = std::min({1.0, 2 * beyond_p(below, n, m), 2 * beyond_p(above, n, m)});
  return out;
}

void compare_numbers(const NumericProfile& then, const NumericProfile& now, FeatureDiff& out) {
  if (then.moments.n() == 0 || now.moments.n() == 0) return;
  out.range = range_of(then, now);
  const Binned binned = binned_over(then.edges, now, out.exact);
  if (stats::total(binned.counts) == 0) return;
  const stats::Pooled pooled = stats::pool_bins(then.bins, binned.counts);
  out.scores = stats::windowed_scores(pooled.reference, pooled.current);
  const double spread = then.moments.std_population();
  if (spread > 0 && std::isfinite(spread))
    out.wasserstein = stats::windowed_wasserstein(then.edges, {then.bins, then.sums}, {binned.counts, binned.sums}, spread);
}

// What one side shows and the other, which names all of its categories, does not.
void name_categories(const CategoricalProfile& then, const CategoricalProfile& now, FeatureDiff& out) {
  const std::map<std::string_view, std::uint64_t> then_counts(then.top.begin(), then.top.end()), now_counts(now.top.begin(), now.top.end());
  std::uint64_t rows = now.other, fresh = now.other;
  bool all_found = true;  // no category of the reference may hide among the others
  for (const auto& [name, count] : then.top) {
    const auto found = now_counts.find(name);
    all_found = all_found && found != now_counts.end();
    const bool gone = now.other == 0 && count != 0 && (found == now_counts.end() || found->second == 0);
    if (gone && out.vanished_categories.size() < kNamed) out.vanished_categories.emplace_back(name, count);
  }
  for (const auto& [name, count] : now.top) {
    rows += count;
    if (then.other != 0 || count == 0 || then_counts.contains(name)) continue;
    fresh += count;
    if (out.new_categories.size() < kNamed) out.new_categories.emplace_back(name, count);
  }
  if (then.other == 0 && rows != 0 && (now.other == 0 || all_found)) out.new_share = static_cast<double>(fresh) / static_cast<double>(rows);
}

std::uint64_t rows_of(const CategoricalProfile& profile) {
  std::uint64_t rows = profile.other;
  for (const auto& [name, count] : profile.top) rows += count;
  return rows;
}

// Rows that a category which the profile does not name can have had at most: by the rest of its hash, and by what the others have each.
class Unnamed {
 public:
  explicit Unnamed(const CategoricalProfile& profile) : most_(profile.unnamed_most.value_or(profile.other)), rest_(profile.folded) {
    for (const auto& [name, count] : profile.top) {
      names_.insert(name);
      if (!rest_.empty()) rest_[stats::text_hash(name) % kFolded] -= count;
    }
    if (profile.other == 0) most_ = 0;
  }
  std::optional<std::uint64_t> most_of(std::string_view name) const {
    if (names_.contains(name) || name.size() > kCategoryBytes) return std::nullopt;
    return rest_.empty() ? most_ : std::min(most_, rest_[stats::text_hash(name) % kFolded]);
  }

 private:
  std::uint64_t most_;
  stats::Counts rest_;
  std::set<std::string_view> names_;
};

// P(at least k of a category's t rows lie on a side of m rows, the other having n): hypergeometric. It falls with t - k.
double at_least_p(double k, double t, double m, double n) {
  if (k * (n + m) <= t * m) return 1;
  double chance = std::exp(stats::log_choose(t, k) + stats::log_choose(n + m - t, m - k) - stats::log_choose(n + m, m)), p = 0;
  for (; k <= std::min(t, m) && chance > p * 1e-17; ++k) {
    p += chance;
    chance *= (t - k) * (m - k) / ((k + 1) * (n - t + k + 1));
  }
  return std::min(1.0, p);
}

double categories_of(const FeatureProfile& feature) {
  return feature.distinct.empty() ? static_cast<double>(feature.categorical.top.size() + feature.categorical.other) : feature.distinct_values();
}

std::optional<CategoryDiff> compare_named(const FeatureProfile& then, const FeatureProfile& now) {
  const double asked = 2 * std::max(1.0, categories_of(then) + categories_of(now));
  std::optional<CategoryDiff> out;
  for (const bool named_then : {false, true}) {
    const CategoricalProfile &named = (named_then ? then : now).categorical, &other = (named_then ? now : then).categorical;
    const auto m = static_cast<double>(rows_of(named)), n = static_cast<double>(rows_of(other));
    const Unnamed unnamed(other);
    for (const auto& [name, count] : named.top) {
      const auto most = unnamed.most_of(name);
      if (!most || static_cast<double>(*most) > n) continue;
      const double p = std::min(1.0, asked * at_least_p(static_cast<double>(count), static_cast<double>(count + *most), m, n));
      if (out && out->p_value <= p) continue;
      out = CategoryDiff{name, named_then ? count : *most, named_then ? *most : count, named_then, p};
    }
  }
  return out;
}

void compare_categories(const CategoricalProfile& then, const CategoricalProfile& now, FeatureDiff& out) {
  if (then.lengths.n() == 0 || now.lengths.n() == 0) return;
  name_categories(then, now, out);
  stats::Counts a, b;
  out.folded = then.other != 0 || now.other != 0;
  if (out.folded) {
    a = folded_of(then);
    b = folded_of(now);
    out.not_compared = a.empty() || b.empty();
  } else {
    std::map<std::string_view, std::pair<std::uint64_t, std::uint64_t>> names;  // in an order that neither side's counts have made
    for (const auto& [name, count] : then.top) names[name].first = count;
    for (const auto& [name, count] : now.top) names[name].second = count;
    for (const auto& [name, counts] : names) a.push_back(counts.first), b.push_back(counts.second);
  }
  if (out.not_compared || stats::total(a) == 0 || stats::total(b) == 0) return;
  const stats::Pooled pooled = stats::pool_rare(a, b);
  out.scores = stats::windowed_scores(pooled.reference, pooled.current);
}

FeatureDiff compare(const FeatureProfile& then, const FeatureProfile& now) {
  FeatureDiff out;
  out.name = then.name;
  out.type_then = then.type;
  out.type_now = now.type;
  out.missing = rate(then.missing, then.rows, now.missing, now.rows);
  out.wrong = rate(then.wrong, then.present(), now.wrong, now.present());
  if (then.kind != now.kind) {
    out.changed.emplace_back("type");
    return out;
  }
  if (then.kind == FeatureKind::kNumeric) {
    out.not_finite = rate(not_finite(then.numeric), then.present(), not_finite(now.numeric), now.present());
    compare_numbers(then.numeric, now.numeric, out);
    out.unit = unit_change(then, now);
  } else if (then.type != FeatureType::kText || now.type != FeatureType::kText) {
    compare_categories(then.categorical, now.categorical, out);
    if (out.folded && !out.not_compared) out.category = compare_named(then, now);
  }
  return out;
}

struct Question {
  FeatureDiff* feature;
  const char* what;
  double p;
};

// Holm 1979: the smallest first, against level / how many are left.
void judge(ProfileDiff& diff) {
  std::vector<Question> asked;
  for (FeatureDiff& feature : diff.features) {
    if (feature.presence != Presence::kBoth) {
      feature.changed.emplace_back(feature.presence == Presence::kNew ? "new" : "vanished");
      continue;
    }
    asked.push_back({&feature, "missing", feature.missing.p_value});
    asked.push_back({&feature, "wrong type", feature.wrong.p_value});
    asked.push_back({&feature, "not finite", feature.not_finite.p_value});
    if (feature.scores) asked.push_back({&feature, "distribution", feature.scores->homogeneity.p_value});
    if (feature.category) asked.push_back({&feature, "category", feature.category->p_value});
    if (feature.range) asked.push_back({&feature, "range", feature.range->p_value});
  }
  std::stable_sort(asked.begin(), asked.end(), [](const Question& a, const Question& b) { return a.p < b.p; });
  for (std::size_t i = 0; i < asked.size(); ++i) {
    if (asked[i].p > diff.level / static_cast<double>(asked.size() - i)) break;
    asked[i].feature->changed.emplace_back(asked[i].what);
  }
  // A unit is a guess from quantiles that has no chance of its own: it explains a difference, it does not show one.
  for (FeatureDiff& feature : diff.features) {
    const auto has = [&](const char* what) { return std::find(feature.changed.begin(), feature.changed.end(), what) != feature.changed.end(); };
    if (feature.unit && !has("distribution") && !has("range")) feature.unit.reset();
    if (feature.unit) feature.changed.emplace_back("unit");
  }
}

Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

JsonObject rate_json(const RateDiff& one) { return {{"then", one.then}, {"now", one.now}, {"p_value", number(one.p_value)}}; }

JsonObject score_json(const stats::WindowedScore& score) {
  return {{"value", number(score.value)},
          {"expected", number(score.expected)},
          {"corrected", number(score.corrected)},
          {"p_value", number(score.p_value)}};
}

JsonArray names_json(const std::vector<std::pair<std::string, std::uint64_t>>& names) {
  JsonArray out;
  for (const auto& [name, count] : names) out.push_back(JsonArray{Json(name), Json(count)});
  return out;
}

JsonObject feature_json(const FeatureDiff& feature) {
  JsonArray changed;
  for (const std::string& what : feature.changed) changed.emplace_back(what);
  JsonObject out{{"name", feature.name}, {"changed", std::move(changed)}};
  if (feature.presence != Presence::kVanished) out["type_now"] = type_name(feature.type_now);
  if (feature.presence != Presence::kNew) out["type_then"] = type_name(feature.type_then);
  if (feature.presence != Presence::kBoth) return out;
  out["missing"] = rate_json(feature.missing);
  out["wrong_type"] = rate_json(feature.wrong);
  out["not_finite"] = rate_json(feature.not_finite);
  if (feature.scores) {
    const stats::WindowedScores& scores = *feature.scores;
    out["psi"] = score_json(scores.psi);
    out["jensen_shannon"] = score_json(scores.jensen_shannon);
    out["hellinger"] = score_json(scores.hellinger);
    out["total_variation"] = score_json(scores.total_variation);
    out["l_infinity"] = score_json(scores.l_infinity);
    out["chi_square"] = JsonObject{{"statistic", number(scores.homogeneity.statistic)},
                                   {"freedom", scores.homogeneity.freedom},
                                   {"p_value", number(scores.homogeneity.p_value)}};
    out["exact"] = feature.exact;
    if (feature.folded) out["folded"] = true;
  }
  if (feature.not_compared) out["not_compared"] = kNotCompared;
  if (feature.range)
    out["range"] =
        JsonObject{{"below", feature.range->below}, {"above", feature.range->above}, {"p_value", number(feature.range->p_value)}};
  if (feature.wasserstein) out["wasserstein"] = score_json(*feature.wasserstein);
  if (!feature.new_categories.empty()) out["new_categories"] = names_json(feature.new_categories);
  if (!feature.vanished_categories.empty()) out["vanished_categories"] = names_json(feature.vanished_categories);
  if (feature.new_share > 0) out["new_share"] = feature.new_share;
  if (feature.category) {
    const CategoryDiff& one = *feature.category;
    out["category"] = JsonObject{{"name", Json(one.name)}, {one.named_then ? "then" : "then_at_most", one.then}, {one.named_then ? "now_at_most" : "now", one.now},
                                 {"p_value", number(one.p_value)}};
  }
  if (feature.unit)
    out["unit_change"] = JsonObject{
        {"words", feature.unit->words}, {"factor", feature.unit->factor}, {"offset", feature.unit->offset}, {"left", feature.unit->left}};
  return out;
}

}  // namespace

std::size_t ProfileDiff::changed() const {
  return static_cast<std::size_t>(
      std::count_if(features.begin(), features.end(), [](const FeatureDiff& one) { return !one.changed.empty(); }));
}

ProfileDiff diff(const DataProfile& then, const DataProfile& now, double level) {
  ProfileDiff out;
  out.rows_then = then.rows;
  out.rows_now = now.rows;
  out.level = level;
  for (const FeatureProfile& feature : then.features) {
    const FeatureProfile* const same = now.find(feature.name);
    if (same != nullptr) {
      out.features.push_back(compare(feature, *same));
      continue;
    }
    FeatureDiff& gone = out.features.emplace_back();
    gone.name = feature.name;
    gone.presence = Presence::kVanished;
    gone.type_then = feature.type;
  }
  for (const FeatureProfile& feature : now.features) {
    if (then.find(feature.name) != nullptr) continue;
    FeatureDiff& added = out.features.emplace_back();
    added.name = feature.name;
    added.presence = Presence::kNew;
    added.type_now = feature.type;
  }
  judge(out);
  return out;
}

Json to_json(const ProfileDiff& diff) {
  JsonArray features;
  for (const FeatureDiff& feature : diff.features) features.push_back(feature_json(feature));
  return JsonObject{{"rows_then", diff.rows_then},
                    {"rows_now", diff.rows_now},
                    {"level", diff.level},
                    {"changed", diff.changed()},
                    {"features", std::move(features)}};
}

}  // namespace firebreak::profile
