// kill -9 of a real gateway process under load: what was answered is delivered once, or a gap says how many at most.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/digest.h"
#include "base/encoding.h"
#include "base/files.h"
#include "base/random.h"
#include "types/policy.h"
#include "world/gateway/gateway.h"
#include "world/net/http_client.h"
#include "world/net/http_server.h"

namespace firebreak::gateway {
namespace {

struct Process {
  pid_t pid = 0;
  std::uint16_t port = 0, control_port = 0;
};

// Forked while this process may have threads, so the child only does what fork allows before it starts its own.
Process start(const GatewayOptions& options) {
  int ends[2];
  EXPECT_EQ(0, ::pipe(ends));
  Process process;
  process.pid = ::fork();
  if (process.pid == 0) {
    ::close(ends[0]);
    auto gateway = Gateway::start(options);
    std::uint16_t ports[2] = {0, 0};
    if (gateway) ports[0] = (*gateway)->port(), ports[1] = (*gateway)->control_port();
    if (::write(ends[1], ports, sizeof(ports)) == sizeof(ports))
      while (true) ::pause();
    std::_Exit(1);
  }
  ::close(ends[1]);
  std::uint16_t ports[2] = {0, 0};
  EXPECT_EQ(static_cast<ssize_t>(sizeof(ports)), ::read(ends[0], ports, sizeof(ports)));
  ::close(ends[0]);
  process.port = ports[0];
  process.control_port = ports[1];
  EXPECT_NE(0, process.port);
  return process;
}

void kill_hard(const Process& process) {
  ::kill(process.pid, SIGKILL);
  ::waitpid(process.pid, nullptr, 0);
}

EndpointPolicy make_policy(const std::string& upstream) {
  EndpointPolicy policy;
  policy.fence = 1;
  policy.endpoint.name = "fraud-api";
  policy.endpoint.features.numeric = {"amount"};
  policy.endpoint.callers[hmac_sha256("a pepper of some length", "key").hex()] = "ana";
  policy.releases = {{"1.0.0", upstream, std::string(64, 'a')}};
  policy.base_weights = {{"1.0.0", 100}};
  return policy;
}

struct Delivered {
  std::mutex mutex;
  std::map<std::uint64_t, std::string> batches;

  std::multiset<std::string> ids(std::uint64_t& lost_at_most) {
    const std::lock_guard lock(mutex);
    std::multiset<std::string> out;
    for (const auto& [sequence, body] : batches) {
      std::size_t at = 0;
      for (std::size_t end = body.find('\n'); end != std::string::npos; end = body.find('\n', at)) {
        const Json line = *parse_json(std::string_view(body).substr(at, end - at));
        at = end + 1;
        if (string_or(line, "type") == "gap")
          lost_at_most += static_cast<std::uint64_t>(int_or(line, "to", int_or(line, "upper_bound")) - int_or(line, "from") + 1);
        else
          out.insert(string_or(line, "id"));
      }
    }
    return out;
  }
};

TEST(GatewayKill, what_was_answered_is_delivered_once_or_inside_a_gap) {
  const std::string dir =
      (std::filesystem::temp_directory_path() / ("fb-gk-" + to_hex(SystemRandom().bytes(8)))).string();
  PosixFiles files;
  ASSERT_TRUE(files.make_dir(dir));
  ASSERT_TRUE(write_atomic(files, dir + "/pepper", "a pepper of some length\n"));
  ASSERT_TRUE(write_atomic(files, dir + "/token", "a token of some length\n"));
  Delivered delivered;
  const auto model = std::move(*net::HttpServer::start({}, [](net::Request, net::Responder respond) {
    respond(net::json_response(JsonObject{{"label", "approve"}, {"score", 0.5}}));
  }));
  const auto recorder = std::move(*net::HttpServer::start({}, [&](net::Request request, net::Responder respond) {
    const std::lock_guard lock(delivered.mutex);
    const auto [it, is_new] =
        delivered.batches.emplace(std::stoull(std::string(request.header("firebreak-sequence"))), request.body);
    EXPECT_TRUE(is_new || it->second == request.body);
    respond(net::json_response(JsonObject{{"first", 0}}));
  }));
  GatewayOptions options;
  options.data_dir = dir + "/data";
  options.pepper_file = dir + "/pepper";
  options.control_token_file = options.server_token_file = dir + "/token";
  options.server_url = recorder->url();
  options.batch_wait_us = 2'000;

  std::set<std::string> answered;
  net::HttpClient control;
  control.set_token("a token of some length");
  for (int life = 0; life < 6; ++life) {
    const Process process = start(options);
    const std::string control_url = "http://127.0.0.1:" + std::to_string(process.control_port) + "/control";
    if (life == 0) {
      const std::string policy = canonical_json(to_json(make_policy(model->url())));
      ASSERT_EQ(200, control.put(control_url + "/policies/fraud-api", policy)->status);
    }
    net::HttpClient client;
    client.set_token("key");
    const auto ask = [&](int i) {
      const std::string id = std::to_string(life) + "-" + std::to_string(i);
      const auto answer = client.post("http://127.0.0.1:" + std::to_string(process.port) + "/score",
                                      R"({"id":")" + id + R"(","features":{"amount":1}})");
      if (answer && answer->status == 200) answered.insert(id);
    };
    if (life == 5) {
      ask(0);
      ASSERT_EQ(200, control.post(control_url + "/flush", "")->status);
      kill_hard(process);
      break;
    }
    const int requests = 40 + 30 * life;  // killed right after the last answer, while batches are on their way
    for (int i = 0; i < requests; ++i) ask(i);
    kill_hard(process);
  }
  std::uint64_t lost_at_most = 0;
  const auto ids = delivered.ids(lost_at_most);
  std::uint64_t missing = 0;
  for (const std::string& id : answered) {
    EXPECT_LE(ids.count(id), 1u) << id;
    missing += ids.count(id) == 0;
  }
  EXPECT_LE(missing, lost_at_most);
  std::filesystem::remove_all(dir);
}

}  // namespace
}  // namespace firebreak::gateway
