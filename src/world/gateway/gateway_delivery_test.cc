// What the gateway records reaches the server: over restarts of both, refusals, numbers that were passed, as rows.
#include <atomic>
#include <mutex>
#include <set>

#include "log/record/record_testing.h"
#include "log/record/rows.h"
#include "world/gateway/gateway_testing.h"

namespace firebreak::gateway {
namespace {

using net::HttpServer;
using net::Request;
using net::Responder;
using testing::GatewayTest;
using testing::Recorder;

TEST_F(GatewayTest, serves_on_while_the_server_is_down_and_delivers_when_it_is_back) {
  serve();
  const std::uint16_t port = recorder->server->port();
  recorder.reset();
  std::set<std::string> sent;
  for (int i = 0; i < 50; ++i) {
    sent.insert("e" + std::to_string(i));
    EXPECT_EQ(200, ask("key-of-ana", i, "e" + std::to_string(i)).status);
  }
  recorder = std::make_unique<Recorder>(port);
  std::set<std::string> got;
  for (const Json& line : recorded()) EXPECT_TRUE(got.insert(string_or(line, "id")).second);
  EXPECT_EQ(sent, got);
}

TEST_F(GatewayTest, delivers_after_its_own_restart_with_the_policy_on_disk) {
  serve();
  {
    const std::lock_guard lock(recorder->mutex);
    recorder->fail_with = 503;
  }
  EXPECT_EQ(200, ask("key-of-ana", 1, "before").status);
  gateway->stop(1'000);
  gateway.reset();
  {
    const std::lock_guard lock(recorder->mutex);
    recorder->fail_with = 0;
  }
  start();
  EXPECT_EQ(200, ask("key-of-ana", 1, "after").status);
  const auto lines = recorded();
  ASSERT_EQ(2u, lines.size());  // and no gap: it ended in order
  EXPECT_EQ("before", string_or(lines[0], "id"));
  EXPECT_EQ("after", string_or(lines[1], "id"));
}

TEST_F(GatewayTest, one_refused_record_does_not_stop_the_others) {
  serve();
  const std::uint16_t port = recorder->server->port();
  recorder.reset();
  ask("key-of-ana", 1, "good");
  ask("key-of-ana", 1, "bad");
  std::mutex mutex;
  std::string accepted;
  net::ServerOptions same;
  same.port = port;
  const auto picky = std::move(*HttpServer::start(same, [&](Request request, Responder responder) {
    const std::lock_guard lock(mutex);
    const std::size_t bad = request.body.find("\"id\":\"bad\"");
    if (bad != std::string::npos) {
      Error error{Code::kInvalid, "not this one", "", 1};
      error.line += static_cast<std::uint64_t>(std::count(request.body.begin(), request.body.begin() + static_cast<long>(bad), '\n'));
      return responder.fail(error);
    }
    accepted += request.body;
    responder.respond(net::json_response(JsonObject{}));
  }));
  flushed();
  const std::lock_guard lock(mutex);
  EXPECT_NE(std::string::npos, accepted.find("\"id\":\"good\""));
  EXPECT_NE(std::string::npos, accepted.find("\"from\":2,\"to\":2"));
}

// The server is a stream: it makes columns of what comes in lines, and then the gateway sends rows.
TEST_F(GatewayTest, sends_rows_as_soon_as_the_stream_has_their_columns) {
  serve();
  const std::uint16_t port = recorder->server->port();
  recorder.reset();
  record::testing::Room room;
  record::Stream& stream = room.stream();
  std::atomic<int> by_lines = 0, by_rows = 0;
  net::ServerOptions same;
  same.port = port;
  const auto server = std::move(*HttpServer::start(same, [&](Request request, Responder responder) {
    if (request.method == "GET") {
      JsonArray schemas;
      for (const auto& schema : stream.schemas()) schemas.push_back(record::to_json(*schema));
      return responder.respond(net::json_response(JsonObject{{"schemas", schemas}}));
    }
    const bool rows = request.header("content-type") == record::kRowsType;
    ++(rows ? by_rows : by_lines);
    stream.admit(request.body, {}, [responder](const Result<record::Receipt>& receipt) {
      if (!receipt) return responder.fail(receipt.error());
      responder.respond(net::json_response(record::to_json(*receipt)));
    }, rows ? record::BatchForm::kRows : record::BatchForm::kNdjson);
  }));
  std::set<std::string> asked;
  for (int i = 0; i < 6; ++i) {
    ask("key-of-ana", 1 + i, "id-" + std::to_string(i));
    asked.insert("id-" + std::to_string(i));
    flushed();
  }
  EXPECT_GE(by_lines, 1);
  EXPECT_GE(by_rows, 1);
  std::set<std::string> recorded;
  ASSERT_TRUE(stream.read_from(0, 1'000, [&](const record::Record& record) {
    if (record.kind != record::Kind::kInference) return;
    recorded.insert(string_or(record.fields(), "id"));
    EXPECT_EQ("ana", string_or(record.fields(), "caller"));
  }));
  EXPECT_EQ(asked, recorded);
}

TEST_F(GatewayTest, a_batch_whose_number_the_server_has_passed_takes_a_higher_one) {
  serve();
  const std::uint16_t port = recorder->server->port();
  recorder.reset();
  ask("key-of-ana", 1, "first");
  const auto high = static_cast<std::uint64_t>(SystemClock().now().us / kMillisecond) + 1'000'000;
  std::mutex mutex;
  std::string accepted;
  int refused = 0;
  net::ServerOptions same;
  same.port = port;
  const auto ahead = std::move(*HttpServer::start(same, [&](Request request, Responder responder) {
    if (request.method == "GET") return responder.respond(net::json_response(JsonObject{}));
    const std::lock_guard lock(mutex);
    if (std::stoull(std::string(request.header("firebreak-sequence"))) <= high) {
      ++refused;
      return responder.fail(Error{Code::kConflict, "the number was passed", "", 0});
    }
    accepted += request.body;
    responder.respond(net::json_response(JsonObject{}));
  }));
  flushed();
  ask("key-of-ana", 1, "second");
  flushed();
  const std::lock_guard lock(mutex);
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 40);
  EXPECT_NE(std::string::npos, accepted.find("\"id\":\"first\""));
  EXPECT_NE(std::string::npos, accepted.find("\"id\":\"second\""));
}

}  // namespace
}  // namespace firebreak::gateway
