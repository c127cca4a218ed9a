// Other platforms' inference logs sent to a running server as they happen.
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "support/installation.h"

namespace firebreak {
namespace {

using testing::Installation;

struct Tapped : Installation {
  Tapped() {
    EXPECT_TRUE(start_server());
    EXPECT_TRUE(put("/api/v1/endpoints/credit", JsonObject{{"name", "credit"},
                                                           {"mode", "tap"},
                                                           {"state", "observe"},
                                                           {"labels", JsonArray{"0", "1"}},
                                                           {"positive_label", "1"},
                                                           {"features", JsonObject{{"numeric", JsonArray{"age", "amount"}}, {"categorical", JsonArray{}}}}}));
  }
  // A half of an exchange in binary mode, as KServe's logger posts it; the status.
  int half(const std::string& id, const std::string& what, const std::string& body, const net::Headers& more = {}) {
    net::HttpClient http;
    net::Request request;
    request.method = "POST";
    request.headers = {{"content-type", "application/json"},
                       {"ce-specversion", "1.0"},
                       {"ce-id", id},
                       {"ce-type", "org.kubeflow.serving.inference." + what},
                       {"ce-source", "http://localhost:9081/"},
                       {"ce-time", "2026-11-20T10:00:00Z"},
                       {"ce-inferenceservicename", "credit"}};
    if (more.empty()) {
      http.set_token(token("admin"));
    } else {
      request.headers.insert(request.headers.end(), more.begin(), more.end());
    }
    request.body = body;
    const auto answer = http.send(request, url() + "/api/v1/streams/credit/taps/kserve");
    return answer ? answer->status : 0;
  }
  std::vector<Json> records() {
    const auto page = get("/api/v1/streams/credit/records?from=0&limit=5000");
    EXPECT_TRUE(page) << page.error().message;
    std::vector<Json> out;
    for (const Json& item : page->at("items").as_array())
      if (string_or(item.at("record"), "type") == "inference") out.push_back(item.at("record"));
    return out;
  }
  std::vector<Json> wait_for_records(std::size_t count) {
    std::vector<Json> all = records();
    for (; all.size() < count; all = records()) std::this_thread::yield();
    return all;
  }
};

TEST(Taps, join_what_kserve_logs_in_any_order_and_record_it) {
  Tapped place;
  EXPECT_EQ(place.half("a", "request", R"({"instances":[[41,1200.5]]})"), 202);
  EXPECT_EQ(place.half("b", "response", R"({"predictions":[0.9]})"), 202);
  EXPECT_EQ(place.half("a", "response", R"({"predictions":[0.1]})"), 202);
  EXPECT_EQ(place.half("b", "request", R"({"instances":[[52,7]]})"), 202);
  const auto all = place.wait_for_records(2);
  for (const Json& record : all) {
    EXPECT_EQ(string_or(record, "source"), "tap:kserve");
    const bool a = string_or(record, "id") == "a";
    EXPECT_EQ(canonical_json(record.at("features")), a ? R"({"age":41,"amount":1200.5})" : R"({"age":52,"amount":7})");
    EXPECT_EQ(canonical_json(record.at("output")), a ? R"({"score":0.1})" : R"({"score":0.9})");
  }
}

TEST(Taps, of_senders_who_name_their_columns_otherwise_leave_each_other_alone) {
  Tapped place;
  EXPECT_EQ(place.half("a", "request", R"({"instances":[[41,1]]})"), 202);
  const auto other = place.post("/api/v1/streams/credit/taps/kserve?columns=q",
                                R"({"specversion":"1.0","id":"o","type":"org.kubeflow.serving.inference.request","data":[[1]]})",
                                "application/cloudevents+json", "admin");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_EQ(place.half("a", "response", R"({"predictions":[0.1]})"), 202);
  EXPECT_EQ(string_or(place.wait_for_records(1).front(), "disposition"), "served");
}

TEST(Taps, record_at_a_stop_what_waits_for_its_answer) {
  Tapped place;
  EXPECT_EQ(place.half("alone", "request", R"({"instances":[[41,1]]})"), 202);
  EXPECT_EQ(place.server().end(SIGTERM), 0);
  ASSERT_TRUE(place.start_server());
  const auto all = place.wait_for_records(1);
  EXPECT_EQ(string_or(all.front(), "id"), "alone");
  EXPECT_EQ(string_or(all.front(), "disposition"), "failed");
}

TEST(Taps, take_a_token_in_the_address_and_refuse_who_has_none) {
  Tapped place;
  const auto basic = [](const std::string& token) { return net::Headers{{"authorization", "Basic " + to_base64("tap:" + token)}}; };
  EXPECT_EQ(place.half("a", "request", R"({"instances":[[41,1]]})", basic(place.token("admin"))), 202);
  EXPECT_EQ(place.half("b", "request", R"({"instances":[[41,1]]})", basic("wrong")), 401);
  EXPECT_EQ(place.half("b", "request", R"({"instances":[[41,1]]})", {{"authorization", "Basic ???"}}), 401);
  EXPECT_EQ(place.half("b", "request", "no json"), 400);
  EXPECT_EQ(place.half("b", "nothing", "[1]"), 400);
}

TEST(Taps, answer_lines_with_the_receipt_of_their_batch_or_refuse_them_whole) {
  Tapped place;
  const std::string capture =
      R"({"captureData":{"endpointInput":{"observedContentType":"text/csv","mode":"INPUT","data":"41,1200.5","encoding":"CSV"},)"
      R"("endpointOutput":{"observedContentType":"text/csv","mode":"OUTPUT","data":"0.0254","encoding":"CSV"}},)"
      R"("eventMetadata":{"eventId":"e1","inferenceTime":"2026-11-20T05:00:00Z"},"eventVersion":"0"})";
  const auto receipt = place.post("/api/v1/streams/credit/taps/sagemaker", capture + "\n\n", "application/jsonlines", "admin");
  ASSERT_TRUE(receipt) << receipt.error().message;
  EXPECT_NE(find(*receipt, "leaf_hash"), nullptr);
  const auto refused = place.post("/api/v1/streams/credit/taps/sagemaker", capture + "\n{\"captureData\":1}\n", "application/jsonlines", "admin");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().line, 2u);
  const auto exchange = place.post(
      "/api/v1/streams/credit/taps/openinference?columns=age,amount",
      R"({"request":{"id":"x","inputs":[{"name":"in","shape":[1,2],"datatype":"FP64","data":[30,5]}]},"response":{"model_name":"credit","outputs":[{"name":"p","shape":[1],"datatype":"FP64","data":[0.4]}]}})",
      "application/x-ndjson", "admin");
  ASSERT_TRUE(exchange) << exchange.error().message;
  const auto all = place.wait_for_records(2);
  EXPECT_EQ(all.size(), 2U);
  EXPECT_EQ(canonical_json(all[1].at("features")), R"({"age":30,"amount":5})");
  EXPECT_EQ(place.post("/api/v1/streams/credit/taps/thrift", "x", "text/plain", "admin").error().code, Code::kInvalid);
  EXPECT_EQ(place.post("/api/v1/streams/nowhere/taps/ndjson", R"({"features":{"a":1}})", "text/plain", "admin").error().code, Code::kNotFound);
}

}  // namespace
}  // namespace firebreak
