#include "stats/onset.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace firebreak::stats {
namespace {

// A start at the first value of a block, and how likely it is.
struct Candidate {
  std::uint64_t index = 0, n = 0, n_before = 0, n_after = 0;
  Time time;
  std::optional<double> log_ratio;  // none: not looked at
};

double plogp(double share) { return share > 0 ? share * std::log(share) : 0; }

// The greatest log likelihood of n values in 0..1 with this sum.
double bernoulli(double n, double sum) {
  if (n <= 0) return 0;
  const double mean = std::clamp(sum / n, 0.0, 1.0);
  return n * (plogp(mean) + plogp(1 - mean));
}

double multinomial(const std::vector<double>& counts) {
  const double n = std::accumulate(counts.begin(), counts.end(), 0.0);
  double sum = 0;
  for (const double count : counts) sum += count > 0 ? count * std::log(count / n) : 0;
  return sum;
}

std::optional<OnsetEstimate> read(const std::vector<Candidate>& starts, double confidence) {
  const Candidate* best = nullptr;
  for (const Candidate& start : starts)
    if (start.log_ratio && (best == nullptr || *start.log_ratio > *best->log_ratio)) best = &start;
  if (best == nullptr) return std::nullopt;
  const double least = *best->log_ratio + std::log(1 - std::sqrt(confidence));
  const auto likely = [&](const Candidate& start) { return start.log_ratio && *start.log_ratio >= least; };
  const auto first = std::find_if(starts.begin(), starts.end(), likely);
  const auto last = std::find_if(starts.rbegin(), starts.rend(), likely).base() - 1;
  // A start inside a block is nobody's candidate: the blocks on both sides belong to the interval.
  const Candidate& from = first != starts.begin() && std::prev(first)->n > 1 ? *std::prev(first) : *first;
  const Candidate& to = last->n > 1 && last + 1 != starts.end() ? *(last + 1) : *last;
  OnsetEstimate estimate;
  estimate.likeliest = best->index;
  estimate.likeliest_time = best->time;
  estimate.first_index = from.index;
  estimate.first_time = from.time;
  estimate.last_index = to.index;
  estimate.last_time = std::max(to.time, from.time);
  estimate.n_before = best->n_before;
  estimate.n_after = best->n_after;
  estimate.log_ratio = *best->log_ratio;
  return estimate;
}

}  // namespace

void MeanOnset::Tally::merge(const Tally& other) {
  sum += other.sum;
  squares += other.squares;
}

MeanOnset::MeanOnset(const OnsetOptions& options) : options_(options), blocks_(options.per_size, options.sizes) {
  FIREBREAK_ASSERT(options.confidence > 0 && options.confidence < 1);
}

void MeanOnset::set_reference(double n, double sum, double squares) {
  reference_n_ = n;
  reference_ = {sum, squares};
}

void MeanOnset::add(double value, std::uint64_t index, Time time) {
  FIREBREAK_ASSERT(value >= 0 && value <= 1);
  blocks_.add(index, time, {value, value * value});
}

std::optional<OnsetEstimate> MeanOnset::estimate() const {
  double n = reference_n_;
  Tally all = reference_;
  blocks_.each([&](const auto& block) {
    n += static_cast<double>(block.n);
    all.merge(block.tally);
  });
  if (n < 2) return std::nullopt;
  const double mean = all.sum / n, spread = mean * (1 - mean);
  if (!(spread > 0)) return std::nullopt;
  const double dispersion = std::clamp((all.squares / n - mean * mean) / spread, 1e-6, 1.0);
  const double none = bernoulli(n, all.sum);
  double before_n = reference_n_, before = reference_.sum;
  std::uint64_t seen = 0;
  const auto total = static_cast<std::uint64_t>(n - reference_n_);
  std::vector<Candidate> starts;
  blocks_.each([&](const auto& block) {
    Candidate start{block.first_index, block.n, seen, total - seen, block.first_time, std::nullopt};
    const double after_n = n - before_n, after = all.sum - before;
    const double change = before_n > 0 ? after / after_n - before / before_n : 0;
    using Direction = OnsetOptions::Direction;
    const bool wanted = options_.direction == Direction::kEither || (options_.direction == Direction::kRise ? change > 0 : change < 0);
    if (before_n > 0 && wanted)
      start.log_ratio = (bernoulli(before_n, before) + bernoulli(after_n, after) - none) / dispersion;
    starts.push_back(start);
    before_n += static_cast<double>(block.n);
    before += block.tally.sum;
    seen += block.n;
  });
  return read(starts, options_.confidence);
}

void CategoryOnset::Tally::merge(const Tally& other) {
  const auto fill = [](std::vector<std::uint32_t>& to, const Tally& from) {
    if (from.counts.empty()) ++to[from.only];
    for (std::size_t i = 0; i < from.counts.size(); ++i) to[i] += from.counts[i];
  };
  if (counts.empty()) {
    std::vector<std::uint32_t> own(categories);
    own[only] = 1;
    counts.swap(own);
  }
  fill(counts, other);
}

void CategoryOnset::Tally::add_to(std::vector<double>& totals) const {
  if (counts.empty()) ++totals[only];
  for (std::size_t i = 0; i < counts.size(); ++i) totals[i] += counts[i];
}

CategoryOnset::CategoryOnset(std::size_t categories, const OnsetOptions& options)
    : options_(options), categories_(categories), reference_(categories), blocks_(options.per_size, options.sizes) {
  FIREBREAK_ASSERT(categories > 0 && options.confidence > 0 && options.confidence < 1);
}

void CategoryOnset::set_reference(std::span<const std::uint64_t> counts) {
  FIREBREAK_ASSERT(counts.size() == categories_);
  reference_.assign(counts.begin(), counts.end());
}

void CategoryOnset::add(std::size_t category, std::uint64_t index, Time time) {
  FIREBREAK_ASSERT(category < categories_);
  blocks_.add(index, time, {{}, static_cast<std::uint32_t>(category), static_cast<std::uint32_t>(categories_)});
}

std::optional<OnsetEstimate> CategoryOnset::estimate() const {
  std::vector<double> before(reference_.begin(), reference_.end()), after(categories_);
  double before_n = std::accumulate(before.begin(), before.end(), 0.0);
  std::uint64_t total = 0, seen = 0;
  blocks_.each([&](const auto& block) {
    block.tally.add_to(after);
    total += block.n;
  });
  std::vector<double> all = before;
  for (std::size_t i = 0; i < categories_; ++i) all[i] += after[i];
  const double none = multinomial(all);
  std::vector<Candidate> starts;
  blocks_.each([&](const auto& block) {
    Candidate start{block.first_index, block.n, seen, total - seen, block.first_time, std::nullopt};
    if (before_n > 0) start.log_ratio = multinomial(before) + multinomial(after) - none;
    starts.push_back(start);
    std::vector<double> moved(categories_);
    block.tally.add_to(moved);
    for (std::size_t i = 0; i < categories_; ++i) {
      before[i] += moved[i];
      after[i] -= moved[i];
    }
    before_n += static_cast<double>(block.n);
    seen += block.n;
  });
  return read(starts, options_.confidence);
}

std::size_t CategoryOnset::bytes() const {
  std::size_t heap = reference_.size() * sizeof(std::uint64_t);
  blocks_.each([&](const auto& block) { heap += block.tally.counts.capacity() * sizeof(std::uint32_t); });
  return blocks_.bytes() + heap;
}

}  // namespace firebreak::stats
