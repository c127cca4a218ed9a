// What is refused, and how exactly the answer says where it is wrong.
#include <gtest/gtest.h>

#include "base/limits.h"
#include "log/record/record_testing.h"

namespace firebreak::record {
namespace {

using testing::admit;
using testing::inference;
using testing::Room;

std::string with(std::string_view members) {
  return R"({"id":"x","time":"2026-03-07T03:00:00Z",)" + std::string(members) + "}";
}

std::string nested(std::size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

struct Case {
  std::string name, line, pointer, words;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"no_json", R"({"id":)", "/id", "line ends"},
      {"something_after", with(R"("a":1)") + "x", "", "follows the record"},
      {"no_object", "[1]", "", "object"},
      {"empty_line", "", "", "empty line"},
      {"key_twice", with(R"("caller":"a","caller":"b")"), "/caller", "twice"},
      {"feature_twice", with(R"("features":{"age":1,"age":1})"), "/features/age", "twice"},
      {"feature_twice_with_other_types", with(R"("features":{"n":1,"n":"1"})"), "/features/n", "twice"},
      {"key_twice_in_unknown", with(R"("more":{"a":{"b":1,"b":2}})"), "/more/a/b", "twice"},
      {"key_twice_in_output", with(R"("output":{"score":1,"score":1})"), "/output/score", "twice"},
      {"key_twice_in_model", with(R"("model":{"name":"a","name":"b"})"), "/model/name", "twice"},
      {"id_twice", with(R"("id":"y")"), "/id", "twice"},
      {"too_deep", with("\"more\":" + nested(8)), "/more/0/0/0/0/0/0/0", "deeper than 8"},
      {"far_too_deep", with("\"more\":" + nested(500)), "/more/0/0/0/0/0/0/0", "deeper than 8"},
      {"not_utf8", with("\"caller\":\"\xff\""), "/caller", "UTF-8"},
      {"not_utf8_in_feature", with("\"features\":{\"a\":\"\xc3(\"}"), "/features/a", "UTF-8"},
      {"nan", with(R"("features":{"age":NaN})"), "/features/age", "NaN"},
      {"infinity", with(R"("features":{"age":-Infinity})"), "/features/age", "Infinity"},
      {"double_out_of_range", with(R"("features":{"age":1e999})"), "/features/age", "out of range"},
      {"integer_out_of_range", with(R"("features":{"age":18446744073709551616})"), "/features/age", "out of range"},
      {"latency_negative", with(R"("latency_us":-1)"), "/latency_us", "out of range"},
      {"latency_fraction", with(R"("latency_us":1.5)"), "/latency_us", "out of range"},
      {"half_surrogate", with(R"("caller":"\ud800")"), "/caller", "surrogate"},
      {"type_of_id", R"({"id":7,"time":"2026-03-07T03:00:00Z"})", "/id", "string"},
      {"id_empty", R"({"id":"","time":"2026-03-07T03:00:00Z"})", "/id", "empty"},
      {"id_missing", R"({"time":"2026-03-07T03:00:00Z"})", "/id", "missing"},
      {"id_too_long", R"({"time":"2026-03-07T03:00:00Z","id":")" + std::string(129, 'x') + "\"}", "/id", "longer"},
      {"time_missing", R"({"id":"x"})", "/time", "missing"},
      {"time_null", R"({"id":"x","time":null})", "/time", "string"},
      {"time_no_date", R"({"id":"x","time":"yesterday"})", "/time", ""},
      {"time_out_of_range", R"({"id":"x","time":"1969-12-31T23:59:59Z"})", "/time", ""},
      {"caller_type", with(R"("caller":1)"), "/caller", "string"},
      {"features_type", with(R"("features":[1])"), "/features", "object"},
      {"output_type", with(R"("output":"x")"), "/output", "object"},
      {"label_type", with(R"("output":{"label":{}})"), "/output/label", "expected"},
      {"score_type", with(R"("output":{"score":"0.5"})"), "/output/score", "number"},
      {"model_type", with(R"("model":"m")"), "/model", "object"},
      {"digest_type", with(R"("model":{"digest":1})"), "/model/digest", "string"},
      {"disposition_unknown", with(R"("disposition":"lost")"), "/disposition", "no disposition"},
      {"kind_unknown", with(R"("type":"poem")"), "/type", "no kind"},
      {"kind_of_the_recorder", with(R"("type":"control")"), "/type", "takes no control"},
      {"kind_not_of_this_stream", with(R"("type":"pipeline")"), "/type", "takes no pipeline"},
      {"label_missing", with(R"("type":"label")"), "/label", "missing"},
      {"feature_name_too_long", with("\"features\":{\"" + std::string(129, 'n') + "\":1}"),
       "/features/" + std::string(129, 'n'), "at most 128"},
      {"pointer_escapes", with(R"("features":{"a/b~c":1,"a/b~c":2})"), "/features/a~1b~0c", "twice"},
      {"gap_without_producer", R"({"type":"gap","from":1,"to":2})", "/producer", "missing"},
      {"gap_backwards", R"({"type":"gap","producer":"p","from":3,"to":2})", "/to", "before"},
      {"gap_with_two_ends", R"({"type":"gap","producer":"p","from":1,"to":2,"upper_bound":3})", "/upper_bound", "either"},
      {"gap_unknown_field", R"({"type":"gap","producer":"p","from":1,"to":2,"color":"red"})", "/color", "unknown"},
  };
  return all;
}

class Refusal : public ::testing::TestWithParam<Case> {};

TEST_P(Refusal, names_line_and_place_and_writes_nothing) {
  Room room;
  Stream& stream = room.stream();
  ASSERT_TRUE(admit(stream, inference("before")));
  const std::uint64_t size = stream.size();
  const auto answer = admit(stream, inference("first") + GetParam().line + "\n" + inference("third"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().line, 2U);
  EXPECT_EQ(answer.error().pointer, GetParam().pointer) << answer.error().message;
  EXPECT_NE(answer.error().message.find(GetParam().words), std::string::npos) << answer.error().message;
  EXPECT_TRUE(answer.error().code == Code::kInvalid || answer.error().code == Code::kTooLarge);
  EXPECT_EQ(stream.size(), size);
  EXPECT_EQ(stream.counters().refused, 1U);
}

INSTANTIATE_TEST_SUITE_P(Table, Refusal, ::testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.name; });

TEST(Limits, of_record_and_batch_are_kept) {
  Room room;
  Stream& stream = room.stream();
  const auto code = [&](const std::string& ndjson) {
    const auto answer = admit(stream, ndjson);
    return answer ? Code::kInternal : answer.error().code;
  };
  EXPECT_EQ(code(""), Code::kInvalid);
  EXPECT_EQ(code(std::string(limits::kRecordBytes + 1, ' ')), Code::kTooLarge);
  EXPECT_EQ(code(std::string(limits::kBatchBytes + 1, ' ')), Code::kTooLarge);
  EXPECT_EQ(code(std::string(limits::kBatchLines + 1, '\n')), Code::kTooLarge);
  EXPECT_EQ(code(with("\"text\":\"" + std::string(limits::kRecordBytes - 200, 'x') + "\"")), Code::kInternal);
}

TEST(Limits, fields_beyond_the_last_column_are_kept_without_one) {
  Room room;
  Stream& stream = room.stream();
  std::string features;
  for (std::size_t i = 0; i < limits::kColumns + 20; ++i)
    features += (i == 0 ? "{\"f" : ",\"f") + std::to_string(i) + "\":" + std::to_string(i);
  const std::string line = inference("wide", features + "}");
  const auto receipt = admit(stream, line);
  ASSERT_TRUE(receipt) << receipt.error().message;
  const Record record = stream.read(receipt->first).value();
  EXPECT_LE(record.schema->columns.size(), limits::kColumns);
  EXPECT_EQ(canonical_json(record.fields()), canonical_json(parse_json(line).value()));
}

TEST(Limits, a_producers_name_and_number_are_checked) {
  Room room;
  Stream& stream = room.stream();
  EXPECT_EQ(admit(stream, inference("a"), {std::string(129, 'p'), 1}).error().code, Code::kTooLarge);
  EXPECT_EQ(admit(stream, inference("a"), {"", 1}).error().code, Code::kInvalid);
  EXPECT_EQ(admit(stream, inference("a"), {"p", 1ULL << 60}).error().code, Code::kInvalid);
}

}  // namespace
}  // namespace firebreak::record
