// The shipped configuration fits every endpoint; one that somebody wrote for an endpoint stays as it is.
#include "run/app/shipped_detectors.h"

#include <gtest/gtest.h>

#include "fold/detect/config.h"
#include "run/app/content.h"

namespace firebreak::app {
namespace {

Json shipped() { return *yaml_to_json(default_detectors(), "default.yaml"); }

Endpoint shop() {
  Endpoint endpoint;
  endpoint.name = "shop";
  endpoint.positive_label = "decline";
  endpoint.features.numeric = {"a", "b"};
  return endpoint;
}

TEST(ShippedDetectors, name_no_endpoint_and_become_the_one_that_asks) {
  EXPECT_EQ(endpoint_named(shipped()), "");
  const Json done = complete_detectors(shipped(), shop());
  EXPECT_EQ(endpoint_named(done), "shop");
  EXPECT_EQ(string_or(done, "stream"), "shop");
  EXPECT_EQ(string_or(done.at("performance"), "flagged_answer"), "decline");
  EXPECT_EQ(string_or(done.at("performance"), "positive_label"), "decline");
  EXPECT_NE(number_or(done.at("chains"), "link_surprise"), number_or(shipped().at("chains"), "link_surprise"));
  EXPECT_TRUE(detect::detector_config_from_json(done));
  EXPECT_EQ(complete_detectors(done, shop()), done);  // once is enough
}

TEST(ShippedDetectors, of_a_copy_only_what_nobody_changed_is_completed) {
  Json copy = shipped();
  copy.at("features").as_object()["arl_records"] = 5000;
  copy.at("performance").as_object()["flagged_answer"] = "refuse";
  const Json done = complete_detectors(copy, shop());
  EXPECT_EQ(int_or(done.at("features"), "arl_records"), 5000);
  EXPECT_EQ(string_or(done.at("performance"), "flagged_answer"), "refuse");
  Json own = shipped();
  own.as_object()["endpoint"] = own.as_object()["stream"] = "other";
  EXPECT_EQ(complete_detectors(own, shop()), own);
  EXPECT_EQ(endpoint_named(own), "other");
}

}  // namespace
}  // namespace firebreak::app
