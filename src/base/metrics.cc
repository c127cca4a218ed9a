#include "base/metrics.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/result.h"

namespace firebreak {
namespace {

bool is_metric_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  });
}

// Label values and help texts escape backslash, newline and (labels only) the quote.
std::string escaped(std::string_view text, bool quote) {
  std::string out;
  for (char c : text) {
    if (c == '\\') out += "\\\\";
    else if (c == '\n') out += "\\n";
    else if (c == '"' && quote) out += "\\\"";
    else out += c;
  }
  return out;
}

std::string render(const Registry::Labels& labels) {
  std::string out;
  for (const auto& [name, value] : labels) {
    FIREBREAK_ASSERT(is_metric_name(name));
    if (!out.empty()) out += ',';
    out += fmt::format("{}=\"{}\"", name, escaped(value, true));
  }
  return out;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

std::string braces(std::string_view labels) { return labels.empty() ? "" : fmt::format("{{{}}}", labels); }

void expose_histogram(std::string& out, std::string_view name, std::string_view labels, const Histogram& histogram) {
  const std::string prefix = labels.empty() ? "" : std::string(labels) + ",";
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i <= histogram.bounds().size(); ++i) {
    cumulative += histogram.bucket(i);
    const std::string bound = i < histogram.bounds().size() ? number(histogram.bounds()[i]) : "+Inf";
    out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, prefix, bound, cumulative);
  }
  out += fmt::format("{}_sum{} {}\n", name, braces(labels), number(histogram.sum()));
  out += fmt::format("{}_count{} {}\n", name, braces(labels), cumulative);
}

}  // namespace

Histogram::Histogram(std::vector<double> bounds) : bounds_(std::move(bounds)) {
  FIREBREAK_ASSERT(std::is_sorted(bounds_.begin(), bounds_.end()));
  for (std::size_t i = 0; i <= bounds_.size(); ++i) counts_.emplace_back(0);
}

void Histogram::observe(double value) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  counts_[static_cast<std::size_t>(at - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (const auto& count : counts_) total += count.load(std::memory_order_relaxed);
  return total;
}

double Histogram::quantile(double q) const {
  const double rank = q * static_cast<double>(count());
  std::uint64_t cumulative = 0;
  for (std::size_t i = 0; i < bounds_.size(); ++i) {
    cumulative += bucket(i);
    if (static_cast<double>(cumulative) >= rank) return bounds_[i];
  }
  return std::numeric_limits<double>::infinity();
}

std::vector<double> latency_buckets() {
  return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
}

Registry::Series& Registry::series(std::string_view name, std::string_view help, Type type, const Labels& labels) {
  FIREBREAK_ASSERT(is_metric_name(name));
  auto [at, fresh] = families_.try_emplace(std::string(name));
  if (fresh) {
    at->second.type = type;
    at->second.help = std::string(help);
  }
  FIREBREAK_ASSERT(at->second.type == type);
  FIREBREAK_ASSERT(at->second.help == help);
  return at->second.series[render(labels)];
}

Counter& Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  std::lock_guard lock(mutex_);
  return series(name, help, Type::kCounter, labels).counter;
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  std::lock_guard lock(mutex_);
  return series(name, help, Type::kGauge, labels).gauge;
}

Histogram& Registry::histogram(std::string_view name, std::string_view help, const Labels& labels,
                               std::vector<double> bounds) {
  std::lock_guard lock(mutex_);
  Series& at = series(name, help, Type::kHistogram, labels);
  if (!at.histogram) at.histogram = std::make_unique<Histogram>(std::move(bounds));
  return *at.histogram;
}

void Registry::gauge_function(std::string_view name, std::string_view help, std::function<double()> read,
                              const Labels& labels) {
  std::lock_guard lock(mutex_);
  series(name, help, Type::kGauge, labels).read = std::move(read);
}

std::string Registry::expose() const {
  std::lock_guard lock(mutex_);
  std::string out;
  for (const auto& [name, family] : families_) {
    const char* type = family.type == Type::kCounter ? "counter" : family.type == Type::kGauge ? "gauge" : "histogram";
    out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, escaped(family.help, false), name, type);
    for (const auto& [labels, at] : family.series) {
      if (family.type == Type::kHistogram) expose_histogram(out, name, labels, *at.histogram);
      else if (family.type == Type::kCounter) out += fmt::format("{}{} {}\n", name, braces(labels), at.counter.value());
      else out += fmt::format("{}{} {}\n", name, braces(labels), number(at.read ? at.read() : at.gauge.value()));
    }
  }
  return out;
}

}  // namespace firebreak
