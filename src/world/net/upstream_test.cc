#include "world/net/upstream.h"

#include <gtest/gtest.h>

#include <future>
#include <mutex>
#include <set>

#include "world/net/http_server.h"

namespace firebreak::net {
namespace {

Result<Response> ask(Upstream& upstream, const std::string& path, std::string body) {
  std::promise<Result<Response>> promise;
  auto future = promise.get_future();
  upstream.post(path, std::move(body), [&](Result<Response> result) { promise.set_value(std::move(result)); });
  return future.get();
}

struct UpstreamTest : ::testing::Test {
  std::shared_ptr<IoThreads> io = std::make_shared<IoThreads>(2);
  std::shared_ptr<Upstream> upstream;

  void connect(const std::string& url, UpstreamOptions options = {}) {
    auto made = Upstream::create(io, url, options);
    ASSERT_TRUE(made) << made.error().message;
    upstream = std::move(*made);
  }
  void TearDown() override {
    if (upstream) upstream->close();
    io->stop();
  }
};

TEST_F(UpstreamTest, posts_below_its_prefix_over_one_kept_connection) {
  std::mutex mutex;
  std::set<std::string> peers;
  const auto server = *HttpServer::start({}, [&](Request request, Responder responder) {
    const std::lock_guard lock(mutex);
    peers.insert(request.peer);
    responder.respond(text_response(request.path + " " + request.body));
  });
  connect(server->url() + "/v2");
  EXPECT_EQ("/v2/score 1", ask(*upstream, "/score", "1")->body);
  EXPECT_EQ("/v2/score 2", ask(*upstream, "/score", "2")->body);
  EXPECT_EQ(1u, peers.size());
}

TEST_F(UpstreamTest, sends_again_when_the_server_has_closed_an_idle_connection) {
  auto server = *HttpServer::start({}, [](Request, Responder responder) { responder.respond(text_response("a")); });
  const std::uint16_t port = server->port();
  connect(server->url());
  ASSERT_TRUE(ask(*upstream, "/", ""));
  server.reset();
  ServerOptions same;
  same.port = port;
  const auto next = *HttpServer::start(same, [](Request, Responder responder) { responder.respond(text_response("b")); });
  const auto got = ask(*upstream, "/", "");
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ("b", got->body);
}

TEST_F(UpstreamTest, says_unavailable_timeout_or_busy) {
  std::uint16_t port = 0;
  {
    const auto gone = *HttpServer::start({}, [](Request, Responder) {});
    port = gone->port();
  }
  connect("http://127.0.0.1:" + std::to_string(port));
  EXPECT_EQ(Code::kUnavailable, ask(*upstream, "/", "").error().code);

  std::mutex mutex;
  std::vector<Responder> kept;
  const auto silent = *HttpServer::start({}, [&](Request, Responder responder) {
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(responder));
  });
  UpstreamOptions options;
  options.timeout_us = 100'000;
  options.max_connections = 1;
  options.max_waiting = 1;
  connect(silent->url(), options);
  std::promise<Code> first, second;
  upstream->post("/", "", [&](Result<Response> r) { first.set_value(r ? Code::kInternal : r.error().code); });
  upstream->post("/", "", [&](Result<Response> r) { second.set_value(r ? Code::kInternal : r.error().code); });
  EXPECT_EQ(Code::kBusy, ask(*upstream, "/", "").error().code);
  EXPECT_EQ(Code::kTimeout, first.get_future().get());
  EXPECT_EQ(Code::kTimeout, second.get_future().get());
}

TEST_F(UpstreamTest, reads_an_answer_that_comes_in_chunks) {
  const auto server = *HttpServer::start({}, [](Request, Responder responder) {
    StreamWriter writer = responder.start_stream(text_response("half"));
    writer.close();
  });
  connect(server->url());
  EXPECT_EQ("half", ask(*upstream, "/", "")->body);
}

}  // namespace
}  // namespace firebreak::net
