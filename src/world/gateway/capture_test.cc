#include "world/gateway/capture.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/json.h"
#include "log/record/record_testing.h"
#include "types/feature_digest.h"
#include "world/gateway/row_form.h"

namespace firebreak::gateway {
namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

Endpoint endpoint() {
  Endpoint out;
  out.name = "fraud-api";
  out.features.numeric = {"limit_bal", "age"};
  out.features.categorical = {"sex"};
  return out;
}

Inference served() {
  Inference out;
  out.id = "e0000001";
  out.caller = "key-\"1\"";
  out.source = "127.0.0.1";
  out.trace_id = std::string(32, 'a');
  out.time = parse_time("2026-03-07T03:27:37.823Z").value();
  out.row = {{20000, 0.1}, {"female"}};
  out.release = "1.0.0";
  out.model_digest = std::string(64, 'b');
  out.label = "approve";
  out.score = 0.2382;
  out.latency_us = 812;
  return out;
}

TEST(Capture, writes_the_documented_line) {
  EXPECT_EQ(R"({"id":"e0000001","time":"2026-03-07T03:27:37.823Z","caller":"key-\"1\"","source":"127.0.0.1",)"
            R"("endpoint":"fraud-api","release":"1.0.0","model":{"name":"fraud-api","version":"1.0.0","digest":")" +
                std::string(64, 'b') + R"("},"features":{"limit_bal":20000,"age":0.1,"sex":"female"},)" +
                R"("output":{"label":"approve","score":0.2382},"disposition":"served","latency_us":812,"trace_id":")" +
                std::string(32, 'a') + R"("})",
            capture_line(endpoint(), served()));
}

// The recorder takes what the gateway writes, and detectors read back what the gateway saw.
TEST(Capture, the_recorder_reads_back_what_the_gateway_saw) {
  record::testing::Room room;
  record::Stream& stream = room.stream();
  std::vector<Inference> all;
  for (const Disposition disposition : {Disposition::kServed, Disposition::kFallback, Disposition::kReview,
                                        Disposition::kLimited, Disposition::kBlocked, Disposition::kFailed}) {
    Inference one = served();
    one.id += disposition_name(disposition);
    one.disposition = disposition;
    if (disposition != Disposition::kServed) one.action = "act-7", one.reason = "default";
    if (disposition == Disposition::kLimited) one.label.clear();
    all.push_back(one);
  }
  all[0].shadow = ShadowAnswer{"1.2.0", "decline", 0.7};
  all[5].row = {{kAbsent, 3}, {""}};
  all[5].release.clear();
  all[5].schema_violation = "/features/limit_bal: must be a number";
  std::string batch;
  for (const Inference& one : all) batch += capture_line(endpoint(), one) + "\n";
  batch += gap_line("gateway:gw-1", all[0].time, Gap{7, 9, false, "queue full"}) + "\n";
  batch += gap_line("gateway:gw-1", all[0].time, Gap{10, 90, true, std::string(500, 'x')}) + "\n";
  const auto receipt = record::testing::admit(stream, batch, {"gateway:gw-1", 1'700'000'000'000});
  ASSERT_TRUE(receipt) << receipt.error().message << " line " << receipt.error().line << receipt.error().pointer;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto record = stream.read(receipt->first + i);
    ASSERT_TRUE(record) << record.error().message;
    const auto seen = record::to_observation(*record, endpoint().features);
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(all[i].id, seen->id);
    EXPECT_EQ(all[i].caller, seen->caller);
    EXPECT_EQ(all[i].release, seen->release);
    EXPECT_EQ(all[i].label, seen->label);
    EXPECT_EQ(all[i].disposition, seen->disposition);
    EXPECT_EQ(all[i].schema_violation, seen->schema_violation);
    EXPECT_EQ(all[i].time, seen->time);
    // The quarantine recognises an exact copy only if both sides compute the same digest.
    EXPECT_EQ(feature_digest(endpoint().features, all[i].row), seen->feature_digest);
  }
  EXPECT_EQ("1.2.0", string_or(*find(stream.read(receipt->first)->fields(), "shadow"), "release"));
}

// The same lines in both forms: two streams hold the same.
TEST(RowForm, a_batch_in_rows_is_kept_as_its_lines_would_be) {
  record::testing::Room room, other;
  Inference first = served(), failed = served();
  failed.id = "e0000002";
  failed.row = {{kAbsent, 3}, {""}};
  failed.release.clear();
  failed.label.clear();
  failed.schema_violation = "/features/limit_bal: must be a number";
  first.shadow = ShadowAnswer{"1.2.0", "decline", 0.7};
  const std::vector<std::string> lines = {capture_line(endpoint(), first), capture_line(endpoint(), failed)};
  const std::string text = lines[0] + "\n" + lines[1] + "\n";
  RowForm form;
  EXPECT_FALSE(form.rows_of(lines));
  EXPECT_TRUE(form.lacks_columns());
  ASSERT_TRUE(record::testing::admit(room.stream(), text));
  const auto by_line = record::testing::admit(other.stream(), text);
  ASSERT_TRUE(by_line);
  JsonArray schemas;
  for (const auto& schema : room.stream().schemas()) schemas.push_back(record::to_json(*schema));
  ASSERT_TRUE(form.learn(JsonObject{{"schemas", schemas}}));
  const auto rows = form.rows_of(lines);
  ASSERT_TRUE(rows);
  EXPECT_FALSE(form.lacks_columns());
  const auto by_row = record::testing::admit(room.stream(), *rows, {}, record::BatchForm::kRows);
  ASSERT_TRUE(by_row) << by_row.error().message;
  for (std::uint64_t i = 0; i < 2; ++i)
    EXPECT_EQ(canonical_json(room.stream().read(by_row->first + i)->fields()),
              canonical_json(other.stream().read(by_line->first + i)->fields()));
  // A gap has no row, and neither has what the stream has no column for.
  EXPECT_FALSE(form.rows_of({lines[0], gap_line("gw", first.time, Gap{7, 9, false, "queue full"})}));
  EXPECT_FALSE(form.lacks_columns());
  EXPECT_FALSE(form.rows_of({R"({"id":"x","time":"2026-03-07T03:27:37.823Z","features":{"new":1}})"}));
  EXPECT_TRUE(form.lacks_columns());
}

}  // namespace
}  // namespace firebreak::gateway
