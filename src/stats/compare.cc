#include "stats/compare.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "stats/bins.h"
#include "stats/categorical_tests.h"
#include "stats/change.h"
#include "stats/distances.h"
#include "stats/error_change.h"
#include "stats/evidently.h"
#include "stats/kolmogorov.h"
#include "stats/kswin.h"
#include "stats/mean_tests.h"
#include "stats/moments.h"
#include "stats/permutation.h"
#include "stats/rank_tests.h"
#include "stats/windowed.h"

namespace firebreak::stats {
namespace {

Json number(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

JsonArray numbers(std::span<const double> values) {
  JsonArray out;
  for (const double value : values) out.push_back(number(value));
  return out;
}

JsonArray counts_json(const Counts& counts) {
  JsonArray out;
  for (const std::uint64_t count : counts) out.push_back(count);
  return out;
}

JsonObject result_json(const TestResult& result) {
  return {{"statistic", number(result.statistic)}, {"p_value", number(result.p_value)}};
}

JsonObject count_test_json(const CountTest& test) {
  return {{"statistic", number(test.statistic)}, {"p_value", number(test.p_value)}, {"dof", test.freedom}};
}

JsonObject moments_json(const Moments& moments) {
  return {{"n", moments.n()},
          {"mean", number(moments.mean())},
          {"std_population", number(moments.std_population())},
          {"std_sample", number(moments.std_sample())},
          {"min", number(moments.min())},
          {"max", number(moments.max())},
          {"skewness", number(moments.skewness())},
          {"kurtosis_excess", number(moments.kurtosis_excess())}};
}

JsonObject quantiles_json(std::span<const double> sorted) {
  JsonArray levels, linear, inverted;
  for (const double q : {0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99}) {
    levels.push_back(q);
    linear.push_back(number(quantile_linear(sorted, q)));
    inverted.push_back(number(quantile_inverted_cdf(sorted, q)));
  }
  return {{"q", levels}, {"linear", linear}, {"inverted_cdf", inverted}};
}

JsonObject deciles_json(std::span<const double> reference, std::span<const double> current) {
  const std::vector<double> edges = reference_deciles(reference);
  const Counts then = open_bin_counts(edges, reference), now = open_bin_counts(edges, current);
  const auto p = shares(then, static_cast<double>(reference.size())), q = shares(now, static_cast<double>(current.size()));
  return {{"edges", numbers(edges)},
          {"rule", "bin = number of edges <= value"},
          {"reference_counts", counts_json(then)},
          {"current_counts", counts_json(now)},
          {"psi_half_count", number(psi_half_count(then, now))},
          {"js_distance_base2", number(jensen_shannon_distance_base2(p, q))},
          {"tvd", number(total_variation(p, q))}};
}

void add_kolmogorov(JsonObject& out, std::span<const double> a, std::span<const double> b) {
  const KolmogorovDistance found = kolmogorov_distance(a, b);
  out["ks_2samp_asymp"] = JsonObject{{"statistic", found.distance},
                                     {"p_value", kolmogorov_two_sample_asymptotic(found.distance, a.size(), b.size())},
                                     {"location", found.location}};
  if (std::max(a.size(), b.size()) <= kKolmogorovExactMost)
    out["ks_2samp_exact"] =
        JsonObject{{"statistic", found.distance}, {"p_value", kolmogorov_two_sample_exact(found.distance, a.size(), b.size())}};
}

JsonObject evidently_json(const std::vector<EvidentlyScore>& scores) {
  JsonObject out;
  for (const EvidentlyScore& score : scores) {
    JsonObject one{{"method", score.method}};
    if (!score.error.empty()) {
      one["error"] = score.error;
    } else {
      one["score"] = number(score.score);
      one["drifted"] = score.drifted;
      one["threshold"] = score.threshold;
    }
    out[score.name] = std::move(one);
  }
  return out;
}

Result<void> both_there(std::size_t reference, std::size_t current) {
  if (reference == 0) return fail(Code::kInvalid, "the reference has no values");
  if (current == 0) return fail(Code::kInvalid, "the current rows have no values");
  return {};
}

// Squares of differences are summed: where they exceed what a double can hold, no score is one.
Result<void> within_range(std::span<const double> sorted_a, std::span<const double> sorted_b) {
  const double low = std::min(sorted_a.front(), sorted_b.front()), high = std::max(sorted_a.back(), sorted_b.back());
  const double largest = std::max(std::abs(low), std::abs(high)), rows = static_cast<double>(sorted_a.size() + sorted_b.size());
  if (std::isfinite(4 * largest * largest * rows)) return {};
  return fail(Code::kInvalid, fmt::format("the values range from {:g} to {:g}: the range is larger than numbers can hold once it is squared (1.8e308); divide the column by "
                                          "a constant first, as 1e{:.0f}", low, high, std::floor(std::log10(largest))));
}

JsonObject permuted_numeric(std::span<const double> a, std::span<const double> b, std::uint32_t permutations) {
  const PermutationOptions options{.permutations = permutations};
  const TestResult test = energy_test(a, b, options);
  JsonObject out{{"energy", JsonObject{{"statistic", number(test.statistic)}, {"p_value", test.p_value}, {"permutations", permutations}}}};
  if (a.size() < 2 || b.size() < 2) return out;
  const bool all_pairs = a.size() + b.size() <= kAllPairsMost / 2;
  const KernelTest kernel = all_pairs ? mmd_test(a, b, 1, 0, options) : mmd_test_by_features(a, b, 1, 256, 0, options);
  out["mmd"] = JsonObject{{"statistic", number(kernel.statistic)}, {"p_value", kernel.p_value}, {"sigma", number(kernel.sigma)},
                          {"kernel", all_pairs ? "all pairs" : "256 random features"}, {"permutations", permutations}};
  return out;
}

JsonObject score_json(const WindowedScore& score) {
  return {{"value", number(score.value)},
          {"expected", number(score.expected)},
          {"corrected", number(score.corrected)},
          {"p_value", number(score.p_value)}};
}

JsonObject windowed_json(const Pooled& pooled) {
  const WindowedScores scores = windowed_scores(pooled.reference, pooled.current);
  return {{"psi", score_json(scores.psi)},
          {"jensen_shannon", score_json(scores.jensen_shannon)},
          {"hellinger", score_json(scores.hellinger)},
          {"total_variation", score_json(scores.total_variation)},
          {"l_infinity", score_json(scores.l_infinity)},
          {"chi_square", count_test_json(scores.homogeneity)}};
}

template <class Detector>
std::vector<std::uint64_t> run(Detector detector, std::span<const double> values) {
  std::vector<std::uint64_t> out;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (detector.update(values[i])) out.push_back(i);
  return out;
}

}  // namespace

Result<JsonObject> compare_numeric(std::span<const double> reference, std::span<const double> current, std::uint32_t permutations) {
  FIREBREAK_TRY(both_there(reference.size(), current.size()));
  const std::vector<double> a = sorted_copy(reference), b = sorted_copy(current);
  FIREBREAK_TRY(within_range(a, b));
  const Moments of_a = Moments::of(reference), of_b = Moments::of(current);
  JsonObject scipy;
  add_kolmogorov(scipy, a, b);
  scipy["wasserstein"] = JsonObject{{"value", number(wasserstein(a, b))}};
  scipy["energy_distance"] = JsonObject{{"value", number(energy(a, b))}};
  scipy["cramervonmises_2samp_asymptotic"] = result_json(cramer_von_mises(a, b));
  JsonObject anderson = result_json(anderson_darling(a, b));
  anderson["p_clipped_to"] = JsonArray{0.001, 0.25};
  scipy["anderson_ksamp_midrank"] = std::move(anderson);
  scipy["mannwhitneyu_asymptotic_two-sided"] = result_json(mann_whitney(a, b, Side::kTwoSided));
  scipy["mannwhitneyu_asymptotic_less"] = result_json(mann_whitney(a, b, Side::kLess));
  scipy["ttest_student"] = result_json(student_t(of_a, of_b));
  scipy["ttest_welch"] = result_json(welch_t(of_a, of_b));
  scipy["epps_singleton"] = result_json(epps_singleton(a, b));
  scipy["reference_decile_bins"] = deciles_json(a, b);
  scipy["moments_reference"] = moments_json(of_a);
  scipy["quantiles_reference"] = quantiles_json(a);
  scipy["moments_current"] = moments_json(of_b);
  scipy["quantiles_current"] = quantiles_json(b);
  const std::vector<double> edges = reference_deciles(a);
  JsonObject out{{"scipy", std::move(scipy)},
                 {"evidently", evidently_json(evidently_numeric(a, b, permutations != 0))},
                 {"windowed", windowed_json(pool_bins(open_bin_counts(edges, a), open_bin_counts(edges, b)))}};
  if (permutations != 0) out["permutation"] = permuted_numeric(a, b, permutations);
  return out;
}

Result<JsonObject> compare_categorical(std::span<const std::string> reference, std::span<const std::string> current,
                                       std::uint32_t permutations) {
  FIREBREAK_TRY(both_there(reference.size(), current.size()));
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> table;
  for (const std::string& value : reference) ++table[value].first;
  for (const std::string& value : current) ++table[value].second;
  JsonArray names;
  Counts then, now;
  for (const auto& [name, counts] : table) {
    names.push_back(Json(name));
    then.push_back(counts.first);
    now.push_back(counts.second);
  }
  const auto p = shares(then, static_cast<double>(reference.size())), q = shares(now, static_cast<double>(current.size()));
  JsonObject scipy;
  scipy["counts"] = JsonObject{{"categories", names}, {"reference", counts_json(then)}, {"current", counts_json(now)}};
  scipy["chi2_contingency"] = count_test_json(chi_square_contingency(then, now, false));
  scipy["chi2_contingency_yates"] = count_test_json(chi_square_contingency(then, now, true));
  scipy["g_test_contingency"] = count_test_json(g_contingency(then, now, false));
  scipy["cramers_v"] = JsonObject{{"value", number(cramers_v(then, now))}};
  scipy["jensenshannon_distance"] =
      JsonObject{{"natural", number(jensen_shannon_distance(p, q))}, {"base2", number(jensen_shannon_distance_base2(p, q))}};
  scipy["tvd"] = JsonObject{{"value", number(total_variation(p, q))}};
  scipy["l_infinity"] = JsonObject{{"value", number(l_infinity(p, q))}};
  scipy["hellinger"] = JsonObject{{"value", number(hellinger(p, q))}};
  if (then.size() == 2) {
    const FisherResult fisher = fisher_exact({then[0], then[1]}, {now[0], now[1]});
    scipy["fisher_exact"] = JsonObject{{"odds_ratio", number(fisher.odds_ratio)}, {"p_value", number(fisher.p_value)}};
  }
  JsonObject out{
      {"scipy", std::move(scipy)}, {"evidently", evidently_json(evidently_categorical(then, now))}, {"windowed", windowed_json(pool_rare(then, now))}};
  if (permutations != 0) {
    const TestResult test = total_variation_test(then, now, {.permutations = permutations});
    out["permutation"] = JsonObject{
        {"total_variation", JsonObject{{"statistic", test.statistic}, {"p_value", test.p_value}, {"permutations", permutations}}}};
  }
  return out;
}

Result<std::vector<std::uint64_t>> changes(std::string_view detector, std::span<const double> values, const ChangeOptions& options) {
  if (detector == "adwin") {
    AdwinOptions adwin;
    adwin.clock = options.clock;
    return run(Adwin(adwin), values);
  }
  if (detector == "page_hinkley") {
    PageHinkleyOptions page_hinkley;
    page_hinkley.threshold = options.threshold;
    return run(PageHinkley(page_hinkley), values);
  }
  if (detector == "kswin") return run(Kswin(), values);
  const bool known = detector == "ddm" || detector == "eddm" || detector == "hddm_a" || detector == "hddm_w" || detector == "fhddm";
  if (!known) return fail(Code::kInvalid, "the detectors are adwin, page_hinkley, kswin, ddm, eddm, hddm_a, hddm_w and fhddm");
  for (const double value : values)
    if (value != 0 && value != 1) return fail(Code::kInvalid, std::string(detector) + " takes 1 for an error and 0 for none");
  if (detector == "ddm") return run(Ddm(), values);
  if (detector == "eddm") return run(Eddm(), values);
  if (detector == "hddm_a") return run(HddmA(), values);
  return detector == "hddm_w" ? run(HddmW(), values) : run(Fhddm(), values);
}

}  // namespace firebreak::stats
