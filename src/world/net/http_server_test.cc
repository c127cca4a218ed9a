#include "world/net/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "world/net/http_client.h"
#include "world/net/router.h"

namespace firebreak::net {
namespace {

std::unique_ptr<HttpServer> serve(Handler handler, ServerOptions options = {}) {
  auto server = HttpServer::start(options, std::move(handler));
  EXPECT_TRUE(server.has_value()) << server.error().message;
  return std::move(*server);
}

// Sends `text` on a fresh connection and returns everything until the server closes it.
std::string raw(std::uint16_t port, const std::string& text) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(0, ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)));
  EXPECT_EQ(static_cast<ssize_t>(text.size()), ::send(fd, text.data(), text.size(), MSG_NOSIGNAL));
  std::string out;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::recv(fd, buffer, sizeof(buffer), 0)) > 0;) out.append(buffer, static_cast<std::size_t>(n));
  ::close(fd);
  return out;
}

void echo(Request request, Responder responder) {
  Response response = text_response(request.method + " " + request.path + " " + request.query_or("q") + " " + request.body);
  response.headers.emplace_back("X-Token", std::string(request.bearer()));
  responder.respond(std::move(response));
}

TEST(HttpServer, hands_the_whole_request_to_the_handler_and_keeps_the_connection) {
  const auto server = serve(echo);
  HttpClient client;
  client.set_token("secret");
  const auto first = client.post(server->url() + "/a%20b?q=x+y", "body");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ("POST /a b x y body", first->body);
  EXPECT_EQ("secret", first->header("x-token"));
  const auto second = client.get(server->url() + "/again");
  ASSERT_TRUE(second);
  EXPECT_EQ("GET /again  ", second->body);
  EXPECT_EQ(1u, server->connections());
}

TEST(HttpClient, does_not_take_more_than_it_was_told_to) {
  const auto server = std::move(*HttpServer::start({}, [](Request, Responder responder) { responder(text_response(std::string(5'000, 'x'))); }));
  HttpClient client;
  client.limit_answers(5'000);
  EXPECT_EQ(client.get(server->url() + "/")->body.size(), 5'000u);
  client.limit_answers(4'999);
  const auto refused = client.get(server->url() + "/");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::kTooLarge);
}

TEST(HttpServer, answers_from_another_thread_later) {
  std::mutex mutex;
  std::condition_variable arrived;
  Responder kept;
  bool here = false;
  const auto server = serve([&](Request, Responder responder) {
    const std::lock_guard lock(mutex);
    kept = std::move(responder);
    here = true;
    arrived.notify_one();
  });
  std::thread answering([&] {
    std::unique_lock lock(mutex);
    arrived.wait(lock, [&] { return here; });
    kept.respond(text_response("late"));
    kept.respond(text_response("too late"));
    kept = {};
  });
  HttpClient client;
  const auto got = client.get(server->url() + "/");
  answering.join();
  ASSERT_TRUE(got);
  EXPECT_EQ("late", got->body);
}

TEST(HttpServer, answers_500_when_a_responder_is_dropped) {
  const auto server = serve([](Request, Responder) {});
  HttpClient client;
  EXPECT_EQ(500, client.get(server->url() + "/")->status);
}

TEST(HttpServer, runs_blocking_handlers_on_their_own_threads) {
  std::atomic<int> inside{0};
  ServerOptions options;
  options.handler_threads = 2;
  const auto server = serve([&](Request, Responder responder) {
    ++inside;
    while (inside < 2) std::this_thread::yield();  // only returns when both run at once
    responder.respond(text_response("ok"));
  }, options);
  std::thread other([&] {
    HttpClient client;
    EXPECT_EQ(200, client.get(server->url() + "/")->status);
  });
  HttpClient client;
  EXPECT_EQ(200, client.get(server->url() + "/")->status);
  other.join();
}

TEST(HttpServer, refuses_to_listen_where_others_could_read_along) {
  ServerOptions options;
  options.host = "0.0.0.0";
  const auto server = HttpServer::start(options, echo);
  ASSERT_FALSE(server);
  EXPECT_EQ(Code::kInvalid, server.error().code);
  EXPECT_NE(std::string::npos, server.error().message.find("TLS"));
}

TEST(HttpServer, says_so_when_the_port_is_taken) {
  const auto first = serve(echo);
  ServerOptions options;
  options.port = first->port();
  const auto second = HttpServer::start(options, echo);
  ASSERT_FALSE(second);
  EXPECT_EQ(Code::kIo, second.error().code);
}

TEST(HttpServer, answers_400_to_what_is_no_http) {
  const auto server = serve(echo);
  EXPECT_EQ(0u, raw(server->port(), "hello there\r\n\r\n").find("HTTP/1.1 400"));
  EXPECT_EQ(0u, raw(server->port(), "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n").find("HTTP/1.1 400"));
}

TEST(HttpServer, answers_413_and_431_to_what_is_too_long) {
  ServerOptions options;
  options.body_limit = 1'000;
  options.header_limit = 1'000;
  const auto server = serve(echo, options);
  HttpClient client;
  EXPECT_EQ(413, client.post(server->url() + "/", std::string(200'000, 'x'))->status);
  EXPECT_EQ(0u, raw(server->port(), "GET / HTTP/1.1\r\nA: " + std::string(5'000, 'a') + "\r\n\r\n").find("HTTP/1.1 431"));
  EXPECT_EQ(200, client.post(server->url() + "/", std::string(1'000, 'x'))->status);
}

TEST(HttpServer, answers_408_when_a_request_never_ends) {
  ServerOptions options;
  options.request_timeout_us = 40'000;
  const auto server = serve(echo, options);
  EXPECT_EQ(0u, raw(server->port(), "POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc").find("HTTP/1.1 408"));
}

TEST(HttpServer, serves_pipelined_requests_in_their_order) {
  const auto server = serve(echo);
  const std::string got = raw(server->port(), "GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_LT(got.find("GET /1"), got.find("GET /2"));
  EXPECT_NE(std::string::npos, got.find("GET /2"));
}

TEST(HttpServer, streams_until_the_writer_closes) {
  const auto server = serve([](Request, Responder responder) {
    StreamWriter writer = responder.start_stream(text_response("data: 0\n\n", "text/event-stream"));
    writer.write("data: 1\n\n");
    writer.close();
  });
  HttpClient client;
  std::string got;
  const auto done = client.stream(server->url() + "/", {}, [&](std::string_view bytes) {
    got += bytes;
    return true;
  });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ("data: 0\n\ndata: 1\n\n", got);
}

TEST(HttpServer, tells_the_writer_when_the_client_has_gone) {
  std::mutex mutex;
  std::condition_variable changed;
  bool gone = false;
  const auto server = serve([&](Request, Responder responder) {
    StreamWriter writer = responder.start_stream(text_response("x", "text/event-stream"));
    writer.on_closed([&] {
      const std::lock_guard lock(mutex);
      gone = true;
      changed.notify_one();
    });
  });
  {
    HttpClient client;
    ASSERT_TRUE(client.stream(server->url() + "/", {}, [](std::string_view) { return false; }));
  }
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return gone; });
}

TEST(HttpServer, closes_a_stream_whose_reader_is_too_slow) {
  ServerOptions options;
  options.stream_buffer = 10'000;
  std::mutex mutex;
  std::condition_variable changed;
  StreamWriter kept;
  bool started = false;
  const auto server = serve([&](Request, Responder responder) {
    const std::lock_guard lock(mutex);
    kept = responder.start_stream(text_response("", "text/event-stream"));
    started = true;
    changed.notify_one();
  }, options);
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(server->port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(0, ::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)));
  ASSERT_LT(0, ::send(fd, "GET / HTTP/1.1\r\n\r\n", 18, 0));
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return started; });
  bool open = true;
  for (int i = 0; i < 1'000'000 && open; ++i) open = kept.write(std::string(5'000, 'x'));
  EXPECT_FALSE(open);
  ::close(fd);
}

TEST(HttpServer, turns_away_more_connections_than_it_may_have) {
  ServerOptions options;
  options.max_connections = 1;
  const auto server = serve(echo, options);
  HttpClient first;
  ASSERT_EQ(200, first.get(server->url() + "/")->status);
  EXPECT_EQ(0u, raw(server->port(), "GET / HTTP/1.1\r\n\r\n").find("HTTP/1.1 503"));
}

TEST(HttpClient, says_unavailable_when_nobody_listens_and_timeout_when_nobody_answers) {
  std::uint16_t port = 0;
  {
    const auto gone = serve(echo);
    port = gone->port();
  }
  HttpClient client;
  const auto refused = client.get("http://127.0.0.1:" + std::to_string(port) + "/");
  ASSERT_FALSE(refused);
  EXPECT_EQ(Code::kUnavailable, refused.error().code);

  std::mutex mutex;
  std::vector<Responder> kept;
  const auto silent = serve([&](Request, Responder responder) {
    const std::lock_guard lock(mutex);
    kept.push_back(std::move(responder));
  });
  const auto late = client.get(silent->url() + "/", 50'000);
  ASSERT_FALSE(late);
  EXPECT_EQ(Code::kTimeout, late.error().code);
}

TEST(Router, captures_segments_and_answers_404_and_405_itself) {
  Router router;
  router.get("/streams/{stream}/records/{index}", [](Request request, Responder responder) {
    responder.respond(text_response(request.param("stream") + "#" + request.param("index")));
  });
  router.get("/streams/{stream}/records/last", [](Request, Responder r) { r.respond(text_response("last")); });
  router.get("/files/{path...}", [](Request request, Responder r) { r.respond(text_response(request.param("path"))); });
  const auto server = serve([&](Request request, Responder responder) { router.handle(std::move(request), std::move(responder)); });
  HttpClient client;
  EXPECT_EQ("fraud#7", client.get(server->url() + "/streams/fraud/records/7")->body);
  EXPECT_EQ("last", client.get(server->url() + "/streams/fraud/records/last")->body);
  EXPECT_EQ("a/b.txt", client.get(server->url() + "/files/a/b.txt")->body);
  const auto missing = client.get(server->url() + "/streams");
  EXPECT_EQ(404, missing->status);
  EXPECT_EQ("application/problem+json", missing->content_type);
  const auto method = client.post(server->url() + "/files/a", "");
  EXPECT_EQ(405, method->status);
  EXPECT_EQ("GET", method->header("allow"));
}

TEST(Message, an_error_survives_the_way_through_a_problem_document) {
  const Error sent{Code::kConflict, "stale version", "/fence", 3};
  const Response response = problem(sent);
  EXPECT_EQ(409, response.status);
  const Error got = error_of(response);
  EXPECT_EQ(sent.code, got.code);
  EXPECT_EQ(sent.message, got.message);
  EXPECT_EQ(sent.pointer, got.pointer);
  EXPECT_EQ(sent.line, got.line);
}

TEST(Message, reads_addresses) {
  const auto url = parse_url("http://127.0.0.1:9000/v1?x=1");
  ASSERT_TRUE(url);
  EXPECT_EQ("127.0.0.1", url->host);
  EXPECT_EQ(9000, url->port);
  EXPECT_EQ("/v1?x=1", url->target);
  EXPECT_EQ("::1", parse_host_port("[::1]:80")->first);
  EXPECT_FALSE(parse_url("https://a/"));
  EXPECT_FALSE(parse_host_port("127.0.0.1"));
  EXPECT_FALSE(parse_host_port("a:99999"));
}

}  // namespace
}  // namespace firebreak::net
