#include "base/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace firebreak {
namespace {

TEST(Registry, writes_families_by_name_and_series_by_label) {
  Registry registry;
  registry.gauge("queue_size", "inputs that wait").set(2.5);
  registry.counter("requests_total", "requests", {{"code", "429"}}).add(2);
  registry.counter("requests_total", "requests", {{"code", "200"}}).add();
  EXPECT_EQ(registry.expose(),
            "# HELP queue_size inputs that wait\n# TYPE queue_size gauge\nqueue_size 2.5\n"
            "# HELP requests_total requests\n# TYPE requests_total counter\n"
            "requests_total{code=\"200\"} 1\nrequests_total{code=\"429\"} 2\n");
}

TEST(Registry, gives_the_same_metric_for_the_same_name_and_labels) {
  Registry registry;
  EXPECT_EQ(&registry.counter("a", "h", {{"x", "1"}}), &registry.counter("a", "h", {{"x", "1"}}));
  EXPECT_NE(&registry.counter("a", "h", {{"x", "1"}}), &registry.counter("a", "h", {{"x", "2"}}));
}

TEST(Registry, escapes_label_values) {
  Registry registry;
  registry.counter("a", "one\nline", {{"x", "\"\\\n"}});
  EXPECT_EQ(registry.expose(), "# HELP a one\\nline\n# TYPE a counter\na{x=\"\\\"\\\\\\n\"} 0\n");
}

TEST(Registry, asks_a_gauge_function_when_exposed) {
  Registry registry;
  double value = 1;
  registry.gauge_function("lag", "records behind", [&] { return value; });
  value = 7;
  EXPECT_NE(registry.expose().find("lag 7\n"), std::string::npos);
}

TEST(Histogram, counts_cumulatively_with_inclusive_bounds) {
  Registry registry;
  Histogram& histogram = registry.histogram("t", "h", {{"x", "1"}}, {1, 2});
  for (const double value : {0.5, 1.0, 1.5, 9.0}) histogram.observe(value);
  EXPECT_EQ(registry.expose(),
            "# HELP t h\n# TYPE t histogram\nt_bucket{x=\"1\",le=\"1\"} 2\nt_bucket{x=\"1\",le=\"2\"} 3\n"
            "t_bucket{x=\"1\",le=\"+Inf\"} 4\nt_sum{x=\"1\"} 12\nt_count{x=\"1\"} 4\n");
  EXPECT_EQ(histogram.quantile(0.5), 1);
  EXPECT_EQ(histogram.quantile(0.75), 2);
  EXPECT_TRUE(std::isinf(histogram.quantile(1)));
}

}  // namespace
}  // namespace firebreak
