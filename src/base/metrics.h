// Counters, gauges and histograms, and their text for Prometheus (exposition format 0.0.4).
//
// A Registry is an object that the start of the program makes and hands down; there is no global one. Asking twice
// for the same name and labels gives the same metric; metrics live as long as their registry.
// Threads: any. Updating a metric takes no lock; making one and expose() take the registry's.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace firebreak {

class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void set(double value) { value_.store(value, std::memory_order_relaxed); }
  void add(double delta) { value_.fetch_add(delta, std::memory_order_relaxed); }
  double value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<double> value_{0};
};

// Cumulative buckets with inclusive upper bounds, ascending; +Inf is implied.
class Histogram {
 public:
  explicit Histogram(std::vector<double> bounds);
  void observe(double value);
  std::uint64_t count() const;
  double sum() const { return sum_.load(std::memory_order_relaxed); }
  // Upper bound of the bucket that holds the q-quantile (0 < q <= 1); infinity when it lies above the last bound.
  double quantile(double q) const;
  const std::vector<double>& bounds() const { return bounds_; }
  std::uint64_t bucket(std::size_t i) const { return counts_[i].load(std::memory_order_relaxed); }  // not cumulative

 private:
  const std::vector<double> bounds_;
  std::deque<std::atomic<std::uint64_t>> counts_;  // one more than bounds: the last is +Inf
  std::atomic<double> sum_{0};
};

// 100 µs … 10 s, in seconds: what latencies of this program are counted in.
std::vector<double> latency_buckets();

class Registry {
 public:
  using Labels = std::map<std::string, std::string>;

  // `name` follows Prometheus ([a-z_][a-z0-9_]*, asserted); one name has one type and one help text (asserted).
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels = {},
                       std::vector<double> bounds = latency_buckets());
  // A gauge that is asked when exposed. `read` is called from any thread, must not block, and must not use the registry.
  void gauge_function(std::string_view name, std::string_view help, std::function<double()> read,
                      const Labels& labels = {});

  std::string expose() const;  // families by name, series by label text

 private:
  enum class Type { kCounter, kGauge, kHistogram };
  struct Series {
    Counter counter;
    Gauge gauge;
    std::unique_ptr<Histogram> histogram;
    std::function<double()> read;
  };
  struct Family {
    Type type;
    std::string help;
    std::map<std::string, Series> series;  // by rendered labels; nodes never move
  };

  Series& series(std::string_view name, std::string_view help, Type type, const Labels& labels);

  mutable std::mutex mutex_;
  std::map<std::string, Family> families_;
};

}  // namespace firebreak
