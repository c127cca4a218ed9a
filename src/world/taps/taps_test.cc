#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/encoding.h"
#include "world/taps/guess.h"
#include "world/taps/payload.h"
#include "world/taps/tap.h"

namespace firebreak::taps {
namespace {

Options options() { return {"api", {"age", "amount"}, "file", "2026-03-07T00:00:00Z"}; }

std::string text_of(const Result<std::vector<JsonObject>>& records) {
  if (!records) return "refused: " + records.error().message + " " + records.error().pointer;
  std::string text;
  for (const JsonObject& record : *records) text += canonical_json(record) + "\n";
  return text;
}

TEST(Tap, knows_a_format_by_its_first_line) {
  EXPECT_EQ(*detect_format(R"({"captureData":{},"eventMetadata":{}})"), Format::kSageMaker);
  EXPECT_EQ(*detect_format(R"({"specversion":"1.0","id":"1"})"), Format::kKServe);
  EXPECT_EQ(*detect_format(R"({"headers":{"ce-id":"1"},"body":{}})"), Format::kKServe);
  EXPECT_EQ(*detect_format(R"({"features":{"a":1}})"), Format::kNdjson);
  EXPECT_FALSE(detect_format("age,amount"));
}

TEST(Tap, fills_in_what_a_simple_line_lacks) {
  Tap tap(Format::kNdjson, options());
  EXPECT_EQ(text_of(tap.take(R"({"features":{"age":41},"score":0.2,"label":"approve"})")),
            R"({"disposition":"served","endpoint":"api","features":{"age":41},"id":"file-1","output":{"label":"approve","score":0.2},"source":"tap:ndjson","time":"2026-03-07T00:00:00Z","type":"inference"})"
            "\n");
  EXPECT_EQ(text_of(tap.take(R"({"type":"label","id":"file-1","time":"2026-03-08T00:00:00Z","label":"1"})")),
            R"({"id":"file-1","label":"1","time":"2026-03-08T00:00:00Z","type":"label"})"
            "\n");
  EXPECT_EQ(text_of(tap.take(R"({"age":41})")), "refused: an inference has 'features': {name: value, …} /features");
}

TEST(Tap, reads_sagemaker_capture_with_csv_and_keeps_its_own_name_for_a_request) {
  Tap tap(Format::kSageMaker, options());
  const std::string line =
      R"({"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","data":"41,1200.5","encoding":"CSV"},)"
      R"("endpointOutput":{"observedContentType":"text/csv; charset=utf-8","mode":"OUTPUT","data":"0.0254","encoding":"CSV"}},)"
      R"("eventMetadata":{"eventId":"894b","inferenceId":"order-7","inferenceTime":"2026-03-07T05:00:00Z"},"eventVersion":"0"})";
  EXPECT_EQ(text_of(tap.take(line)),
            R"({"disposition":"served","endpoint":"api","features":{"age":41,"amount":1200.5},"id":"order-7","output":{"score":0.0254},"source":"tap:sagemaker","time":"2026-03-07T05:00:00Z","type":"inference"})"
            "\n");
}

TEST(Tap, reads_sagemaker_capture_with_json_in_base64_and_several_rows) {
  Tap tap(Format::kSageMaker, options());
  const std::string asked = to_base64(R"({"instances":[{"age":1},{"age":2}]})");
  const std::string line =
      R"({"captureData":{"endpointInput":{"observedContentType":"application/json","mode":"INPUT","data":")" + asked +
      R"(","encoding":"BASE64"},"endpointOutput":{"observedContentType":"application/json","mode":"OUTPUT",)"
      R"("data":"{\"predictions\":[{\"score\":0.9,\"predicted_label\":1},{\"score\":0.1,\"predicted_label\":0}]}","encoding":"JSON"}},)"
      R"("eventMetadata":{"eventId":"e","inferenceTime":"2026-03-07T05:00:00Z"},"eventVersion":"0"})";
  const auto records = tap.take(line);
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ(canonical_json((*records)[1].at("output")), R"({"label":"0","score":0.1})");
  EXPECT_EQ(string_or((*records)[1], "id"), "e/1");
}

TEST(Tap, refuses_a_capture_whose_rows_and_answers_do_not_match) {
  Tap tap(Format::kSageMaker, options());
  EXPECT_NE(text_of(tap.take(
                R"({"captureData":{"endpointInput":{"data":"1,2\n3,4","encoding":"CSV"},"endpointOutput":{"data":"0.1","encoding":"CSV"}},"eventMetadata":{}})"))
                .find("2 rows were asked and 1 answers given"),
            std::string::npos);
  EXPECT_NE(text_of(tap.take(R"({"captureData":{"endpointInput":{"data":"x","encoding":"ROT13"}},"eventMetadata":{}})"))
                .find("/captureData/endpointInput/encoding"),
            std::string::npos);
}

TEST(Tap, joins_kserve_requests_with_their_answers_by_id) {
  Tap tap(Format::kKServe, options());
  EXPECT_EQ(text_of(tap.take(
                R"({"specversion":"1.0","id":"a1","type":"org.kubeflow.serving.inference.request","source":"http://x","time":"2026-03-07T05:00:00Z","inferenceservicename":"credit","data":{"instances":[[41,12]]}})")),
            "");
  EXPECT_EQ(tap.pending(), 1u);
  // The answer as a recorded HTTP message in binary mode.
  EXPECT_EQ(text_of(tap.take(
                R"({"headers":{"Ce-Id":"a1","Ce-Type":"org.kubeflow.serving.inference.response","ce-time":"2026-03-07T05:00:01Z"},"body":"{\"predictions\":[0.7]}"})")),
            R"({"disposition":"served","endpoint":"api","features":{"age":41,"amount":12},"id":"a1","output":{"score":0.7},"service":"credit","source":"tap:kserve","time":"2026-03-07T05:00:00Z","type":"inference"})"
            "\n");
  EXPECT_EQ(tap.pending(), 0u);
  EXPECT_NE(text_of(tap.take(R"({"specversion":"1.0","id":"zz","type":"org.kubeflow.serving.inference.response","data":{"predictions":[1]}})"))
                .find("an answer without its request"),
            std::string::npos);
}

TEST(Tap, reads_open_inference_tensors_by_column_and_as_one_matrix) {
  const auto by_column = rows_of_json(
      *parse_json(
          R"({"inputs":[{"name":"age","shape":[2,1],"datatype":"INT32","data":[41,52]},{"name":"word","shape":[2],"datatype":"BYTES","data":["a","b"]}]})"),
      {});
  ASSERT_TRUE(by_column) << by_column.error().message;
  EXPECT_EQ(canonical_json((*by_column)[1]), R"({"age":52,"word":"b"})");
  const auto matrix = rows_of_json(*parse_json(R"({"inputs":[{"name":"x","shape":[2,2],"datatype":"FP32","data":[[1,2],[3,4]]}]})"), {"age"});
  ASSERT_TRUE(matrix);
  EXPECT_EQ(canonical_json((*matrix)[1]), R"({"age":3,"f1":4})");
  const auto answers = answers_of_json(*parse_json(R"({"outputs":[{"name":"p","shape":[2,2],"datatype":"FP32","data":[0.2,0.8,0.9,0.1]}]})"));
  ASSERT_TRUE(answers);
  EXPECT_EQ(canonical_json((*answers)[0]), R"({"label":"1","score":0.8})");
  EXPECT_FALSE(rows_of_json(*parse_json(R"({"inputs":[{"name":"x","shape":[3],"datatype":"FP32","data":[1,2]}]})"), {}));
}

TEST(Tap, joins_halves_in_any_order_where_they_come_over_the_wire) {
  Options any = options();
  any.any_order = true;
  const auto half = [](const std::string& id, const std::string& what, const std::string& data) {
    return *parse_json(R"({"specversion":"1.0","id":")" + id + R"(","type":"org.kubeflow.serving.inference.)" + what + R"(","data":)" + data + "}");
  };
  Tap tap(Format::kKServe, any);
  tap.set_now(*parse_time("2026-03-07T05:00:00Z"));
  EXPECT_EQ(text_of(tap.take_document(half("a", "response", R"({"predictions":[0.7]})"), 100)), "");
  const auto joined = tap.take_document(half("a", "request", R"({"instances":[[41,12]]})"), 100);
  ASSERT_TRUE(joined && joined->size() == 1);
  EXPECT_EQ(canonical_json(joined->front().at("output")), R"({"score":0.7})");
  EXPECT_EQ(string_or(joined->front(), "time"), "2026-03-07T05:00:00Z");
  // What cannot be matched is kept, and says why.
  EXPECT_EQ(text_of(tap.take_document(half("b", "request", R"({"instances":[[1,2],[3,4]]})"), 100)), "");
  const auto odd = tap.take_document(half("b", "response", R"({"predictions":[0.7]})"), 100);
  ASSERT_TRUE(odd && odd->size() == 2);
  EXPECT_EQ(string_or(odd->front(), "reason"), "2 rows were asked and 1 answers given");
  EXPECT_FALSE(tap.take_document(half("c", "response", R"("no document")"), 100));
}

TEST(Tap, gives_up_what_waited_too_long_and_keeps_within_its_bounds) {
  Options any = options();
  any.any_order = true;
  Tap tap(Format::kKServe, any);
  const Time start = *parse_time("2026-03-07T05:00:00Z");
  const auto half = [](std::size_t id, const char* what, const char* data) {
    return *parse_json(R"({"specversion":"1.0","id":"r)" + std::to_string(id) + R"(","type":"org.kubeflow.serving.inference.)" + what + R"(","data":)" + data + "}");
  };
  tap.set_now(start);
  EXPECT_TRUE(tap.take_document(half(0, "request", "[1,2]"), 100));
  EXPECT_TRUE(tap.take_document(half(1, "response", R"({"predictions":[1]})"), 100));
  tap.set_now(start + 10 * kSecond);
  EXPECT_TRUE(tap.take_document(half(2, "request", "[1,2]"), 100));
  const auto given_up = tap.give_up_before(start + 5 * kSecond);
  ASSERT_EQ(given_up.size(), 1u);
  EXPECT_EQ(string_or(given_up[0], "id"), "r0");
  EXPECT_EQ(string_or(given_up[0], "disposition"), "failed");
  EXPECT_EQ(tap.pending(), 1u);
  EXPECT_EQ(tap.lost_answers(), 1u);
  std::size_t out = 0;
  for (std::size_t i = 3; i < Tap::kMaxPending + 13; ++i) out += tap.take_document(half(i, "request", "[1,2]"), 100)->size();
  EXPECT_EQ(tap.pending(), Tap::kMaxPending);
  EXPECT_EQ(out, 11u);
  // Few and large ones are bounded as well.
  for (std::size_t i = 0; i < 300; ++i) EXPECT_TRUE(tap.take_document(half(1'000'000 + i, "request", "[1,2]"), limits::kRecordBytes));
  EXPECT_LE(tap.pending(), 256u);
  EXPECT_EQ(tap.take_document(half(1, "request", "[1,2]"), limits::kRecordBytes + 1).error().code, Code::kTooLarge);
}

TEST(Tap, refuses_what_thousands_of_rows_would_make_much_of) {
  Tap tap(Format::kKServe, options());
  const auto refused = [&](const std::string& member, const std::string& value) {
    Json event = *parse_json(R"({"specversion":"1.0","type":"org.kubeflow.serving.inference.request","data":[[1],[2]],"id":"a"})");
    event.as_object()[member] = value;
    return text_of(tap.take(canonical_json(event))).starts_with("refused: ");
  };
  EXPECT_FALSE(refused("id", "b")) << "short ones are taken";
  EXPECT_TRUE(refused("id", std::string(1'000, 'x')));
  EXPECT_TRUE(refused("time", "yesterday"));
  EXPECT_TRUE(refused("inferenceservicename", std::string(1'000, 'x')));
  EXPECT_FALSE(rows_of_json(*parse_json(R"({"inputs":[{"name":")" + std::string(1'000, 'x') + R"(","shape":[1],"datatype":"FP32","data":[1]}]})"), {}));
}

TEST(Tap, reads_an_open_inference_exchange_with_the_model_that_answered) {
  const std::string line =
      R"({"time":"2026-03-07T05:00:00Z","request":{"id":"42","inputs":[{"name":"age","shape":[2,1],"datatype":"FP64","data":[41,52]}]},)"
      R"("response":{"model_name":"credit","model_version":"v3","id":"42","outputs":[{"name":"predict","shape":[2,1],"datatype":"INT64","data":[0,1]}]}})";
  EXPECT_EQ(*detect_format(line), Format::kOpenInference);
  Tap tap(Format::kOpenInference, options());
  const auto records = tap.take(line);
  ASSERT_TRUE(records) << records.error().message;
  ASSERT_EQ(records->size(), 2u);
  EXPECT_EQ(string_or((*records)[1], "id"), "42/1");
  EXPECT_EQ(canonical_json((*records)[1].at("features")), R"({"age":52})");
  EXPECT_EQ(canonical_json((*records)[1].at("output")), R"({"score":1})");
  EXPECT_EQ(canonical_json((*records)[0].at("model")), R"({"name":"credit","version":"v3"})");
  EXPECT_NE(text_of(tap.take(R"({"request":{"inputs":[{"name":"age","shape":[2,1],"datatype":"FP64","data":[1,2]}]},"response":{"outputs":[{"name":"p","shape":[1],"datatype":"FP64","data":[1]}]}})"))
                .find("2 rows were asked and 1 answers given"),
            std::string::npos);
  const auto alone = tap.take(R"({"request":{"inputs":[{"name":"age","shape":[1],"datatype":"FP64","data":[1]}]}})");
  ASSERT_TRUE(alone);
  EXPECT_EQ(string_or(alone->front(), "disposition"), "failed");
}

TEST(Tap, gives_out_requests_whose_answer_never_came) {
  Tap tap(Format::kKServe, options());
  for (int i = 0; i < 3; ++i)
    ASSERT_TRUE(tap.take(R"({"specversion":"1.0","id":"r)" + std::to_string(i) +
                         R"(","type":"org.kubeflow.serving.inference.request","time":"2026-03-07T05:00:00Z","data":[1,2]})"));
  const auto left = tap.finish();
  ASSERT_EQ(left.size(), 3u);
  EXPECT_EQ(string_or(left[0], "disposition"), "failed");
  EXPECT_EQ(string_or(left[0], "id"), "r0");
}

TEST(Guess, tells_numbers_from_categories_and_leaves_names_out) {
  std::vector<JsonObject> records;
  for (int i = 0; i < 200; ++i)
    records.push_back(JsonObject{{"features", JsonObject{{"age", i}, {"sex", i % 2 == 0 ? "f" : "m"}, {"card", "c" + std::to_string(i)},
                                                         {"new", i % 3 == 0}, {"list", JsonArray{1}}}},
                                 {"output", JsonObject{{"label", i % 5 == 0 ? "decline" : "approve"}}}});
  const Guess guess = guess_schema(records);
  EXPECT_EQ(guess.features.numeric, std::vector<std::string>{"age"});
  EXPECT_EQ(guess.features.categorical, (std::vector<std::string>{"new", "sex"}));
  EXPECT_EQ(guess.left_out, (std::vector<std::string>{"card", "list"}));
  EXPECT_EQ(guess.labels, (std::vector<std::string>{"approve", "decline"}));
  EXPECT_EQ(guess.positive_label, "decline");
  EXPECT_EQ(guess_schema({}).positive_label, "1");
}

// Whatever bytes come: a refusal or records that a stream can take, never more waiting than promised.
RC_GTEST_PROP(TapProperty, takes_or_refuses_any_line, (const std::string& noise)) {
  for (const Format format : {Format::kNdjson, Format::kSageMaker, Format::kKServe}) {
    Tap tap(format, options());
    for (const std::string& line : {noise, std::string("{\"data\":\"") + to_base64(noise) + "\"}"}) {
      const auto records = tap.take(line);
      if (records)
        for (const JsonObject& record : *records) RC_ASSERT(!canonical_json(record).empty());
    }
    RC_ASSERT(tap.pending() <= 2u);
  }
}

}  // namespace
}  // namespace firebreak::taps
