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

struct Ports {
  std::uint16_t data = 0, control = 0;
};

// A process that is forked before this one has threads, and forks a gateway when asked: forking a process with
// threads and starting threads in the child is what sanitizers (rightly) refuse.
class Nursery {
 public:
  explicit Nursery(GatewayOptions options) : options_(std::move(options)) {
    EXPECT_EQ(0, ::pipe(to_));
    EXPECT_EQ(0, ::pipe(from_));
    pid_ = ::fork();
    if (pid_ == 0) run();
  }
  ~Nursery() {
    kill_gateway();
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  Ports start_gateway(std::uint16_t server_port) {
    tell(server_port);
    EXPECT_TRUE(hear(&gateway_, sizeof(gateway_)));
    Ports ports;
    EXPECT_TRUE(hear(&ports, sizeof(ports)));
    EXPECT_NE(0, ports.data);
    return ports;
  }
  void kill_gateway() {
    if (gateway_ == 0) return;
    ::kill(std::exchange(gateway_, 0), SIGKILL);
    tell(0);
    char gone = 0;
    EXPECT_TRUE(hear(&gone, 1));
  }

 private:
  void tell(std::uint16_t number) { EXPECT_EQ(2, ::write(to_[1], &number, 2)); }
  bool hear(void* into, std::size_t size) { return ::read(from_[0], into, size) == static_cast<ssize_t>(size); }
  void answer(const void* what, std::size_t size) {
    if (::write(from_[1], what, size) != static_cast<ssize_t>(size)) std::_Exit(1);
  }
  [[noreturn]] void run() {
    std::uint16_t number = 0;
    while (::read(to_[0], &number, 2) == 2) {
      if (number == 0) {  // the gateway was killed: wait until it has gone
        ::waitpid(-1, nullptr, 0);
        answer("x", 1);
        continue;
      }
      const pid_t pid = ::fork();
      if (pid == 0) serve(number);
    }
    std::_Exit(0);
  }
  [[noreturn]] void serve(std::uint16_t server_port) {
    options_.server_url = "http://127.0.0.1:" + std::to_string(server_port);
    const auto gateway = Gateway::start(options_);
    Ports ports;
    if (gateway) ports = {(*gateway)->port(), (*gateway)->control_port()};
    const pid_t self = ::getpid();
    answer(&self, sizeof(self));
    answer(&ports, sizeof(ports));
    while (true) ::pause();
  }

  GatewayOptions options_;
  int to_[2] = {0, 0}, from_[2] = {0, 0};
  pid_t pid_ = 0, gateway_ = 0;
};

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
  GatewayOptions options;
  options.data_dir = dir + "/data";
  options.pepper_file = dir + "/pepper";
  options.control_token_file = options.server_token_file = dir + "/token";
  options.batch_wait_us = 2'000;
  Nursery nursery(options);

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
  std::set<std::string> answered;
  net::HttpClient control;
  control.set_token("a token of some length");
  for (int life = 0; life < 6; ++life) {
    const Ports ports = nursery.start_gateway(recorder->port());
    const std::string control_url = "http://127.0.0.1:" + std::to_string(ports.control) + "/control";
    if (life == 0) {
      const std::string policy = canonical_json(to_json(make_policy(model->url())));
      ASSERT_EQ(200, control.put(control_url + "/policies/fraud-api", policy)->status);
    }
    net::HttpClient client;
    client.set_token("key");
    const auto ask = [&](int i) {
      const std::string id = std::to_string(life) + "-" + std::to_string(i);
      const auto answer = client.post("http://127.0.0.1:" + std::to_string(ports.data) + "/score",
                                      R"({"id":")" + id + R"(","features":{"amount":1}})");
      if (answer && answer->status == 200) answered.insert(id);
    };
    if (life == 5) {
      ask(0);
      ASSERT_EQ(200, control.post(control_url + "/flush", "")->status);
      nursery.kill_gateway();
      break;
    }
    const int requests = 40 + 30 * life;  // killed right after the last answer, while batches are on their way
    for (int i = 0; i < requests; ++i) ask(i);
    nursery.kill_gateway();
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
