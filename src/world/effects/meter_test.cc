#include "world/effects/meter.h"

#include <gtest/gtest.h>

namespace firebreak::effects {
namespace {

Observation observation(const std::string& caller, Disposition disposition, Time time, const std::string& release = "1",
                        const std::string& label = "approve") {
  Observation o;
  o.caller = caller;
  o.disposition = disposition;
  o.time = time;
  o.release = release;
  o.label = label;
  o.feature_digest = sha256(caller + label);
  return o;
}

TEST(Meter, tells_the_chain_from_the_others_with_the_sets_as_they_are_now) {
  Meter meter("decline");
  const Time start{kDay};
  meter.count(observation("bad", Disposition::kServed, start), false);  // at `since` it was not yet in force
  meter.count(observation("bad", Disposition::kServed, start + kSecond), false);
  meter.count(observation("bad", Disposition::kFallback, start + 2 * kSecond), false);
  meter.count(observation("good", Disposition::kServed, start + 3 * kSecond), true);
  meter.count(observation("good", Disposition::kLimited, start + 4 * kSecond), true);
  QuarantineMeasure measure;
  measure.callers = {"bad"};
  const Effect effect = meter.effect(measure, start, start + kMinute);
  EXPECT_EQ(effect.chain, 2U);
  EXPECT_EQ(effect.not_served, 1U);
  EXPECT_EQ(effect.others, 2U);
  EXPECT_EQ(effect.failed, 1U);
  EXPECT_EQ(effect.changed, 0U);
}

TEST(Meter, takes_who_a_limit_names_for_its_target_and_not_for_harmed) {
  Meter meter("decline");
  const Time start{kDay};
  meter.count(observation("svc-train", Disposition::kLimited, start + kSecond), false);
  meter.count(observation("good", Disposition::kServed, start + 2 * kSecond), true);
  RateLimitMeasure named;
  named.callers = {"svc-train"};
  const Effect effect = meter.effect(named, start, start + kMinute);
  EXPECT_EQ(effect.chain, 1U);
  EXPECT_EQ(effect.not_served, 1U);
  EXPECT_EQ(effect.others, 1U);
  EXPECT_EQ(effect.failed, 0U);
  EXPECT_EQ(meter.effect(RateLimitMeasure{}, start, start + kMinute).failed, 1U) << "a limit of everybody may hurt anybody";
}

TEST(Meter, counts_a_shadows_agreement_where_there_is_no_attack) {
  Meter meter("decline");
  const auto with_shadow = [](const std::string& caller, const std::string& answered, const std::string& shadow) {
    Observation o = observation(caller, Disposition::kServed, Time{kDay}, "1.0", answered);
    o.shadow_release = "2.0";
    o.shadow_label = shadow;
    return o;
  };
  meter.count(with_shadow("good", "approve", "approve"), true);
  meter.count(with_shadow("good", "approve", "decline"), true);
  for (int i = 0; i < 50; ++i) meter.count(with_shadow("attacker", "approve", "decline"), false);
  EXPECT_EQ(meter.shadow("2.0").answers, 2U);
  EXPECT_EQ(meter.shadow("2.0").agree, 1U);
  EXPECT_EQ(meter.shadow("3.0").answers, 0U);
  meter.reset_releases();
  EXPECT_EQ(meter.shadow("2.0").answers, 0U);
}

TEST(Meter, compares_releases_on_callers_with_a_history_only) {
  Meter meter("decline");
  const Time start{kDay};
  meter.count(observation("old", Disposition::kServed, start, "2", "decline"), true);
  meter.count(observation("old", Disposition::kFailed, start, "2"), true);
  meter.count(observation("young", Disposition::kServed, start, "2", "decline"), false);
  const auto releases = meter.releases();
  EXPECT_EQ(releases.at("2").of, 2U);
  EXPECT_EQ(releases.at("2").positive, 1U);
  EXPECT_EQ(releases.at("2").failed, 1U);
  meter.reset_releases();
  EXPECT_TRUE(meter.releases().empty());
}

}  // namespace
}  // namespace firebreak::effects
